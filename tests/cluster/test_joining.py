"""What is wrong with a cluster, in a sentence."""

from maedet_tui.cluster.joining import said

#: as Ray 2.60 says it, in ray/_private/utils.py
MISMATCH = """Version mismatch: The cluster was started with:
    Ray: 2.55.0
    Python: 3.12.1
This process on 10.0.0.2 was started with:
    Ray: 2.60.0
    Python: 3.11.7
"""


def test_another_version_is_told_with_both():
    assert said(RuntimeError(MISMATCH)) == (
        "it runs Ray 2.55.0 and Python 3.12.1, and this machine Ray 2.60.0 and Python 3.11.7; "
        "install the same on all machines"
    )


def test_of_other_failures_the_first_line_is_told():
    assert said(ConnectionRefusedError("refused\nmore")) == "refused"
    assert said(ValueError()) == "ValueError"
