"""Presets that search in a moment, and runs of them."""

from dataclasses import replace

import pytest

from engine.settings import Budget, Preset, Schedule
from engine.zoo import ZOO
from maedet_tui.local_run import LocalRun
from maedet_tui.store.writer import RunStore

QUICK = Preset(
    "quick",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    schedule=Schedule(population=24, iterations=1500, keep=5, seed=3),
    scorer="closed-form",
    device="cpu",
    audit=False,
)


def lasting(iterations, preset=QUICK, **schedule):
    """The preset with another T."""
    return replace(preset, schedule=replace(preset.schedule, iterations=iterations, **schedule))


def searched(preset, runs_dir, name, store=None):
    """A run that has been searched to its end and closed."""
    run = LocalRun(preset, runs_dir, name, store=store)
    run.start()
    assert run.wait(60)
    run.close()
    return run


def resumed(folder):
    """A run that has been gone on with to its end and closed."""
    store = RunStore.reopen(folder)
    return searched(store.record.preset, folder.parent, None, store)


@pytest.fixture
def quick():
    return QUICK
