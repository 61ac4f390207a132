"""Which structures no other one beats, and what stands beside them."""

import json
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from click.testing import CliRunner

from engine.costs import Cost, total_cost
from engine.scorers.closed_form import ClosedForm
from engine.settings import Budget, Objective, Space
from engine.zoo import ZOO
from maedet_tui.cli import cli
from maedet_tui.presets import load
from maedet_tui.sweep.begin import driving
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.front import (
    OPTIMUM,
    PUBLISHED,
    SEARCHED,
    Found,
    Point,
    dominates,
    front,
    marked,
)
from maedet_tui.sweep.front_files import csv_of, write
from maedet_tui.sweep.optima import optima
from maedet_tui.sweep.searched import Ended
from maedet_tui.sweep.varied import SweepError
from tests.lanes import AtOnce

ANY = ZOO["maedet-m"].structure
NAMES = ("maedet-s", "maedet-m", "maedet-l", "resnet-50")


def point(x, y, name="p"):
    return Point(name, SEARCHED, x, y, Cost(1, 1, 1), ANY)


def test_marked_are_exactly_those_that_another_one_beats():
    rng = Random(0)
    for _ in range(50):
        points = [point(rng.randrange(6), rng.randrange(6)) for _ in range(rng.randrange(1, 12))]
        for one in marked(points):
            beaten = any(
                other.x <= one.x and other.y >= one.y and (other.x, other.y) != (one.x, one.y)
                for other in points
            )
            assert one.dominated == beaten
            assert one.dominated == any(dominates(other, one) for other in points)


def found(*names, preset=None):
    preset = preset or load("maedet-m")
    structures = [ZOO[name].structure for name in names]
    scores = ClosedForm(preset.objective).score(structures)
    return [
        Found(name, preset, structure, score.z, score.method)
        for name, structure, score in zip(names, structures, scores)
    ]


def test_the_published_stand_beside_what_was_searched_scored_alike():
    shown = front(found(*NAMES), "flops")
    assert [one.x for one in shown.points] == sorted(one.x for one in shown.points)
    assert [one.name for one in shown.best] == ["maedet-s", "maedet-m", "maedet-l"]
    beside = {one.name: one for one in shown.points if one.source == PUBLISHED}
    assert {"MAE-DET-M", "ResNet-50", "ResNet-101"} <= set(beside)
    assert beside["MAE-DET-M"].y == next(one.y for one in shown.searched if one.name == "maedet-m")
    assert beside["ResNet-50"].dominated and not beside["MAE-DET-L"].dominated
    assert beside["MAE-DET-M"].cost == total_cost(ANY)
    layers = front(found(*NAMES), "layers")
    assert [one.x for one in layers.best] == [49, 79, 91, 109]


def test_all_can_be_scored_anew():
    anew = front(found("maedet-s", "maedet-m"), "flops", "synflow-closed-form")
    assert anew.y == "synflow-closed-form"
    assert anew.best[0].y != found("maedet-s")[0].z


def test_what_does_not_compare_is_refused_with_what_does():
    preset = load("maedet-m")
    other = replace(preset, objective=Objective(alphas=(0, 0, 0, 0, 1)))
    unlike = [*found("maedet-s"), *found("maedet-m", preset=other)]
    with pytest.raises(SweepError, match="differ in objective"):
        front(unlike, "flops")
    assert len(front(unlike, "flops", "closed-form").searched) == 2
    small = replace(preset, budget=replace(preset.budget, image_size=(64, 64)))
    with pytest.raises(SweepError, match="image size"):
        front([*found("maedet-s"), *found("maedet-m", preset=small)], "flops")
    with pytest.raises(SweepError, match="latency budget"):
        front(found("maedet-s"), "latency")


def test_the_proven_optimum_is_a_curve_above_all():
    """One for each problem, whatever the seed and the strategy."""
    space = Space(kernels=(3,), stage_depths=(1, 2, 3, 4, 3))
    presets = [
        replace(load("maedet-m"), space=space, initial=ZOO["initial"].structure,
                budget=Budget(flops=flops, layers=31),
                schedule=replace(load("maedet-m").schedule, seed=seed))
        for flops, seed in product((15 * 10**9, 20 * 10**9), (0, 1))
    ]  # fmt: skip
    searched = [one for preset in presets for one in found("initial", preset=preset)]
    curve = optima(searched)
    assert [name for name, _, _ in curve] == ["optimum 15G", "optimum 20G"]
    shown = front(searched, "flops", "z", curve)
    proven = [one for one in shown.points if one.source == OPTIMUM]
    assert [one.x for one in proven] == sorted(one.x for one in proven)
    assert all(one.y > searched[0].z for one in proven)


@pytest.fixture
def family(made):
    """A sweep in which the zoo's structures were found."""
    folder = made(seeds=3)

    def found_one(task):
        (one,) = found(NAMES[task.number - 1])
        cost = total_cost(one.structure)
        return Ended("finished", place="here", iteration=300, seconds=1.0, z=one.z,
                     method=one.method,
                     structure=one.structure, **cost._asdict())  # fmt: skip

    with driving(folder) as store:
        Driver(store, AtOnce(found_one, capacity=2)).run(lambda: None, lambda: False)
    return folder


def test_the_command_prints_and_writes_the_front_of_a_sweep(family, folder):
    pytest.importorskip("matplotlib")
    words = ["front", "family", "--output", "f.svg", "--output", "f.png", "--output", "f.csv"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert "* 002-seed-1" in result.output and "o ResNet-50" in result.output
    assert (folder / "f.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "f.svg").read_text()
    result = CliRunner().invoke(cli, ["front", "family", "--csv", "--x", "params"])
    assert result.stdout.startswith("name,source,params,z,dominated,flops,layers\n")
    result = CliRunner().invoke(cli, ["front", "family", "--json"])
    points = json.loads(result.stdout)["points"]
    assert sum(one["source"] == SEARCHED for one in points) == 3
    assert (folder / "f.csv").read_text().count("\n") == len(points) + 1


def test_what_the_command_refuses(family, folder, made):
    run = CliRunner().invoke
    assert run(cli, ["front", "family", "--output", "f.pdf"]).exit_code == 2
    assert run(cli, ["front", "family", "--csv", "--json"]).exit_code == 2
    missing = run(cli, ["front", "other"])
    assert missing.exit_code == 1 and "no such run" in missing.stderr
    made(seeds=1, name="unbegun")
    empty = run(cli, ["front", "unbegun"])
    assert empty.exit_code == 1 and "nothing has been found yet" in empty.stderr


def test_a_drawing_needs_its_packages_and_says_which(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = front(found("maedet-s"), "flops")
    with pytest.raises(SweepError, match="figures"):
        write(shown, tmp_path / "f.svg")
    write(shown, tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_text() == csv_of(shown)


def test_what_a_search_has_proven_itself_stands_as_such():
    one, other = found("maedet-s", "maedet-m")
    shown = front([one._replace(proven=True), other], "flops")
    proven = [point for point in shown.points if point.source == OPTIMUM]
    assert [(point.name, point.y) for point in proven] == [("optimum maedet-s", one.z)]
    known = [("optimum 49G", one.structure, one.z)]
    again = front([one._replace(proven=True), other], "flops", "z", known)
    assert [point.name for point in again.points if point.source == OPTIMUM] == ["optimum 49G"]
