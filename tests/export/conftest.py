"""Sources small enough to export in a moment, and one thread for their small maps."""

import pytest

from engine.structure import Block, Structure
from maedet_tui.export import Source
from tests.engine.backbone.random_structures import EVERY_KIND
from tests.training import one_thread

__all__ = ["BOTTLENECKS", "one_thread"]

BOTTLENECKS = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        *(Block("ResBlock", 3, 8, 8, 2, 8, depth) for depth in (1, 2, 3, 2)),
    )
)


@pytest.fixture
def every_kind():
    """Blocks of every kind."""
    return Source("every_kind", "every kind", EVERY_KIND)


@pytest.fixture
def bottlenecks():
    """The paper's blocks alone."""
    return Source("small", "small", BOTTLENECKS)
