"""`maedet-tui optimum`: what it prints, and what it refuses."""

import contextlib

import pytest

from engine.formats import structure_yaml
from engine.formats.structure_yaml import read_rows
from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.presets import load
from tests.cli.conftest import last_json

SMALL = """\
budget: {flops: 20G, layers: 31}
space: {kernels: [3], max_width: 512, stage_depths: {C2: 2, C3: 3, C4: 4, C5: 3}}
initial:
  - {block: Conv, kernel: 3, in: 3, out: 32, stride: 2}
  - {block: ResBlock, kernel: 3, in: 32, out: 64, stride: 2, bottleneck: 16, depth: 1}
  - {block: ResBlock, kernel: 3, in: 64, out: 128, stride: 2, bottleneck: 16, depth: 1}
  - {block: ResBlock, kernel: 3, in: 128, out: 256, stride: 2, bottleneck: 32, depth: 1}
  - {block: ResBlock, kernel: 3, in: 256, out: 512, stride: 2, bottleneck: 64, depth: 1}
"""


@pytest.fixture
def small(folder):
    """A preset whose optimum is proven in a moment."""
    (folder / "small.yaml").write_text(SMALL)
    return "small.yaml"


def test_the_optimum_is_proven_and_keeps_to_its_budgets(run, small):
    found = last_json(run("optimum", small, "--json").stdout)
    assert found["proven"] and not found["trivial"] and found["gap"] == 0
    assert found["bound"] == found["best"] and found["nodes"] > 0 and found["notes"] == []
    assert found["flops"] <= 20e9 and found["layers"] <= 31 and found["params"] > 0
    assert [row["depth"] for row in found["structure"][1:]] == [2, 3, 4, 1]
    said = run("optimum", small).stdout
    assert f"Proven optimum: Z {found['best']:,.2f}" in said and "ResBlock" in said


def test_why_says_what_more_of_each_budget_would_buy(run, small):
    found = last_json(run("optimum", small, "--json", "--why").stdout)
    flops, layers = found["worth"]
    assert flops["name"] == "flops" and flops["limit"] == 20e9 and flops["gain"] > 0
    assert layers["name"] == "layers" and layers["more"] == 3 and layers["gain"] > 0
    said = run("optimum", small, "--why").stdout
    assert "FLOPs bind: 1 % more gives 0.1 % Z." in said
    assert "layers bind: 3 more give 6.4 % Z." in said


def test_a_time_limit_too_short_gives_the_trivial_bound_and_says_so(run, small):
    found = last_json(run("optimum", small, "--json", "--time", "1e-9").stdout)
    proven = last_json(run("optimum", small, "--json").stdout)
    assert found["trivial"] and not found["proven"] and found["bound"] > proven["bound"]
    assert found["best"] is found["gap"] is found["structure"] is None
    assert "trivial bound" in run("optimum", small, "--time", "1e-9").stdout


def test_a_gap_that_is_enough_ends_it(run, small):
    found = last_json(run("optimum", small, "--json", "--gap", "50").stdout)
    assert 0 <= found["gap"] <= 50
    said = run("optimum", small, "--gap", "50").stdout
    assert "below the best possible" in said or "Proven" in said


def test_interrupted_it_gives_the_bound_that_it_has(run, small, monkeypatch):
    @contextlib.contextmanager
    def interrupted(**_):
        yield [2]

    monkeypatch.setattr(signals, "collected", interrupted)
    done = run("optimum", small, "--json")
    assert done.exit_code == 130 and last_json(done.stdout)["trivial"]


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ("scorer: zen-score-closed-form\nbudget: {flops: 91G}", "of which no optimum is known"),
        ("budget: {flops: 91G, layers: 91}\nspace: {bottleneck_ratio: [3, 4]}", "bottleneck"),
        ("budget: {flops: 1M}", "the smallest has"),
        ("budget: {layers: 5}", "the smallest has 13"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_proven_of_is_said_at_once(run, folder, preset, said):
    (folder / "bad.yaml").write_text(preset)
    done = run("optimum", "bad.yaml")
    assert done.exit_code == 1 and said in done.stderr


def test_a_latency_budget_is_left_out_and_named(run, folder):
    (folder / "slow.yaml").write_text(SMALL.replace("layers: 31", "layers: 31, latency: 5ms"))
    found = last_json(run("optimum", "slow.yaml", "--json").stdout)
    assert found["proven"] and "latency" in found["notes"][0]


def test_its_numbers_are_those_of_score(run, small, folder):
    found = last_json(run("optimum", small, "--json").stdout)
    structure, problems = read_rows(found["structure"])
    assert not problems
    (folder / "best.yaml").write_text(structure_yaml.dumps(structure))
    scored = last_json(run("score", "best.yaml", "--preset", small, "--json").stdout)
    assert scored["score"] == found["best"] and scored["flops"] == found["flops"]
    assert scored["optimum"] == {"bound": found["bound"], "gap": 0, "proven": True, "over": None}


def test_score_says_how_far_a_structure_is_from_the_best_of_a_named_preset(run, small, folder):
    bound = last_json(run("optimum", small, "--json").stdout)["bound"]
    (folder / "first.yaml").write_text(structure_yaml.dumps(load(small).initial))
    scored = last_json(run("score", "first.yaml", "--preset", small, "--json").stdout)
    assert scored["optimum"]["bound"] == bound and scored["optimum"]["over"] is None
    assert scored["optimum"]["gap"] == pytest.approx(100 * (bound - scored["score"]) / bound)
    said = run("score", "first.yaml", "--preset", small).stdout
    assert f"The best that small allows is Z {bound:,.2f}; this structure is" in said
    said = run("score", "maedet-m", "--preset", small).stdout
    assert "this structure is over its budget of layers" in said
    # not where no preset was asked for
    assert "optimum" not in last_json(run("score", "maedet-m", "--json").stdout)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (0.1234, "12 %"), (0.0135, "1.4 %"), (0.00013, "0.013 %"), (2.1e-6, "0.00021 %"),
     (1e-9, "0 %")],
)  # fmt: skip
def test_gaps_in_words(share, said):
    assert formatting.gap(share) == said
