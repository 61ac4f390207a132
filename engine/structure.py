"""A backbone as data: blocks in a row, grouped into the levels C1-C5.

The vocabulary is that of the paper's Tables 10-15, with one difference that is
kept everywhere: `depth` counts bottlenecks, of which the paper's "# layers"
column counts two as one (Appendix H: a ResBlock "is stacked by two Blocks").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.messages import LONGEST, MOST_PROBLEMS, and_more, by_cause, clipped

LEVELS = ("C1", "C2", "C3", "C4", "C5")
IMAGE_CHANNELS = 3


class StructureError(ValueError):
    """A structure that cannot be built; `problems` lists the reasons, the last of them how
    many more there are, if they are many. What is wrong with several blocks alike is one reason;
    `each` has it block by block."""

    def __init__(self, problems: list[str], more: int = 0):
        """more: problems beyond those in the list."""
        self.each = _listed(problems, more)
        self.problems = _listed(by_cause(problems), more)
        line = "; ".join(self.problems)
        super().__init__(line if len(line) <= LONGEST else "\n".join(self.problems))


def _listed(problems: list[str], more: int) -> list[str]:
    """The first ones, and how many more there are."""
    more += max(0, len(problems) - MOST_PROBLEMS)
    told = [clipped(problem) for problem in problems[:MOST_PROBLEMS]]
    return [*told, and_more(more)] if more else told


class Block(NamedTuple):
    """One row of Tables 10-15.

    kind: "Conv", "ResBlock", … (see `engine.blocks.KINDS`).
    kernel: side of the k x k convolution (or pooling window), odd.
    in_channels, out_channels: widths of the block's input and output.
    stride: 1 or 2, carried by the first k x k convolution.
    bottleneck: width inside each bottleneck; 0 for kinds without one.
    depth: number of bottlenecks (or other units); 1 for kinds that do not repeat.
    expansion: hidden width over input width of an inverted bottleneck; 0 elsewhere.
    se: squeeze-and-excitation reduces to 1/se of the channels; 0 for none.
    group: channels that the k x k convolution of a GroupedBlock sees at a time; 0 elsewhere.
    """

    kind: str
    kernel: int
    in_channels: int
    out_channels: int
    stride: int
    bottleneck: int = 0
    depth: int = 1
    expansion: int = 0
    se: int = 0
    group: int = 0


class Structure(NamedTuple):
    """A backbone: blocks in the order that the image passes through them."""

    blocks: tuple[Block, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The level of each block, `len(blocks)` names out of C1-C5."""
        return level_names(self.blocks)

    @property
    def stages(self) -> tuple[tuple[Block, ...], ...]:
        """Blocks grouped by level: each block of stride 2 opens a stage."""
        return tuple(self.blocks[start:end] for start, end in stage_bounds(self.blocks))

    @property
    def stage_ends(self) -> tuple[int, ...]:
        """For each stage, the index of its last block, whose output feeds the neck."""
        return tuple(end - 1 for _, end in stage_bounds(self.blocks))

    @property
    def widths(self) -> tuple[int, ...]:
        """Output channels of each stage, C1 first."""
        return tuple(self.blocks[i].out_channels for i in self.stage_ends)


@lru_cache(maxsize=4096)
def _bounds_of_strides(strides: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    starts = [i for i, stride in enumerate(strides) if stride == 2]
    return tuple(zip(starts, [*starts[1:], len(strides)]))


def stage_bounds(blocks: Iterable[Block]) -> tuple[tuple[int, int], ...]:
    """(first, one past last) block index of each stage."""
    return _bounds_of_strides(tuple(block.stride for block in blocks))


def level_names(blocks: Iterable[Block]) -> tuple[str, ...]:
    """The level of each block, C1 for the stem."""
    bounds = stage_bounds(blocks)
    return tuple(LEVELS[i] for i, (start, end) in enumerate(bounds) for _ in range(start, end))


def level_name(blocks: Sequence[Block], index: int) -> str:
    """The level of one block."""
    return LEVELS[sum(block.stride == 2 for block in blocks[: index + 1]) - 1]
