"""What tests that train or run networks share: one thread, and a small set to train on."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Small maps only lose by being shared out."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """A folder with train.json, val.json and images."""
    from engine.training.shapes import write_shapes

    folder = tmp_path_factory.mktemp("data") / "shapes"
    write_shapes(folder, 12, (64, 64), 0, 10)
    return folder
