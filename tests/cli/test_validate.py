"""`maedet-tui validate`, on structures and images small enough for a test."""

import csv
import json
import signal

import pytest

from maedet_tui.validate import results
from maedet_tui.validate.store import FILE, ValidationStore
from tests.cli.conftest import last_json, program
from tests.validate.conftest import PRESET
from tests.waiting import PATIENCE, until

FEW = ("--structures", "2", "--along", "0", "--optimum", "0", "--seeds", "1")
DATA = ("--data", "set/train.json", "--images", "set/images", "--val-data", "set/val.json")
SMALL = ("--batch", "2", "--fpn-channels", "16", "--head-depth", "0", "--lr", "0.001")


@pytest.fixture
def tiny(folder):
    (folder / "tiny.yaml").write_text(PRESET)
    return folder


def test_wrong_usage_is_told_in_a_sentence(tiny, run):
    for words, said in (
        (("--data", "a.json"), "--data needs --images and --val-data beside it"),
        (("--flops-band", "1"), "write LEAST-MOST, shares of the budget, such as 0.85-1"),
        (("--params-band", "3M-1M"), "write LEAST-MOST, params, such as 1M-3M"),
        (("--alphas", "1,1"), "is not five numbers from 0"),
    ):
        result = run("validate", "tiny.yaml", *words)
        assert result.exit_code == 2 and said in " ".join(result.output.split())
    result = run("validate", "show", "mine")
    assert result.exit_code == 1
    assert "mine: no such validation; there are no validations in runs" in result.output
    assert not (tiny / "runs").exists()


def test_the_plan_lists_structures_and_trains_nothing(tiny, run):
    result = run("validate", "tiny.yaml", *FEW, "--alphas", "0,1,0,0,0", "--plan", "--json")
    kinds = [one["kind"] for one in last_json(result.output)["structures"]]
    assert kinds == ["best", "baseline", "weights", "random", "random"]
    assert not (tiny / "runs").exists()


@pytest.mark.nightly
def test_a_validation_from_its_plan_to_its_report(tiny, run, monkeypatch):
    """Four structures of 30 steps, interrupted, gone on with, reported, and not repeated."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run("shapes", "set", "--images", "10", "--validation", "10", "--size", "64x64", "--scenes")
    how = ("--jobs", "2", "--keep", "kept.jsonl")
    words = ("validate", "tiny.yaml", *FEW, *DATA, *SMALL, *how, "--steps", "30", "--name", "v")
    first, at = program(*words), tiny / "runs" / "v"

    def some_steps():
        with open(at / "training-001" / "step") as file:
            return int(file.read() or 0) > 0

    until(lambda: (at / "training-001" / "step").exists() and some_steps())
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=PATIENCE)
    assert first.returncode == 128 + signal.SIGINT and "Traceback" not in out + err
    assert "validate resume" in err and results.of(at).finished < 4

    again = program("validate", "resume", "v", *how, "--json")
    out, err = again.communicate(timeout=2 * PATIENCE)
    assert again.returncode == 0 and "Traceback" not in err
    values = json.loads(out)
    assert values["finished"] == values["trainings"] == 4 and len(values["structures"]) == 4
    assert not list(at.glob("training-*"))
    assert len((tiny / "kept.jsonl").read_text().splitlines()) == 4
    assert (at / "figure.svg").is_file() and (at / "results.csv").is_file()
    with ValidationStore(at) as store:
        assert all(one.trained.step == 30 for one in store.trainings())

    shown = run("validate", "show", "v")
    assert shown.exit_code == 0 and "4 of 4 trainings have finished" in shown.output
    of_file = run("validate", "show", "kept.jsonl", "--output", "shown")
    assert of_file.exit_code == 0 and "Z" in of_file.output
    tables = [
        list(csv.DictReader((place / "results.csv").open())) for place in (tiny / "shown", at)
    ]
    assert [[row["name"], row["AP"], row["z"]] for row in tables[0]] == [
        [row["name"], row["AP"], row["z"]] for row in tables[1]
    ]
    other = run(*words[:-1], "w")
    assert other.exit_code == 0 and "4 of 4 trainings have finished" in other.output

    run("search", "quick.yaml", "--headless", "--name", "one")
    report = run("report", "one", "--validation", "v")
    assert report.exit_code == 0
    page = (tiny / "runs" / "one" / "report.html").read_text()
    assert "AP against Zen-Score" in page and "of-baseline" in page
    run("report", "one", "--validation", "v", "--format", "markdown")
    text = (tiny / "runs" / "one" / "report.md").read_text()
    assert "What Z is worth" in text and "| Zen-Score |" in text


def test_a_damaged_validation_is_told_in_a_sentence(tiny, run):
    (tiny / "runs" / "v").mkdir(parents=True)
    (tiny / "runs" / "v" / FILE).write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    result = run("validate", "show", "v")
    assert result.exit_code == 1 and "not the database of a validation" in result.output
