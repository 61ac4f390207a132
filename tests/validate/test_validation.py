"""A validation from its plan to its table: interrupted, gone on with, and from a kept file."""

import csv
import json
import xml.dom.minidom
from pathlib import Path

import pytest

from engine.costs import total_cost
from engine.training.trainer import Trainer
from maedet_tui.errors import SaveError
from maedet_tui.report import evidence
from maedet_tui.sweep.processes import Died
from maedet_tui.validate import begin, kept, results, worker
from maedet_tui.validate.asked import Asked, data_of, settings_of
from maedet_tui.validate.baseline import baseline
from maedet_tui.validate.driver import Driver
from maedet_tui.validate.filed import of_file
from maedet_tui.validate.store import MEASURES, Trained, ValidationStore
from maedet_tui.validate.subjects import (
    BASELINE,
    BEST,
    RANDOM,
    Bands,
    NothingToCompare,
    Wanted,
    chosen,
)
from tests.lanes import AtOnce

WANTED = Wanted(random=2, along=0, optimum=0)
STEPS = 4


@pytest.fixture(scope="module")
def subjects(preset):
    return chosen(preset, WANTED)


@pytest.fixture
def made(tmp_path, preset, shapes, subjects):
    """A validation of four structures of which nothing is trained; returns its folder."""

    def make(seeds=1, name="v"):
        files = (shapes / "train.json", shapes / "images", shapes / "val.json", shapes / "images")
        used = data_of(*files, (16.0, 32.0))
        settings = settings_of(preset, steps=STEPS, batch=2, channels=16, depth=0, lr=0.001, seed=5)
        asked = Asked(settings.as_dict(), seeds, used)
        folder = begin.new_folder(tmp_path / "runs", "tiny", name)
        begin.begin(folder, preset, asked, subjects, subjects.notes)
        return folder

    return make


def driven(folder, work, stopped=lambda: False, keep=None):
    told = []
    with begin.driving(folder) as store:
        driver = Driver(store, AtOnce(work), 1, keep=keep)
        driver.run(told.append, stopped)
    return driver, told


def made_up(job):
    """A training that ends at once, with an AP by its number."""
    ap = job.number / 100
    return Trained("finished", STEPS, 1.0, (ap, ap, ap, None, ap, ap), (2.0, 1.0), "here")


def only_first(job):
    """Train the first, and make up the others."""
    return worker.train(job, lambda: False) if job.number == 1 else made_up(job)


def test_structures_are_within_the_budget_and_the_same_each_time(preset, subjects):
    assert [one.kind for one in subjects] == [BEST, BASELINE, RANDOM, RANDOM]
    size, budget = preset.budget.image_size, preset.budget
    for one in subjects:
        cost = total_cost(one.structure, size)
        assert cost.flops <= budget.flops and cost.layers <= budget.layers
        assert one.predicted[1:4] == cost
    usual = total_cost(baseline(preset)[1], size)
    for one in subjects[2:]:
        assert 0.85 * budget.flops <= one.predicted.flops
        assert usual.params / 2 <= one.predicted.params <= 2 * usual.params
    again = chosen(preset, WANTED)
    assert again == subjects and again.notes == subjects.notes
    assert len({one.structure for one in subjects}) == len(subjects)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(0, 0, optimum=0), "a correlation needs at least 3 structures, but there are 2"),
        (Wanted(2, 0, bands=Bands(params=(1, 2)), optimum=0), "widen --flops-band or --params-"),
    ],
)
def test_what_could_say_nothing_is_refused_in_a_sentence(preset, wanted, said, monkeypatch):
    monkeypatch.setattr("maedet_tui.validate.subjects.MOST_DRAWS", 20)
    with pytest.raises(NothingToCompare) as error:
        chosen(preset, wanted)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_structures_of_one_z_are_refused(preset, monkeypatch):
    values = chosen(preset, WANTED)[0].predicted
    monkeypatch.setattr("maedet_tui.validate.subjects.predicted", lambda *_: values)
    with pytest.raises(NothingToCompare, match=r"all 4 structures have the same Z, [\d,.]+, so"):
        chosen(preset, WANTED)


def test_a_class_without_an_object_is_refused(shapes, tmp_path):
    document = json.loads((shapes / "val.json").read_text())
    name = document["categories"][0]
    document["annotations"] = [
        one for one in document["annotations"] if one["category_id"] != name["id"]
    ]
    (tmp_path / "val.json").write_text(json.dumps(document))
    images = shapes / "images"
    with pytest.raises(NothingToCompare, match=f"category {name['name']} .* has no image with"):
        data_of(shapes / "train.json", images, tmp_path / "val.json", images, (32.0, 96.0))


def test_trainings_end_as_if_nothing_had_interrupted_them(made, monkeypatch):
    """One is cut in the middle and goes on from its checkpoint; the other is not cut."""
    cut, whole = made(name="cut"), made(name="whole")
    driven(whole, only_first)
    steps = []
    advance = Trainer._advance
    monkeypatch.setattr(
        Trainer, "_advance", lambda self, batch: steps.append(self.step) or advance(self, batch)
    )
    asked = iter([False, True])
    _, told = driven(
        cut,
        lambda job: worker.train(job, lambda: next(asked, True)),
        stopped=lambda: bool(steps),
    )
    assert steps == [0, 1]
    first = results.of(cut).trainings[0].trained
    assert (first.state, first.step, first.ap) == ("stopped", 2, None)
    assert worker.step_of(cut / "training-001") == 2
    assert told[-1].done == 2 and told[-1].finished == 0

    driven(cut, only_first)
    assert steps == [0, 1, 2, 3]
    ends = [results.of(folder).trainings[0].trained for folder in (cut, whole)]
    assert [one.state for one in ends] == ["finished"] * 2
    assert ends[0].losses == pytest.approx(ends[1].losses, rel=1e-6)
    assert ends[0].precision == ends[1].precision and len(ends[0].losses) == STEPS
    assert not (cut / "training-001").exists()


