"""Tiny structures to train, on a tiny set."""

import pytest
import torch

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


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def preset():
    from maedet_tui.presets.reading import parse

    return parse(PRESET, name="tiny")


@pytest.fixture(scope="package")
def shapes(tmp_path_factory):
    """A folder with train.json, val.json and images."""
    from engine.training.shapes import write_shapes

    folder = tmp_path_factory.mktemp("data") / "shapes"
    write_shapes(folder, 10, (64, 64), 0, 10)
    return folder
