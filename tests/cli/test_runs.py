"""Runs from any terminal: in the background, watched, paused, stopped, resumed, listed."""

import json
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.scorers.closed_form import ClosedForm
from maedet_tui.cli import cli
from maedet_tui.presets import load
from maedet_tui.runs.watched import WatchedRun, watching
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.cli.conftest import QUICK, iteration, last_json, program
from tests.waiting import PATIENCE, until

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def test_resume_ends_like_a_search_that_was_never_interrupted(run, folder):
    search = ("search", "quick.yaml", "--iterations", "6000", "--json")
    whole = last_json(run(*search, "--name", "a").stdout)
    process = program(*search, "--name", "b", standing=500)
    until(lambda: iteration(folder / "runs/b") > 500)
    process.kill()
    process.communicate()
    listed = {r["name"]: r for r in last_json(run("runs", "--json").stdout)["runs"]}
    assert listed["b"]["state"] == "interrupted" and listed["a"]["state"] == "finished"
    result = run("resume", "b", "--json")
    assert "left this run without ending it" in result.stderr
    part = last_json(result.stdout)
    for key in ("score", "structure", "params", "best_at_iteration", "iterations"):
        assert part[key] == whole[key]


def test_a_finished_run_asks_for_more_iterations(run):
    run("search", "quick.yaml", "--headless", "--name", "one")
    result = run("resume", "one", "--headless")
    assert result.exit_code == 1 and "--iterations" in result.stderr
    result = run("resume", "one", "--iterations", "500", "--json", "--name", "two")
    assert last_json(result.stdout)["iterations"] == 500
    assert "goes on from" in result.stderr
    (child,) = [r for r in last_json(run("runs", "--json").stdout)["runs"] if r["name"] == "two"]
    assert Path(child["parent"]).name == "one"
    result = run("resume", "one", "--iterations", "500", "--flops", "6X", "--headless")
    assert result.exit_code == 2 and "--flops" in result.stderr
    assert run("resume", "one", "--name", "x", "--headless").exit_code == 2


def test_an_edited_preset_changes_nothing_and_is_mentioned(run, folder):
    arguments = ("--iterations", "6000", "--name", "a", "--headless")
    process = program("search", "quick.yaml", *arguments, standing=500)
    until(lambda: iteration(folder / "runs/a") > 500)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 143
    frozen = folder / "runs/a/preset.yaml"
    frozen.write_text(frozen.read_text().replace("91G", "30G"))
    (folder / "quick.yaml").write_text("nonsense")
    result = run("resume", "a", "--json-lines", "--iterations", "7000", "--name", "b")
    assert last_json(result.stdout)["flops"] > 30e9
    result = run("resume", "a", "--json")
    assert "was edited, which changes nothing" in result.stderr
    assert last_json(result.stdout)["flops"] > 30e9
    assert RunReader(folder / "runs/a").record.preset.budget.flops == 91e9


@posix
def test_a_search_in_the_background(run, folder):
    result = run("search", "quick.yaml", "--iterations", "100000000", "--name", "d", "--detach")
    assert result.exit_code == 0
    for words in ("watch runs/d", "pause runs/d", "stop runs/d"):
        assert words in result.stdout
    place = folder / "runs/d"
    owner = holder(place)
    try:
        assert os.getsid(owner.pid) == owner.pid != os.getsid(0)
        until(lambda: iteration(place) > 0)
        os.kill(owner.pid, signal.SIGHUP)
        with watching(place) as one, watching(place) as two:
            first = one.snapshot.iteration
            until(lambda: one.snapshot.iteration > first and two.snapshot.iteration > first)
            assert one.snapshot.state == "running" and one.snapshot.best is not None
            two.pause()
            until(lambda: one.snapshot.state == "paused")
            assert "paused" in run("pause", "d").stdout
            assert "goes on" in run("resume", "d").stdout
            until(lambda: one.snapshot.state == "running")
            result = run("resume", "d", "--headless")
            assert result.exit_code == 1 and f"process {owner.pid}" in result.stderr
            assert run("runs", "rm", "d", "--yes").exit_code == 1
            assert "stopped" in run("stop", "d").stdout
            until(lambda: one.snapshot.state == "stopped")
            assert one.save() == place / "best.yaml"
    finally:
        if holder(place):
            os.kill(owner.pid, signal.SIGKILL)
    assert holder(place) is None
    result = run("stop", "d")
    assert result.exit_code == 1 and "stopped already" in result.stderr


@posix
def test_a_search_that_cannot_start_in_the_background_says_why(run, folder):
    with (folder / "quick.yaml").open("a") as file:
        file.write("device: cuda\n")
    result = run("search", "quick.yaml", "--scorer", "forward", "--name", "d", "--detach")
    if result.exit_code == 0:  # it took the lock, then failed
        until(lambda: holder(folder / "runs/d") is None)
    assert "CUDA" in (folder / "runs/d/run.log").read_text()
    assert RunReader(folder / "runs/d").status().state == "failed"


