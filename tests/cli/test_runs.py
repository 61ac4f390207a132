"""Runs from any terminal: in the background, watched, paused, stopped, resumed, listed."""

import json
import os
import signal
from pathlib import Path

import pytest

from maedet_tui.runs.watched import WatchedRun, watching
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from tests.cli.conftest import iteration, last_json, program
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
