"""Random structures of all kinds of blocks, small enough to train a step in a moment."""

from hypothesis import strategies as st

from engine.blocks import KINDS
from engine.structure import Block, Structure

WIDTHS = st.integers(1, 5).map(lambda n: 4 * n)


@st.composite
def blocks(draw, width: int, stride: int) -> Block:
    """One block of any kind but the stem's, which takes a map of `width` channels."""
    stems = ("Focus", "SiLUFocus")
    sizes = ("SPP",) if stride == 2 else ()  # which keep theirs
    kind = draw(st.sampled_from([name for name in KINDS if name not in stems + sizes]))
    kernel, out = draw(st.sampled_from([3, 5])), draw(WIDTHS)
    depth = draw(st.integers(1, 3))
    if kind in ("MaxPool", "SPP"):
        return Block(kind, kernel, width, width, stride)
    if kind in ("Conv", "SiLUConv"):
        return Block(kind, draw(st.sampled_from([1, 3, 5])), width, out, stride)
    if kind == "InvertedBlock":
        return Block(
            kind, kernel, width, out, stride, depth=depth,
            expansion=draw(st.sampled_from([1, 3, 6])), se=draw(st.sampled_from([0, 4])),
        )  # fmt: skip
    fields = KINDS[kind].fields
    return Block(
        kind, kernel, width, out, stride, draw(WIDTHS), depth,
        expansion=draw(st.sampled_from([1, 2])) if "expansion" in fields else 0,
        se=draw(st.sampled_from([0, 4])) if "se" in fields else 0,
        group=draw(st.sampled_from([2, 8])) if "group" in fields else 0,
    )  # fmt: skip


@st.composite
def any_structures(draw) -> Structure:
    """A valid structure of five stages, one or two blocks of any kind in each."""
    width = draw(WIDTHS)
    stem = draw(st.sampled_from(["Conv", "Focus", "SiLUFocus"]))
    found = [Block(stem, draw(st.sampled_from([3, 7])), 3, width, 2)]
    for _ in range(4):
        for number in range(draw(st.integers(1, 2))):
            found.append(draw(blocks(width, 1 if number else 2)))
            width = found[-1].out_channels
    return Structure(tuple(found))


#: the kinds of TinyNAS, ZenNAS and RegNet, with what only some of their blocks have
PEERS = Structure(
    (
        Block("Focus", 3, 3, 16, 2),
        Block("DepthwiseBlock", 5, 16, 16, 2, 64, 2, se=4),
        Block("K1KXBlock", 3, 16, 32, 2, 16, 2),
        Block("GroupedBlock", 3, 32, 64, 2, 48, 2, group=16),
        Block("KXKXBlock", 3, 64, 64, 1, 24, 2),
        Block("ZenInvertedBlock", 5, 64, 96, 2, 72, 2, 2, 4),
        Block("ZenResBlock", 3, 96, 96, 1, 32, 2),
        Block("ZenBasicBlock", 3, 96, 64, 1, 32, 2),
    )
)

#: those of DAMO-YOLO, whose units hold units
YOLO = Structure(
    (
        Block("SiLUFocus", 3, 3, 16, 2),
        Block("CSPK1KXBlock", 3, 16, 32, 2, 24, 2),
        Block("RepKXKXBlock", 5, 32, 48, 2, 16, 2),
        Block("RepK1KXBlock", 3, 48, 40, 1, 16, 2),
        Block("MobileBlock", 5, 40, 40, 2, 64, 2),
        Block("SiLUConv", 3, 40, 64, 2),
        Block("SPP", 5, 64, 64, 1),
        Block("CSPKXKXBlock", 3, 64, 64, 1, 24, 1),
    )
)

#: every kind once, with what only some of its blocks have
EVERY_KIND = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        Block("InvertedBlock", 3, 8, 8, 2, depth=2, expansion=1, se=4),
        Block("InvertedBlock", 5, 8, 16, 2, depth=2, expansion=6),
        Block("BasicBlock", 3, 16, 24, 2, 8, 2),
        Block("MaxPool", 3, 24, 24, 1),
        Block("ResBlock", 5, 24, 32, 2, 8, 2),
    )
)
