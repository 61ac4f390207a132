"""Presets that search in a moment, and runs of them."""

import time
from dataclasses import replace

import pytest

from engine.scorers.base import Cancelled
from engine.scorers.closed_form import ClosedForm
from engine.settings import Budget, Preset, Schedule
from engine.zoo import ZOO
from maedet_tui.runs.local import LocalRun
from maedet_tui.store.writer import RunStore
from tests.waiting import PATIENCE

QUICK = Preset(
    "quick",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    schedule=Schedule(population=24, iterations=1500, keep=5, seed=3),
    scorer="closed-form",
    device="cpu",
    audit=False,
    bound=False,
)


def lasting(iterations, preset=QUICK, **schedule):
    """The preset with another T."""
    return replace(preset, schedule=replace(preset.schedule, iterations=iterations, **schedule))


def searched(preset, runs_dir, name, store=None):
    """A run that has been searched to its end and closed."""
    run = LocalRun(preset, runs_dir, name, store=store)
    run.start()
    assert run.wait(PATIENCE)
    run.close()
    return run


class Stopping(ClosedForm):
    """Has its search stopped once it has scored so many structures."""

    def __init__(self, run, structures):
        super().__init__(run.preset.objective)
        self._run, self._left = run, structures

    def score(self, structures, cancelled=lambda: False):
        self._left -= 1
        if self._left == 0:
            self._run.stop()
        return super().score(structures)


class Standing(ClosedForm):
    """Stands still at its hundredth structure until it is stopped; uses no processor meanwhile."""

    left = 100

    def score(self, structures, cancelled=lambda: False):
        self.left -= 1
        while self.left < 0:
            if cancelled():
                raise Cancelled
            time.sleep(0.01)
        return super().score(structures)


def stopped(run, structures=200):
    """Search until so many structures are scored, on however fast a machine; close."""
    run._runner._scorer = Stopping(run, structures)
    run.start()
    assert run.wait(PATIENCE)
    run.close()
    assert run.snapshot.state == "stopped"
    return run


def resumed(folder):
    """A run that has been gone on with to its end and closed."""
    store = RunStore.reopen(folder)
    return searched(store.record.preset, folder.parent, None, store)


@pytest.fixture
def quick():
    return QUICK
