"""A structure as a tower in SVG: blocks as high as they are deep and as wide as their maps."""

from __future__ import annotations

from engine.structure import LEVELS, Structure
from maedet_tui import formatting
from maedet_tui.report.markup import Markup, element
from maedet_tui.structures.shape import inner_width, map_sizes

WIDTH, LEFT, TEXT = 360.0, 74.0, 118.0
#: height of a bottleneck, and the least of a block, whose words stand beside it
UNIT, LEAST, GAP = 7.0, 15.0, 2.0


def draw(
    structure: Structure, image_size: tuple[int, int], title: str, widest: int | None = None
) -> Markup:
    """The tower as a figure. widest: channels that take the whole width, so that two towers can
    have one scale."""
    widest = widest or most_channels(structure)
    room = WIDTH - LEFT - TEXT
    parts: list[Markup] = []
    y = 2.0
    for block, level, size in zip(
        structure.blocks, structure.levels, map_sizes(structure, image_size)
    ):
        height = max(UNIT * block.depth, LEAST)
        look = f"stage-{LEVELS.index(level) + 1}"
        inner = room * inner_width(block) / widest
        outer = room * block.out_channels / widest
        middle = y + height / 2 + 3.5
        depth = f" \u00d7{block.depth}" if block.depth > 1 else ""
        inside = f"{formatting.inside(block)} in " if inner_width(block) else ""
        parts += [
            element("text", level, x=0, y=middle, class_=f"name {look}"),
            element("text", formatting.image_size(size), x=LEFT - 5, y=middle, class_="tick end"),
            element("rect", x=LEFT, y=y, width=max(outer, 1.0), height=height,
                    class_=f"bar pale {look}"),
            element("rect", x=LEFT, y=y, width=inner, height=height, class_=f"bar {look}"),
            element("text", f"k{block.kernel}{depth}  {inside}{block.out_channels}",
                    x=LEFT + outer + 5, y=middle, class_="tick"),
        ]  # fmt: skip
        y += height + GAP
    drawing = element(
        "svg",
        element("title", title),
        parts,
        viewBox=f"0 0 {WIDTH:.0f} {y:.0f}",
        role="img",
    )
    return element("figure", element("figcaption", title), drawing, class_="tower")


def most_channels(*structures: Structure) -> int:
    """The widest that any of them is, inside a block or behind it."""
    return max(
        max(block.out_channels, inner_width(block))
        for structure in structures
        for block in structure.blocks
    )