def test_a_folder_that_is_moved_takes_its_images_along(tmp_path, preset, subjects, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    folder = begin.new_folder(Path("runs"), "tiny", "v")
    used = begin.synthetic(folder, (64, 64), lambda *_: None, 10, 10)
    settings = settings_of(preset, steps=STEPS, batch=2, channels=16, depth=0, lr=0.001, seed=5)
    begin.begin(folder, preset, Asked(settings.as_dict(), 1, used), subjects, ())
    (tmp_path / "elsewhere").mkdir()
    moved = folder.rename(tmp_path / "elsewhere" / "renamed")
    driven(moved, only_first)
    assert [one.trained.error for one in results.of(moved).trainings] == [None] * 4
    assert results.of(moved).asked.key(subjects[0].structure, 5) == Asked(
        settings.as_dict(), 1, used
    ).key(subjects[0].structure, 5)


def test_what_has_finished_is_not_repeated_and_a_kept_file_spares_it_elsewhere(made, tmp_path):
    keep, numbers = tmp_path / "kept.jsonl", []

    def work(job):
        numbers.append(job.number)
        return made_up(job)

    first = made(name="first")
    driven(first, work, stopped=lambda: len(numbers) == 3, keep=keep)
    assert numbers == [1, 2, 3] and len(keep.read_text().splitlines()) == 3
    driven(first, work, keep=keep)
    assert numbers == [1, 2, 3, 4]

    second = made(seeds=2, name="second")
    driven(second, work, keep=keep)
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]
    found = results.of(second)
    assert found.finished == 8 and len(kept.known(keep)) == 8
    (row,) = [one for one in found.rows if one.subject.number == 1]
    assert row.aps == (0.01, 0.05) and row.mean_of("AP_small") is None
    (alone,) = of_file(keep)
    assert alone.preset == "tiny" and alone.agreements == found.agreements
    assert {row.subject.structure: (row.subject.name, row.subject.predicted, row.aps)
            for row in alone.rows} == {
        row.subject.structure: (row.subject.name, row.subject.predicted, row.aps)
        for row in found.rows
    }  # fmt: skip
    with keep.open("a") as file:
        file.write('{"key": "cut sh')
    with pytest.raises(Exception, match="line 9 is no training"):
        kept.known(keep)


def test_trainings_of_a_file_that_do_not_compare_are_told_apart(made, tmp_path):
    keep = tmp_path / "kept.jsonl"
    driven(made(), made_up, keep=keep)
    lines = keep.read_text().splitlines()
    longer = json.loads(lines[0])
    longer["settings"]["steps"] *= 2
    del longer["preset"]  # as files had it that were written before
    keep.write_text("\n".join([*lines, json.dumps(longer)]))
    first, second = of_file(keep)
    assert (first.preset, first.asked.steps, first.finished) == ("tiny", STEPS, 4)
    assert (second.preset, second.asked.steps, second.finished) == ("kept", 2 * STEPS, 1)
    keep.write_text("")
    with pytest.raises(SaveError, match="has no training yet"):
        of_file(keep)


def test_one_that_fails_or_dies_leaves_the_others(made):
    def work(job):
        if job.number == 1:
            return Trained("failed", error="the loss is no finite number")
        if job.number == 2:
            raise Died("the process was killed")
        if job.number == 3:
            raise KeyError("a mistake of ours")
        return made_up(job)

    folder = made()
    driven(folder, work)
    states = [one.trained for one in results.of(folder).trainings]
    assert [one.state for one in states] == ["failed", "failed", "failed", "finished"]
    assert "3 times at step 0" in states[1].error and "broke off" in states[2].error
    with ValidationStore(folder) as store:
        assert len(store.subjects()) == 4


def test_what_a_validation_has_shown(made):
    folder = made(seeds=2)
    driven(folder, made_up)
    found = results.of(folder)
    assert found.finished == 8 and [one.structures for one in found.agreements.values()] == [4] * 7
    assert found.among_random["z"] == "a correlation needs at least 3 structures; there are 2"
    assert found.noise.seeds == pytest.approx(0.04 / 2**0.5)
    said = found.verdicts()
    assert said[0].startswith("Z does not tell AP here: rho ")
    values = json.loads(json.dumps(found.values()))
    assert values["finished"] == 8 and len(values["structures"]) == 4
    rows = list(csv.DictReader(results.csv_text(found).splitlines()))
    assert len(rows) == 8 and {row["seed"] for row in rows} == {"5", "6"}
    assert all(float(row["AP"]) > 0 and row["AP_small"] == "" for row in rows)
    assert set(MEASURES) < set(rows[0])
    figure = evidence.figure(found)
    assert figure.count("<circle") == 7 * 4 + 3  # a dot a structure, and the legend
    xml.dom.minidom.parseString(figure)
