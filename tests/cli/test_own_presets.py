"""The user's own presets on the command line."""

from tests.cli.conftest import QUICK, last_json


def test_search_show_validate_and_list_by_name(run, own_presets):
    (own_presets / "mine.yaml").write_text(QUICK.replace("91G,", "91G, latency: 1s,"))
    (own_presets / "typo.yaml").write_text("budget:\n  flopps: 91G\n")
    assert run("presets", "show", "mine").stdout.startswith("description: quick")
    assert "mine is valid" in run("presets", "validate", "mine").stdout
    wrong = run("presets", "validate", "typo")
    assert wrong.exit_code == 1 and "typo.yaml:2: budget.flopps" in wrong.output
    listed = run("presets").stdout
    assert "1000ms" in listed and "has a problem" in listed and str(own_presets) in listed
    (own_presets / "fast.yaml").write_text(QUICK)
    assert last_json(run("search", "fast", "--json").stdout)["preset"] == "fast"


def test_a_name_that_nobody_has_lists_ones_own_too(run, own_presets):
    (own_presets / "mine.yaml").write_text(QUICK)
    wrong = run("search", "mone", "--json")
    assert wrong.exit_code == 2 and "did you mean mine?" in wrong.output
