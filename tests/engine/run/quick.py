"""A search for tests of the runner: quick, without an audit, and one that never ends."""

import logging
from dataclasses import replace

from engine.run.runner import Runner
from engine.settings import Budget, Objective, Preset, Schedule
from engine.zoo import ZOO
from tests.waiting import PATIENCE

QUICK = Preset(
    "quick",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    Objective(resolution=64),
    schedule=Schedule(population=32, iterations=3000, keep=5),
    scorer="closed-form",
    audit=False,
    bound=False,
)
ENDLESS = replace(QUICK, schedule=replace(QUICK.schedule, iterations=10**9))


def finished(preset, **wishes) -> Runner:
    runner = Runner(preset, **wishes)
    runner.start()
    assert runner.join(PATIENCE)
    runner.stop()  # audits would go on
    return runner


def traceback_of(logger, caplog):
    """The one error of that logger as a log file has it, traceback and all."""
    (record,) = [r for r in caplog.records if r.name == logger and r.levelname == "ERROR"]
    return logging.Formatter().format(record)