@posix
def test_a_killed_search_is_explained_everywhere(run, folder):
    process = program("search", "quick.yaml", "--iterations", "100000000", "--name", "k", "--json")
    until(lambda: iteration(folder / "runs/k") > 0)
    with watching(folder / "runs/k") as watched:
        assert watched.snapshot.state == "running"
        process.kill()
        process.communicate()
        until(lambda: watched.snapshot.ended)
        assert f"process {process.pid}" in watched.snapshot.notices[-1]
        assert "maedet-tui resume" in watched.snapshot.notices[-1]
        watched.stop()  # heard by nobody
    assert "interrupted" in run("runs").stdout
    for command in ("stop", "pause"):
        result = run(command, "k")
        assert result.exit_code == 1 and f"process {process.pid}" in result.stderr
    assert run("runs", "show", "k").exit_code == 0


@posix
def test_a_finished_run_is_watched_with_its_whole_history(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one")
    watched = WatchedRun(folder / "runs/one")
    snapshot = watched.snapshot
    assert snapshot.state == "finished" and snapshot.history[0].iteration == 0
    assert len(snapshot.history) > 30 and len(snapshot.bests) > 5
    assert watched.snapshot is snapshot
    watched.close()


def test_json_lines(run):
    result = run("search", "quick.yaml", "--json-lines", "--name", "one", "--iterations", "3000")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines][-1] == "result"
    assert {line["event"] for line in lines[:-1]} <= {"progress", "notice"} and len(lines) > 1
    assert lines[-1]["iterations"] == 3000 and lines[0]["iterations"] == 3000


def test_runs_are_listed_shown_compared_exported_and_removed(run, folder):
    assert "no runs" in run("runs").stdout
    for name, seed in (("one", "1"), ("two", "2")):
        run("search", "quick.yaml", "--headless", "--name", name, "--seed", seed)
    listed = run("runs").stdout
    assert listed.count("finished") == 2 and "(100.0 %)" in listed
    shown = last_json(run("runs", "show", "one", "--json").stdout)
    assert shown["state"] == "finished" and sum(shown["counts"].values()) == 300
    assert "bottleneck" in run("runs", "show", "one").stdout
    compared = last_json(run("runs", "compare", "one", "two", "--json").stdout)
    scores = [row["score"] for row in compared["runs"]]
    assert scores == sorted(scores, reverse=True) and compared["comparable"]
    assert "widths" in run("runs", "compare", "one", "two").stdout
    table = run("runs", "export-csv", "one").stdout.splitlines()
    assert table[0].startswith("iteration,z,params_C1") and len(table) > 30
    run("runs", "export-csv", "one", "out.csv")
    assert (folder / "out.csv").read_text().splitlines() == table
    (folder / "runs/one/notes.txt").write_text("mine")
    assert run("runs", "note", "one", "as it was").exit_code == 0
    assert (
        "as it was" in run("runs").stdout and "Note: as it was" in run("runs", "show", "one").stdout
    )
    assert run("runs", "note", "one", "x" * 300).exit_code == 1
    assert "other now" in run("runs", "rename", "one", "other").stdout
    assert "is there already" in run("runs", "rename", "other", "two").stderr
    assert run("runs", "rename", "other", "one").exit_code == 0
    assert run("runs", "note", "one", "").exit_code == 0
    result = run("runs", "rm", "one", "--yes")
    assert result.exit_code == 1 and "notes.txt" in result.stderr
    assert [path.name for path in (folder / "runs/one").iterdir()] == ["notes.txt"]
    assert run("runs", "rm", "two", "--yes").exit_code == 0
    assert not (folder / "runs/two").exists()


def test_naswot_of_other_numbers_of_images_does_not_compare(run, folder):
    for number, name in ((8, "one"), (8, "same"), (4, "other")):
        text = (folder / "quick.yaml").read_text() + f"\nforward: {{batch: {number}}}\n"
        (folder / "naswot.yaml").write_text(text)
        options = ("--headless", "--name", name, "--scorer", "naswot-closed-form")
        done = run("search", "naswot.yaml", *options)
        assert done.exit_code == 0, done.output
        assert f"scored by naswot of {number} images in closed form" in done.stdout
    assert "do not compare" not in run("runs", "compare", "one", "same").stderr
    assert "do not compare" in run("runs", "compare", "one", "other").stderr


def test_unknown_runs_are_named_with_a_hint(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "alpha")
    for command in (
        ["resume", "alphq", "--headless"],
        ["stop", "alphq"],
        ["runs", "show", "alphq"],
    ):
        result = run(*command)
        assert result.exit_code == 1 and "did you mean alpha?" in result.stderr
    (folder / "runs/empty").mkdir()
    result = run("runs", "show", "empty")
    assert result.exit_code == 1 and "holds no run" in result.stderr


