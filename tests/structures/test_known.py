"""What measuring a structure beside the screen leaves behind: nothing."""

import threading
from dataclasses import replace

import pytest

from engine.scorers.base import Score
from engine.scorers.factory import make_scorer
from engine.settings import GRADIENT_PROXIES, Forward, Objective, Preset
from engine.zoo import ZOO
from maedet_tui.structures.known import measure, measured_at

SMALL = Preset("small", ZOO["initial"].structure, objective=Objective(resolution=64), device="cpu")


@pytest.mark.parametrize("name", ["forward", "naswot"])
def test_threads_end_with_the_measurement(name):
    before = {thread.name for thread in threading.enumerate()}
    measured = measure(name, replace(SMALL, forward=Forward(batch=2)), SMALL.initial)
    assert isinstance(measured, Score), measured
    assert {thread.name for thread in threading.enumerate()} <= before


@pytest.mark.parametrize(("side", "taken"), [(64, 64), (384, 128)])
def test_proxies_of_gradients_take_smaller_images_so_that_they_fit(side, taken):
    preset = replace(SMALL, objective=Objective(resolution=side), forward=Forward(batch=2))
    found = measure("snip", preset, SMALL.initial)
    assert isinstance(found, Score), found
    scorer = make_scorer("snip", "cpu", Objective(resolution=taken), preset.forward)
    assert found.z == scorer.score([SMALL.initial])[0].z
    assert measured_at("snip", preset.objective) == taken
    assert measured_at("synflow", preset.objective) == side


@pytest.mark.parametrize("name", GRADIENT_PROXIES)
def test_the_papers_largest_fits_in_the_memory_that_a_preset_has_by_default(name):
    objective = Objective(measured_at(name, Objective()))
    make_scorer(name, "cpu", objective, Forward()).refuse_beyond_memory([ZOO["maedet-l"].structure])


def test_too_little_memory_is_a_sentence_with_what_would_do():
    said = measure("forward", replace(SMALL, forward=Forward(memory=64_000_000)), SMALL.initial)
    assert isinstance(said, str) and "set `forward.memory` to" in said
