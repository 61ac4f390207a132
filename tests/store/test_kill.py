"""kill -9 at random moments of both phases: nothing saved is lost, and the end is the same."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from engine.run.runner import Runner
from maedet_tui.store.lock import crashed
from maedet_tui.store.reader import RunReader
from tests.store.conftest import lasting, resumed
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

PRESET = lasting(16_000, population=64, keep=8)
SCRIPT = """
import sys
from pathlib import Path
from maedet_tui.runs.local import LocalRun
from tests.store.test_kill import PRESET
run = LocalRun(PRESET, Path(sys.argv[1]), sys.argv[2])
run.start()
run.wait()
run.close()
"""


@pytest.fixture(scope="module")
def whole():
    """The uninterrupted search, and how long it takes."""
    runner = Runner(PRESET)
    began = time.monotonic()
    runner.start()
    assert runner.join(PATIENCE)
    return runner, time.monotonic() - began


def killed(runs_dir, name, delay):
    """Start a search, kill it so long after its first transaction; when that was."""
    folder = runs_dir / name
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(runs_dir), name])
    try:
        until(lambda: process.poll() is not None or begun(folder))
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        return time.time()
    finally:
        process.wait(PATIENCE)


def begun(folder):
    if not (folder / "run.db").exists():
        return False
    with contextlib.closing(RunReader(folder)) as reader:
        return reader.checkpoint() is not None


def kill_and_resume(count, runs_dir, whole, seed, most_lost=float("inf")):
    runner, duration = whole
    rng = random.Random(seed)
    phases, kills, number = set(), 0, 0
    while kills < count:
        number += 1
        at = killed(runs_dir, f"run{number}", rng.uniform(0, 1.1 * duration))
        folder = runs_dir / f"run{number}"
        reader = RunReader(folder)
        snapshot, checkpoint = reader.snapshot(), reader.checkpoint()
        (saved,) = reader._connection.execute("SELECT saved FROM checkpoint").fetchone()
        reader.close()
        if snapshot.ended:
            continue  # too late, the search was over
        kills += 1
        assert crashed(folder) is not None
        phases.add(snapshot.phase)
        assert snapshot.iteration >= checkpoint.iteration
        # all of T is done where the last thing left is to check the best
        if checkpoint.iteration < PRESET.schedule.iterations:
            assert at - saved < most_lost, f"lost {at - saved:.2f} s"
        run = resumed(folder)
        assert run.snapshot.state == "finished"
        assert run.snapshot.best == runner.snapshot.best
        assert run.snapshot.history == runner.snapshot.history
        assert run.snapshot.counts == runner.snapshot.counts
        assert run.snapshot.bests == runner.snapshot.bests
    return phases


def test_killed_searches_end_the_same(tmp_path, whole):
    kill_and_resume(3, tmp_path, whole, seed=0)


@pytest.mark.nightly
def test_fifty_killed_searches_end_the_same(tmp_path, whole):
    phases = kill_and_resume(50, tmp_path, whole, seed=1, most_lost=1.0)
    assert phases >= {"coarse", "fine"}


@pytest.mark.nightly
def test_a_search_killed_again_and_again_ends_the_same(tmp_path, whole):
    runner, duration = whole
    killed(tmp_path, "one", 0.2 * duration)
    folder = tmp_path / "one"
    script = SCRIPT.replace(
        "LocalRun(PRESET, Path(sys.argv[1]), sys.argv[2])",
        "LocalRun.of(RunStore.reopen(Path(sys.argv[1]) / sys.argv[2]))",
    ).replace("import sys", "import sys\nfrom maedet_tui.store.writer import RunStore")
    for _ in range(3):
        before = RunReader(folder).data_version()
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), "one"])
        reader = RunReader(folder)
        while reader.data_version() == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2 * duration)
        process.kill()
        process.wait(PATIENCE)
        reader.close()
    if RunReader(folder).snapshot().state != "finished":
        resumed(folder)
    assert RunReader(folder).snapshot().best == runner.snapshot.best
    assert RunReader(folder).checkpoint().history == runner.snapshot.history
