"""What measuring a structure beside the screen leaves behind: nothing."""

import threading
from dataclasses import replace

import pytest

from engine.scorers.base import Score
from engine.settings import Forward, Objective, Preset
from engine.zoo import ZOO
from maedet_tui.structures.known import measure

SMALL = Preset("small", ZOO["initial"].structure, objective=Objective(resolution=64), device="cpu")


@pytest.mark.parametrize("name", ["forward", "naswot"])
def test_threads_end_with_the_measurement(name):
    before = {thread.name for thread in threading.enumerate()}
    measured = measure(name, replace(SMALL, forward=Forward(batch=2)), SMALL.initial)
    assert isinstance(measured, Score), measured
    assert {thread.name for thread in threading.enumerate()} <= before


def test_too_little_memory_is_a_sentence_with_what_would_do():
    said = measure("forward", replace(SMALL, forward=Forward(memory=64_000_000)), SMALL.initial)
    assert isinstance(said, str) and "set `forward.memory` to" in said
