"""A small set, and one thread: its small maps only lose by being shared out."""

import pytest
import torch

from engine.training.annotations import read_annotations
from engine.training.shapes import write_shapes


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A small set of shapes."""
    folder = tmp_path_factory.mktemp("data") / "shapes"
    write_shapes(folder, 12, (64, 64), 0, 4)
    return folder


@pytest.fixture(scope="session")
def annotations(folder):
    return read_annotations(folder / "train.json", folder / "images")
