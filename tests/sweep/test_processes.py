"""Searches in processes of their own, the real ones."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest
from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.presets import load
from maedet_tui.store.reader import RunReader
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore

PROGRAM = [sys.executable, "-m", "maedet_tui"]


def run(*words):
    result = CliRunner().invoke(cli, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def alone(preset_text):
    """Z of the search of a preset by itself."""
    from engine.scorers.factory import make_scorer
    from engine.search.evolution import Evolution
    from maedet_tui.presets.reading import parse

    preset = parse(preset_text)
    evolution = Evolution(preset)
    scorer = make_scorer("closed-form", "cpu", preset.objective, preset.forward)
    while proposals := evolution.ask():
        scores = scorer.score([one.structure for one in proposals])
        evolution.tell(zip(proposals, scores, strict=True))
    return evolution.best.score.z


def test_a_sweep_from_its_plan_to_its_runs(folder):
    words = ("sweep", "quick.yaml", "--vary", "budget.flops=60G,90G", "--jobs", "2")
    planned = json.loads(run(*words, "--plan", "--json").stdout)
    assert len(planned["searches"]) == 2 and planned["seconds"] > 0 and not planned["bad"]
    assert not (folder / "runs").exists()

    result = run(*words, "--json", "--name", "family")
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["counts"] == {"finished": 2}
    sweep = folder / "runs" / "family"
    with SweepStore(sweep) as store:
        for one in found["searches"]:
            assert one["score"] == alone(store.preset_text(one["number"]))
    # each is a run like any other
    listed = json.loads(run("runs", "--runs-dir", str(sweep), "--json").stdout)["runs"]
    assert [one["state"] for one in listed] == ["finished"] * 2
    assert load(str(sweep / "001-flops-60G" / "preset.yaml")).budget.flops == 60_000_000_000

    # nothing is left to do, and nothing is done twice
    again = run("sweep", "resume", "family", "--headless")
    assert again.exit_code == 0 and "2 finished" in again.stdout
    with closing(RunReader(sweep / "001-flops-60G")) as reader:
        assert reader.status().iteration == 300
    shown = run("sweep", "show", "family").stdout
    assert "001-flops-60G" in shown and "100.0 %" in shown


def test_what_cannot_be_searched_stops_the_sweep_before_it_begins(folder):
    result = run("sweep", "quick.yaml", "--vary", "budget.flops=1G,90G", "--headless")
    assert result.exit_code == 1
    assert "1 of 2 searches cannot be" in result.stderr and "--skip-bad" in result.stderr
    assert not (folder / "runs").exists()
    wrong = run("sweep", "quick.yaml", "--vary", "flops", "--headless")
    assert wrong.exit_code == 2 and "KEY=VALUES" in wrong.stderr


def test_without_a_terminal_and_without_headless_nothing_begins(folder):
    result = run("sweep", "quick.yaml", "--seeds", "2")
    assert result.exit_code == 2 and "no terminal" in result.stderr
    assert not (folder / "runs").exists()


def long_sweep(folder, *more, iterations=200_000):
    """The real program with a sweep that takes long; it has searched a little."""
    words = ["sweep", "quick.yaml", "--vary", f"search.iterations={iterations}", "--seeds", "3"]
    words += ["--jobs", "2", "--headless", "--name", "family"]
    program = subprocess.Popen(
        [*PROGRAM, *words, *more], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    sweep = folder / "runs" / "family"
    until(lambda: searched(sweep) >= 2)
    return program, sweep


def searched(sweep):
    if not (sweep / "sweep.db").exists():
        return 0
    return sum(one.iteration > 0 for one in standing(sweep).searches)


def until(true, patience=120):
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.1)


def searching(program):
    """The processes that search."""
    children = psutil.Process(program.pid).children(recursive=True)
    return [one for one in children if "spawn_main" in " ".join(one.cmdline())]


@pytest.mark.nightly
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_whatever_ends_the_driver_the_searches_end_with_it_and_go_on_where_they_were(folder, end):
    program, sweep = long_sweep(folder)
    processes = searching(program)
    assert len(processes) == 2
    for one in processes:  # the closed form needs no torch
        assert not any("libtorch" in mapped.path for mapped in one.memory_maps())
    os.kill(program.pid, end)
    program.communicate(timeout=100)
    assert program.returncode == (130 if end == signal.SIGINT else -signal.SIGKILL)
    until(lambda: not any(one.is_running() for one in processes))
    found = standing(sweep)
    assert not found.live
    before = [one.iteration for one in found.searches]
    assert sum(at > 0 for at in before) == 2 and max(before) < 200_000
    assert {one.state for one in found.searches} <= {"stopped", "interrupted", "waiting"}

    # the third has not begun; the two go on from where they were, in the same runs
    resumed = subprocess.Popen(
        [*PROGRAM, "sweep", "resume", "family", "--headless", "--jobs", "2"], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: sum(a.iteration > b for a, b in zip(standing(sweep).searches, before)) == 2)
    os.kill(resumed.pid, signal.SIGTERM)
    assert resumed.wait(100) == 128 + signal.SIGTERM


@pytest.mark.nightly
def test_processes_killed_at_random_moments_change_no_result(folder):
    from random import Random

    rng = Random(0)
    program, sweep = long_sweep(folder, iterations=100_000)
    killed, at = 0, {}
    while program.poll() is None:
        time.sleep(rng.uniform(0.1, 1.0))
        if program.poll() is not None:
            break
        # one that is killed again and again before it gets anywhere has failed, and rightly so
        further = {
            process.pid: (process, one)
            for one in standing(sweep).searches if one.iteration > at.get(one.number, 0)
            for process in searching(program) if f"process {process.pid} " in (one.place or "")
        }  # fmt: skip
        if further and killed < 8:
            process, one = rng.choice(list(further.values()))
            at[one.number] = one.iteration
            process.kill()
            killed += 1
    assert killed >= 2 and program.returncode == 0
    found = standing(sweep)
    assert found.counts == {"finished": 3}
    with SweepStore(sweep) as store:
        for one in found.searches:
            assert one.z == alone(store.preset_text(one.number))
