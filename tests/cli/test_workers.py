"""`maedet-tui search --workers`: the real program, and what is left of it when it ends."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import psutil
import pytest

from maedet_tui.store.reader import RunReader
from tests.cli.conftest import iteration
from tests.waiting import until

PROGRAM = [sys.executable, "-m", "maedet_tui"]
PRESET = """\
budget: {flops: 60G, layers: 60}
score: {resolution: 64}
search: {population: 16, iterations: 1500, keep: 4}
scorer: forward
device: cpu
workers: 2
bound: false
"""


def test_a_cluster_without_workers_is_refused_in_a_sentence(run):
    result = run("search", "quick.yaml", "--headless", "--ray", "local")
    assert result.exit_code == 1 and "add --workers N" in result.stderr


def begun(folder, name):
    """The program in a search that is under way, and its workers."""
    words = ["search", "forward.yaml", "--headless", "--name", name]
    program = subprocess.Popen([*PROGRAM, *words], cwd=folder, stdout=subprocess.PIPE, text=True)
    run = folder / "runs" / name
    until(lambda: iteration(run) > 100)
    workers = [
        one for one in psutil.Process(program.pid).children(recursive=True)
        if "spawn_main" in " ".join(one.cmdline())
    ]  # fmt: skip
    assert len(workers) == 2
    return program, workers


def members(run):
    with closing(RunReader(run)) as reader:
        snapshot = reader.snapshot()
        assert snapshot.state == "finished"
        return [(one.structure, one.score.z) for one in snapshot.members]


@pytest.mark.nightly
def test_however_it_ends_no_worker_is_left_and_with_another_number_it_goes_on_alike(folder):
    (folder / "forward.yaml").write_text(PRESET)
    for name, end in (("killed", signal.SIGKILL), ("ended", signal.SIGINT)):
        program, workers = begun(folder, name)
        os.kill(program.pid, end)
        program.communicate(timeout=100)
        until(lambda workers=workers: not any(one.is_running() for one in workers))
    whole = subprocess.run(
        [*PROGRAM, "search", "forward.yaml", "--headless", "--name", "whole"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert whole.returncode == 0 and ", 2 workers." in whole.stdout
    for name, count in (("killed", "1"), ("ended", "3")):
        words = ["resume", name, "--headless", "--workers", count]
        again = subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert members(folder / "runs" / name) == members(folder / "runs" / "whole")
