"""Random structures for property tests."""

from hypothesis import strategies as st

from engine.structure import Block, Structure

widths = st.integers(1, 12).map(lambda n: 8 * n)
kernels = st.sampled_from([3, 5])


@st.composite
def structures(draw, *, most_blocks_a_stage: int = 2, most_depth: int = 4) -> Structure:
    """A valid structure of five stages, small enough to build or to pass an image through."""
    width = draw(widths)
    blocks = [Block("Conv", draw(st.sampled_from([3, 5, 7])), 3, width, 2)]
    for _ in range(4):
        for number in range(draw(st.integers(1, most_blocks_a_stage))):
            out = draw(widths)
            depth = draw(st.integers(1, most_depth))
            stride = 1 if number else 2
            blocks.append(Block("ResBlock", draw(kernels), width, out, stride, draw(widths), depth))
            width = out
    return Structure(tuple(blocks))
