"""Work that another core does while this process goes on."""

import os
import sys
import threading

import pytest

from engine.settings import Preset
from maedet_tui.cli import beside
from maedet_tui.cli.beside import Beside
from maedet_tui.presets import PresetError, load

forks = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "fork"), reason="copies are made on Linux alone"
)


@pytest.fixture
def alone(monkeypatch):
    """As at the start of the program: two cores, and no other threads."""
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@forks
def test_a_preset_comes_back_whole_from_another_process(alone):
    pid, preset = Beside(lambda: (os.getpid(), load("maedet-m"))).result()
    assert pid != os.getpid()
    assert isinstance(preset, Preset) and preset == load("maedet-m")


def test_what_is_wrong_is_raised_here(alone):
    with pytest.raises(PresetError, match="no such preset"):
        Beside(lambda: load("no-such")).result()


def test_what_cannot_travel_is_done_here(alone):
    made = Beside(threading.Lock).result()
    assert made.acquire(blocking=False)


@forks
def test_a_copy_that_was_killed_costs_time_alone(alone):
    here = os.getpid()

    def work():
        if os.getpid() != here:
            os.kill(os.getpid(), 9)
        return "done"

    assert Beside(work).result() == "done"


@pytest.mark.parametrize("cores, threads", [(1, 1), (2, 2)])
def test_no_copy_on_one_core_or_beside_threads(monkeypatch, cores, threads):
    monkeypatch.setattr(beside, "cores", lambda: cores)
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    monkeypatch.setattr(beside.os, "fork", lambda: pytest.fail("copied"), raising=False)
    assert Beside(os.getpid).result() == os.getpid()


@forks
def test_no_copy_where_the_system_refuses_one(alone, monkeypatch):
    def refuses():
        raise OSError("no more processes")

    monkeypatch.setattr(beside.os, "fork", refuses)
    assert Beside(os.getpid).result() == os.getpid()