def test_watching_needs_a_terminal(run):
    run("search", "quick.yaml", "--headless", "--name", "one")
    result = run("watch", "one")
    assert result.exit_code == 2 and "runs show" in result.stderr


def test_every_new_command_has_help(run):
    for command in (["resume"], ["watch"], ["pause"], ["stop"], ["runs"], ["runs", "rm"]):
        assert "Usage:" in run(*command, "--help").stdout


@posix
def test_nohup_is_respected(folder):
    process = program(
        "search", "quick.yaml", "--iterations", "100000000", "--name", "n", "--headless",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    until(lambda: iteration(folder / "runs/n") > 0)
    process.send_signal(signal.SIGHUP)
    after = iteration(folder / "runs/n")
    until(lambda: iteration(folder / "runs/n") > after or process.poll() is not None)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 143


@pytest.fixture
def begun(folder):
    """A run, runs/begun, whose process was gone before it wrote anything."""
    place = folder / "runs/begun"
    place.mkdir(parents=True)
    RunStore.create(place, load(str(folder / "quick.yaml")), QUICK).close()
    return place


def test_a_run_that_has_found_nothing_yet(run, begun):
    shown = run("runs", "show", "begun")
    assert shown.exit_code == 0
    assert shown.stdout == f"{Path('runs/begun')}: interrupted, preset quick\n"
    values = last_json(run("runs", "show", "begun", "--json").stdout)
    assert values["structure"] is None and values["counts"] == {} and values["error"] is None
    compared = run("runs", "compare", "begun")
    assert compared.exit_code == 1
    assert "begun: has found nothing yet that could be compared" in compared.stderr
    (row,) = run("runs").stdout.splitlines()[1:]
    assert row.startswith("begun interrupted quick") and " - " in row


def test_a_damaged_run_is_listed_with_its_problem_beside_the_others(run, folder):
    for name in ("one", "two"):
        run("search", "quick.yaml", "--headless", "--name", name)
    (folder / "runs/two/run.db").write_text("nonsense")
    lines = {line.split()[0]: line for line in run("runs").stdout.splitlines()}
    assert "finished" in lines["one"]
    assert "unreadable" in lines["two"] and "not the database of a run" in lines["two"]


def test_the_run_that_another_goes_on_from_is_shown(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one")
    run("resume", "one", "--iterations", "400", "--headless", "--name", "two")
    parent = last_json(run("runs", "show", "two", "--json").stdout)["parent"]
    assert Path(parent).name == "one"
    assert f"Goes on from {parent}." in run("runs", "show", "two").stdout
    assert "Goes on from" not in run("runs", "show", "one").stdout


def test_a_search_that_fails_halfway_says_so_and_keeps_its_best(run, folder, monkeypatch):
    real, calls = ClosedForm.score, iter(range(10**9))

    def broken(self, *args):
        if next(calls) == 100:
            raise RuntimeError("a cable was pulled")
        return real(self, *args)

    monkeypatch.setattr(ClosedForm, "score", broken)
    result = run("search", "quick.yaml", "--headless", "--name", "one")
    assert result.exit_code == 1 and "a cable was pulled" in result.stderr
    assert "Saved:" in result.stdout and (folder / "runs/one/best.yaml").is_file()
    (said,) = [
        line for line in run("runs", "show", "one").stdout.splitlines() if line.startswith("Error:")
    ]
    assert "a cable was pulled" in said


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_a_run_is_removed_only_when_the_question_is_answered_with_yes(run, folder, answer, code):
    run("search", "quick.yaml", "--headless", "--name", "one")
    result = CliRunner().invoke(cli, ["runs", "rm", "one"], input=answer)
    assert result.exit_code == code and "Remove runs/one for good?" in result.stderr
    assert (folder / "runs/one").exists() == bool(code)


def test_a_run_is_not_gone_on_with_on_a_screen_that_is_not_there(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one")
    result = run("resume", "one", "--iterations", "400", "--name", "two")
    assert result.exit_code == 2 and "add --headless" in result.stderr
    assert not (folder / "runs/two").exists()


@posix
def test_a_run_goes_on_in_the_background(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one")
    result = run("resume", "one", "--iterations", "400", "--name", "two", "--detach")
    assert result.exit_code == 0 and "watch runs/two" in result.stdout
    until(lambda: holder(folder / "runs/two") is None)
    assert RunReader(folder / "runs/two").status().iteration == 400


def test_a_best_whose_search_could_not_be_recorded_is_a_failure(run, folder, monkeypatch):
    def full(self, *_):
        raise StoreError(f"{self.path}: no space left on the disk")

    monkeypatch.setattr(RunStore, "write", full)
    result = run("search", "quick.yaml", "--headless", "--name", "one")
    assert result.exit_code == 1
    assert "Error: " in result.stderr and "no space left" in result.stderr
    assert "Saved:" in result.stdout and (folder / "runs/one/best.yaml").is_file()
