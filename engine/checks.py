"""Whether a structure can be built, and if not, every reason at once."""

from __future__ import annotations

from engine.blocks import KINDS
from engine.structure import IMAGE_CHANNELS, LEVELS, Structure, StructureError


def check(structure: Structure) -> Structure:
    """Return the structure if it can be built.

    Raises StructureError with every problem found: a block of unknown kind or with
    impossible numbers, channels that do not meet, other than five levels.
    """
    problems = []
    blocks = structure.blocks
    if not blocks:
        raise StructureError(["the structure has no blocks"])
    for number, block in enumerate(blocks, 1):
        where = f"block {number}"
        if block.kind not in KINDS:
            problems.append(f"{where}: unknown kind {block.kind!r}, use one of {', '.join(KINDS)}")
            continue
        where += f" ({block.kind})"
        problems += [f"{where}: {problem}" for problem in KINDS[block.kind].problems(block)]
        expected = blocks[number - 2].out_channels if number > 1 else IMAGE_CHANNELS
        source = "the block before it puts out" if number > 1 else "an image has"
        if block.in_channels != expected:
            problems.append(f"{where}: in is {block.in_channels}, but {source} {expected} channels")
    downsamplings = sum(block.stride == 2 for block in blocks)
    if downsamplings != len(LEVELS):
        problems.append(
            f"{downsamplings} blocks have stride 2, but C1-C5 need exactly {len(LEVELS)}"
        )
    if blocks[0].stride != 2:
        problems.append("block 1: stride is not 2, but the stem opens level C1")
    if problems:
        raise StructureError(problems)
    return structure
