"""A preset that searches in a moment, and ways to run the command line."""

import contextlib
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader

QUICK = """\
description: quick
reference: maedet-m
budget: {flops: 91G, layers: 91}
search: {population: 16, iterations: 300, keep: 4}
scorer: closed-form
audit: false
bound: false
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder with quick.yaml in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.yaml").write_text(QUICK)
    return tmp_path


@pytest.fixture
def run(folder):
    """Runs the command line within this process."""

    def invoke(*args):
        result = CliRunner().invoke(cli, args)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


#: the program, with a search that stands at a pass that never ends by itself, as on a machine
#: that is slow beyond measure: it goes on until it is stopped, paused or killed there
STANDING = """
import sys, time
from engine.run.publishing import INTERVAL
from engine.scorers.base import Cancelled
from engine.scorers.closed_form import ClosedForm
from maedet_tui.__main__ import main

score, left = ClosedForm.score, int(sys.argv.pop(1))

def slow(self, structures, cancelled=lambda: False):
    global left
    left -= 1
    if left == 0:
        time.sleep(2 * INTERVAL)  # the next checkpoint is due, and is of here
    while left < 0:
        if cancelled():
            raise Cancelled
        time.sleep(0.01)
    return score(self, structures, cancelled)

ClosedForm.score = slow
main()
"""


def iteration(folder):
    """Where the last checkpoint of a run stands; 0 before there is one."""
    with contextlib.suppress(StoreError), contextlib.closing(RunReader(folder)) as reader:
        if reader.status() and (checkpoint := reader.checkpoint()):
            return checkpoint.iteration
    return 0


def last_json(text):
    """The object on the last line, which must be a whole line."""
    assert text.endswith("}\n")
    return json.loads(text.splitlines()[-1])


def program(*args, standing=0, **options):
    """The real program, as a process.

    standing: its search scores so many structures and stands still at the next.
    """
    how = ["-c", STANDING, str(standing)] if standing else ["-m", "maedet_tui"]
    return subprocess.Popen(
        [sys.executable, *how, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
