"""Tiny structures to train, on a tiny set."""

import pytest

from tests.training import one_thread, shapes

__all__ = ["PRESET", "one_thread", "shapes"]

PRESET = """\
budget: {flops: 3M, image_size: 64x64, layers: 19}
score: {resolution: 64, size: log-channels}
space: {kernels: [3], max_width: 64, stage_depths: {C2: 1, C3: 2, C4: 2, C5: 2}}
initial: auto
search: {population: 16, iterations: 300, keep: 4}
scorer: closed-form
audit: false
bound: false
"""


@pytest.fixture(scope="package")
def preset():
    from maedet_tui.presets.reading import parse

    return parse(PRESET, name="tiny")
