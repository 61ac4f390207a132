"""What has to be right on a real card: `pytest -m gpu tests/gpu`; without one it fails."""

from time import monotonic

import pytest
import torch

from benchmarks.gpu.correctness import CHECKS
from benchmarks.gpu.course import Course


@pytest.mark.gpu
@pytest.mark.parametrize("name", CHECKS)
def test_on_a_card(name):
    assert torch.cuda.is_available(), "torch finds no GPU here"
    CHECKS[name](Course(torch.device("cuda"), small=False, until=monotonic() + 600, notes={}))
