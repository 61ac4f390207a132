"""A validation of tiny structures, and one whose trainings are made up."""

import pytest
import torch

from engine.settings import Budget, Preset, Schedule, Space
from engine.training.shapes import write_shapes
from engine.zoo import ZOO
from maedet_tui.validate import begin, store
from maedet_tui.validate.asked import Asked, data_of, settings_of
from maedet_tui.validate.subjects import Bands, Wanted, chosen


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def preset():
    """Structures that train in a moment."""
    from dataclasses import replace

    initial = ZOO["initial"].structure
    narrow = [
        block._replace(
            in_channels=max(3, block.in_channels // 16) if number else 3,
            out_channels=block.out_channels // 16,
            bottleneck=8 if block.bottleneck else 0,
            depth=1,
        )
        for number, block in enumerate(initial.blocks)
    ]
    for number, block in enumerate(narrow[1:], 1):
        narrow[number] = block._replace(
            in_channels=narrow[number - 1].out_channels, out_channels=8 * (number + 1)
        )
        if number > 1:
            narrow[number] = narrow[number]._replace(in_channels=narrow[number - 1].out_channels)
    narrow[0] = narrow[0]._replace(out_channels=8)
    narrow[1] = narrow[1]._replace(in_channels=8)
    return Preset(
        "tiny",
        initial=replace(initial, blocks=tuple(narrow)) if False else initial.__class__(tuple(narrow)),
        budget=Budget(flops=600_000, layers=19, image_size=(64, 64)),
        space=Space(kernels=(3,), max_width=64, stage_depths=(1, 2, 2, 2, 2)),
        schedule=Schedule(16, 300, 4),
        scorer="closed-form",
        bound=False,
        audit=False,
    )
