"""DAMO-YOLO's structures: the text is that of TinyNAS, and which network it means is not in it.

Their configuration names one of three. What each builds of the same text:

- res: units as RepK1KXBlock and RepKXKXBlock have them, an SPP behind the first one of the last
  block (T, S);
- csp: one CSP stage a level, of one pair less than the text counts, since a convolution of its
  own carries the stride; blocks 4 and 5 are one stage, and the SPP is in the last (M, L);
- mob: inverted bottlenecks with a depthwise 5 x 5, whose hidden width follows from the output
  and the block's place alone, and the same SPP (the nano nets).

The stem is a Focus, but a strided convolution in three of the nano nets, which are told by their
widths.
"""

from __future__ import annotations

from math import ceil

from engine.blocks import KINDS
from engine.structure import Block, StructureError

#: family -> whose backbones it builds
FAMILIES = {
    "res": "T and S",
    "csp": "M and L",
    "mob": "the nano nets",
}
#: classes of the text
CLASSES = {"SuperResConvK1KX": "RepK1KXBlock", "SuperResConvKXKX": "RepKXKXBlock"}
_CSP = {"RepK1KXBlock": "CSPK1KXBlock", "RepKXKXBlock": "CSPKXKXBlock"}
#: strides behind the stem, of which csp builds no others
_CSP_STRIDES = (2, 2, 2, 1, 2)
#: output widths of the nano nets whose configuration has no Focus: Ns, Nm, Nl
_WITHOUT_FOCUS = ((24, 40, 64, 80, 160), (40, 64, 112, 128, 256), (48, 80, 160, 160, 320))


class OpenFamily(StructureError):
    """A text of theirs, of which no family was said."""

    def __init__(self) -> None:
        known = ", ".join(f"{name} ({whose})" for name, whose in FAMILIES.items())
        super().__init__(
            [
                "its blocks are DAMO-YOLO's, whose text leaves open which network is meant; say "
                f"--family {known}, or #res behind the file's name"
            ]
        )


def not_theirs(family: str) -> str:
    """What is said of a family that a text has no use for."""
    return f"{family} is a family of DAMO-YOLO's blocks, of which it has none; leave it out"


def chosen(blocks: tuple[Block, ...], family: str) -> tuple[Block, ...]:
    """What the family's network is, of blocks as the text has them.

    Raises StructureError for blocks that the family has no place for.
    """
    if family not in FAMILIES:
        raise StructureError([f"family is {family!r}, but must be one of {', '.join(FAMILIES)}"])
    problems = [
        f"block {number}: {problem}"
        for number, block in enumerate(blocks, 1)
        for problem in KINDS[block.kind].problems(block)
    ]
    problems += [
        f"block {number}: no {block.kind} belongs there; behind its stem a DAMO-YOLO has "
        f"{' and '.join(CLASSES)} alone"
        for number, block in enumerate(blocks, 1)
        if (number == 1) != (block.kind == "Conv") or block.kind not in ("Conv", *_CSP)
    ]
    if problems:
        raise StructureError(problems)
    stem, *rest = blocks
    if not rest:
        raise StructureError(["it is a stem alone; blocks of DAMO-YOLO's must follow"])
    return {"res": _res, "csp": _csp, "mob": _mob}[family](stem._replace(stride=2), rest)


def _res(stem: Block, blocks: list[Block]) -> tuple[Block, ...]:
    return (stem._replace(kind="Focus"), *_with_spp(blocks))


def _csp(stem: Block, blocks: list[Block]) -> tuple[Block, ...]:
    strides = tuple(block.stride for block in blocks)
    if strides != _CSP_STRIDES:
        told = " ".join(map(str, strides))
        raise StructureError(
            [f"strides are {told} behind the stem, but csp is for 2 2 2 1 2; write another family"]
        )
    third, fourth = blocks[2:4]
    joined = fourth._replace(
        in_channels=third.in_channels, stride=2, depth=third.depth + fourth.depth
    )
    if third._replace(depth=joined.depth) != joined:
        raise StructureError(
            ["blocks 4 and 5 are one stage of csp, so that class, k, btn and out must be alike in "
             "both; write another family"]
        )  # fmt: skip
    last = blocks[4]
    found = [stem._replace(kind="SiLUFocus")]
    for block in (*blocks[:2], joined):
        found += _stage(block)
    down = Block("Conv", 3, last.in_channels, last.out_channels, 2)
    after = last._replace(in_channels=last.out_channels, stride=1)
    return (*found, down, _spp(last), *_stage(after))


def _stage(block: Block) -> list[Block]:
    """A CSP stage, or its convolution with the stride where no pair is left."""
    if block.depth > 1:
        return [block._replace(kind=_CSP[block.kind], depth=block.depth - 1)]
    if block.stride == 1:
        return []
    return [Block("Conv", 3, block.in_channels, block.out_channels, 2)]


def _mob(stem: Block, blocks: list[Block]) -> tuple[Block, ...]:
    if any(block.kind == "RepKXKXBlock" for block in blocks):
        raise StructureError(
            ["its blocks are SuperResConvKXKX, of which mob builds no net; write res or csp"]
        )
    outs = tuple(block.out_channels for block in blocks)
    kind = "SiLUConv" if outs in _WITHOUT_FOCUS else "SiLUFocus"
    found = [
        block._replace(
            kind="MobileBlock",
            kernel=5,
            bottleneck=_multiple_of_8(ceil(block.out_channels * (3.5 + 0.5 * place))),
        )
        for place, block in enumerate(blocks)
    ]
    return (stem._replace(kind=kind), *_with_spp(found))


def _with_spp(blocks: list[Block]) -> list[Block]:
    """Blocks with an SPP behind the first unit of the last one."""
    *before, last = blocks
    after = last._replace(in_channels=last.out_channels, stride=1, depth=last.depth - 1)
    rest = [after] if after.depth else []
    return [*before, last._replace(depth=1), _spp(last), *rest]


def _spp(behind: Block) -> Block:
    return Block("SPP", 5, behind.out_channels, behind.out_channels, 1)


def _multiple_of_8(width: int) -> int:
    """The nearest multiple of 8, or the next one where that is less than nine tenths."""
    nearest = max(8, (width + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * width else nearest
