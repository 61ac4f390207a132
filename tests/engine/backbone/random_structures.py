"""Random structures of all kinds of blocks, small enough to train a step in a moment."""

from hypothesis import strategies as st

from engine.structure import Block, Structure

WIDTHS = st.integers(1, 5).map(lambda n: 4 * n)


@st.composite
def blocks(draw, width: int, stride: int) -> Block:
    """One block of any kind but the stem's, which takes a map of `width` channels."""
    kind = draw(st.sampled_from(["Conv", "ResBlock", "BasicBlock", "InvertedBlock", "MaxPool"]))
    kernel, out = draw(st.sampled_from([3, 5])), draw(WIDTHS)
    depth = draw(st.integers(1, 3))
    if kind == "MaxPool":
        return Block(kind, kernel, width, width, stride)
    if kind == "Conv":
        return Block(kind, draw(st.sampled_from([1, 3, 5])), width, out, stride)
    if kind == "InvertedBlock":
        return Block(
            kind, kernel, width, out, stride, depth=depth,
            expansion=draw(st.sampled_from([1, 3, 6])), se=draw(st.sampled_from([0, 4])),
        )  # fmt: skip
    return Block(kind, kernel, width, out, stride, draw(WIDTHS), depth)


@st.composite
def any_structures(draw) -> Structure:
    """A valid structure of five stages, one or two blocks of any kind in each."""
    width = draw(WIDTHS)
    found = [Block("Conv", draw(st.sampled_from([3, 7])), 3, width, 2)]
    for _ in range(4):
        for number in range(draw(st.integers(1, 2))):
            found.append(draw(blocks(width, 1 if number else 2)))
            width = found[-1].out_channels
    return Structure(tuple(found))


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
