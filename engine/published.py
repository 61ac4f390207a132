"""Structures of other papers, as data: what presets for their budgets are shown beside.

The zoo has what the paper itself prints; these are classifiers of 224 x 224 pixels without
their classifier, which the printed figures include, and the backbone of a detector.
"""

from __future__ import annotations

from engine.structure import Block, Structure
from engine.zoo import ZOO, ZooEntry


def _structure(
    stem: int, *rows: tuple[int, int, int, int, int], kind: str, **same: int
) -> Structure:
    """rows: (kernel, out, stride, bottleneck, depth). same: other fields, alike in all rows."""
    blocks, width = [Block("Conv", 3, 3, stem, 2)], stem
    for kernel, out, stride, inside, depth in rows:
        blocks.append(Block(kind, kernel, width, out, stride, inside, depth, **same))
        width = out
    return Structure(tuple(blocks))


_DEEPMAD_29M = _structure(
    40,
    (5, 40, 1, 240, 2),
    (5, 85, 2, 512, 4),
    (5, 134, 2, 800, 6),
    (5, 201, 2, 1208, 6),
    (5, 312, 2, 1872, 5),
    kind="DepthwiseBlock",
    se=4,
)

_DAMO_YOLO_T = (
    Block("Focus", 3, 3, 24, 2),
    Block("RepK1KXBlock", 3, 24, 64, 2, 24, 2),
    Block("RepK1KXBlock", 3, 64, 96, 2, 64, 2),
    Block("RepK1KXBlock", 3, 96, 192, 2, 96, 2),
    Block("RepK1KXBlock", 3, 192, 192, 1, 152, 2),
    Block("RepK1KXBlock", 3, 192, 384, 2, 192, 1),
    Block("SPP", 5, 384, 384, 1),
)

_ENTRIES = (
    ZooEntry(
        "deepmad-r18",
        "DeepMAD-R18",
        "Shen et al. 2023",
        _structure(
            32,
            (5, 96, 2, 40, 1),
            (5, 384, 2, 40, 6),
            (5, 384, 2, 64, 9),
            (3, 1024, 1, 104, 10),
            (5, 672, 2, 104, 12),
            kind="ResBlock",
        ),
        "11.69M",
        "1.82G",
    ),
    ZooEntry(
        "r50-like",
        "R50-like",
        "TinyNAS",
        _structure(
            16,
            (3, 256, 2, 64, 6),
            (3, 360, 2, 88, 8),
            (3, 512, 2, 176, 7),
            (3, 720, 2, 360, 2),
            (3, 2896, 1, 256, 4),
            kind="ResBlock",
        ),
        "21.3M",
        "3.6G",
    ),
    ZooEntry(
        "deepmad-29m",
        "DeepMAD-29M",
        "Shen et al. 2023",
        Structure((*_DEEPMAD_29M.blocks, Block("Conv", 1, 312, 1792, 1))),
        "29M",
        "4.5G",
    ),
    ZooEntry(
        "regnetx-800mf",
        "RegNetX-800MF",
        "Radosavovic et al. 2020",
        _structure(
            32,
            (3, 64, 2, 64, 1),
            (3, 128, 2, 128, 3),
            (3, 288, 2, 288, 7),
            (3, 672, 2, 672, 5),
            kind="GroupedBlock",
            group=16,
        ),
        "7.3M",
        "800M",
    ),
    # a detector's backbone, of which no figures are printed
    ZooEntry("damo-yolo-t", "DAMO-YOLO-T", "DAMO-YOLO", Structure(_DAMO_YOLO_T)),
)

PUBLISHED: dict[str, ZooEntry] = {entry.name: entry for entry in _ENTRIES}
#: every structure that has a name
KNOWN: dict[str, ZooEntry] = {**ZOO, **PUBLISHED}
