"""Limits of some megabytes are here those of weights and maps: what else a process of tests
holds does not count. Limits of whole processes are asked for in `tests/engine/test_memory.py`."""

import pytest

from engine.scorers.room import Room


@pytest.fixture(autouse=True)
def _maps_and_weights_alone(monkeypatch):
    monkeypatch.setattr(Room, "beside", lambda self: 0)
    monkeypatch.setattr(Room, "tidy", lambda self, working: None)
