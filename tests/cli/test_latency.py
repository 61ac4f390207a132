"""`maedet-tui latency`, and searches under a latency budget, with times by a formula."""

import pytest

from engine.latency.device import Device
from engine.zoo import ZOO
from tests.cli.conftest import last_json
from tests.engine.formats.test_published import damo

LIMITED = """\
budget: {latency: 500ms, image_size: 96x64}
search: {population: 16, iterations: 200, keep: 4}
scorer: closed-form
device: cpu
audit: false
"""


@pytest.fixture
def formula(folder, monkeypatch):
    """A device of a billion multiply-accumulates a second; the cache in the test's folder."""
    monkeypatch.setattr(Device, "seconds", lambda self, operation: 1e-9 * operation.macs)

    def in_place(self, units, runs=8):
        found = {}
        for step in (step for unit in units for step in unit):
            op = step.operation.family.op
            found[op] = found.get(op, 0.0) + 1e-9 * step.operation.macs
        return found

    monkeypatch.setattr(Device, "in_place", in_place)
    monkeypatch.setattr("maedet_tui.cli.latency.latency_folder", lambda: folder / "cache")
    monkeypatch.setattr("maedet_tui.runs.local.latency_folder", lambda: folder / "cache")
    (folder / "limited.yaml").write_text(LIMITED)
    return folder


def test_build_and_show(run, formula):
    first = run("latency", "build", "limited.yaml")
    assert first.exit_code == 0 and str(formula / "cache") in first.stdout
    assert "0 families of operations to measure" in run("latency", "build", "limited.yaml").stderr
    values = last_json(
        run("latency", "show", "maedet-m", "--preset", "limited.yaml", "--json").stdout
    )
    assert values["predicted"] == pytest.approx(values["measured"], rel=0.2)
    assert values["image_size"] == [96, 64] and values["batch"] == 1
    words = run("latency", "show", "maedet-m", "--preset", "limited.yaml").stdout
    assert f"{ZOO['maedet-m'].title}: predicted" in words and "float32" in words


def test_a_text_of_damo_yolos_of_which_the_family_is_said(run, formula):
    (formula / "N.txt").write_text(damo("N"), "utf-8")
    args = ("latency", "show", "N.txt", "--preset", "limited.yaml", "--json")
    assert "say --family res" in run(*args).output
    values = last_json(run(*args, "--family", "mob").stdout)
    assert values["name"] == "N.txt#mob"
    assert values["predicted"] == pytest.approx(values["measured"], rel=0.2)


def test_build_where_nothing_can_be_kept(run, formula):
    (formula / "cache").write_text("a file in the way")
    result = run("latency", "build", "limited.yaml")
    assert result.exit_code == 1 and "cannot be kept there" in result.stderr
    # a search only loses the time to measure again
    found = run("search", "limited.yaml", "--headless")
    assert found.exit_code == 0 and "cannot be kept there" in found.output


def test_a_search_says_predicted_and_measured(run, formula):
    found = last_json(run("search", "limited.yaml", "--json", "--name", "one").stdout)
    latency = found["latency"]
    assert 0 < latency["predicted"] <= latency["limit"] == 0.5
    assert latency["measured"] == pytest.approx(latency["predicted"], rel=0.2)
    words = run("search", "limited.yaml", "--headless", "--name", "two").stdout
    assert "Latency: predicted" in words and "budget 500 ms (96x64, batch 1, float32" in words
    frozen = (formula / "runs/one/preset.yaml").read_text()
    assert "latency: 500ms" in frozen


@pytest.mark.parametrize("limit", ["1us", "100ms"])
def test_a_budget_that_cannot_be_met(run, formula, limit):
    (formula / "limited.yaml").write_text(LIMITED.replace("500ms", limit))
    result = run("search", "limited.yaml", "--headless")
    assert result.exit_code == 1 and "budget.latency" in result.stderr
    assert result.stderr.count("\n") <= 3


def test_a_latency_is_shown_even_if_the_table_cannot_be_kept(run, formula):
    (formula / "cache").write_text("a file in the way")
    shown = run("latency", "show", "maedet-m", "--preset", "limited.yaml")
    assert shown.exit_code == 0 and "predicted" in shown.stdout
    assert "cannot be kept there" in shown.stderr
