"""A small set, and one thread: its small maps only lose by being shared out."""

import pytest

from engine.training.annotations import read_annotations
from tests.training import one_thread, shapes

__all__ = ["one_thread", "shapes"]


@pytest.fixture(scope="session")
def folder(shapes):
    """A small set of shapes."""
    return shapes


@pytest.fixture(scope="session")
def annotations(folder):
    return read_annotations(folder / "train.json", folder / "images")
