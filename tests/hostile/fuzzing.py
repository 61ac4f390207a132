"""What the fuzzers share: texts with nonsense put into them, and how many are tried."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from maedet_tui.formatting import printable

#: cases by day and at night, and the seconds after which no further ones are tried
BY_DAY, AT_NIGHT, LONGEST = 40, 20_000, 900

#: what YAML, Python's literals and JSON have that no file of ours should
PIECES = [
    "!!int ''", '!!bool ""', '!!float ""', "!!null x", "!!str", "!!binary x", "!!set {a}", "!<",
    "!!python/name:os.system", "!!timestamp x", '"\\U00110000"', '"\\UFFFFFFFF"', '"\\ud800"',
    '"\\x1b[2J"', "9" * 5000, "0x" + "f" * 5000, "0b" + "1" * 400, "1" + "_" * 50, "190:20:30.15",
    "1e99T", "1e999", "-1.0e+999", ".inf", "-.inf", ".nan", "-1", "0", "007", "0o7", "2001-01-01",
    "&a ", "*a", "<<: ", "? ", "- ", ": ", "[", "]", "{", "}", "[" * 40, "{a: " * 40, "(", ")",
    ",", "|", ">", "|9", "#", "%YAML 1." + "1" * 5000, "%TAG ! x", "---", "...", "=", "~", "null",
    "\t", "\n", "\n\n  ", "\x00", "\x07", "\x85", "\u2028", "\ufeff", "'", '"', "\\", "`", "@",
    "True", "None", "NaN", "Infinity", "-Infinity", "1 + 1", "lambda: 1", "'a' 'b'", "k" * 300,
    "x" * 25_000, "1x1", "999999x999999", "0ms", "999999999s", "½", "\U0001f600",
]  # fmt: skip


@st.composite
def spoilt(draw, texts):
    """One of the texts, with a few of its pieces left out, doubled, swapped or overwritten."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200])))
        piece = draw(st.sampled_from(PIECES) | st.just(text[start:end] * 2) | st.text(max_size=8))
        text = text[:start] + piece + text[end:]
    return text


numbers = st.sampled_from(
    [0, -1, 1, 2, 3, 7, 64, 10**6, 2**31, 2**53, 2**63, 10**40, 10**400, 0.5, -0.0, 1e308, 1e-320,
     float("inf"), float("-inf"), float("nan"), True, False, None]
)  # fmt: skip
#: plain data of any kind, a little deep
anything = st.recursive(
    numbers | st.text(max_size=6) | st.sampled_from([piece[:300] for piece in PIECES]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


class _Enough(BaseException):
    """The time is over; no Exception, for Hypothesis would take that for a finding."""


def fuzzed(strategy):
    """Two tests of one: some cases by day, many at night; nothing is shrunk for hours."""

    def decorated(function):
        def test(many, tmp_path_factory):
            end = time.monotonic() + LONGEST
            folder = tmp_path_factory.mktemp("fuzz")

            @settings(
                max_examples=AT_NIGHT if many else BY_DAY,
                database=None,
                phases=[Phase.generate] if many else [Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            @given(strategy)
            def cases(case):
                if time.monotonic() > end:
                    raise _Enough
                tried.append(1)
                function(case, folder)

            tried = []
            with contextlib.suppress(_Enough):
                cases()
            print(f"{function.__name__}: {len(tried):,} cases")

        test.__name__, test.__doc__ = function.__name__, function.__doc__
        night = pytest.param(True, marks=pytest.mark.nightly, id="many")
        return pytest.mark.parametrize("many", [pytest.param(False, id="some"), night])(test)

    return decorated


def said_well(message):
    """Whether a message is short, and holds nothing that a terminal would obey."""
    lines = message.split("\n")
    assert message and len(lines) <= 22, message
    assert max(map(len, lines)) <= 300, message
    assert all(printable(line) == line for line in lines), ascii(message)
