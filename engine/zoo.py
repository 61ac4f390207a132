"""The paper's structures (Tables 10-15) and the ResNets it compares with, as data."""

from __future__ import annotations

from typing import NamedTuple

from engine.structure import Block, Structure


class ZooEntry(NamedTuple):
    """A published structure.

    name: what users type. source: where it is printed. params, flops: as printed,
    at 1280x800 (None where the paper prints none; those of `engine.published` at 224x224).
    ap: COCO AP_val with GFLV2 and 6X training (Table 1), None where there is none.
    """

    name: str
    title: str
    source: str
    structure: Structure
    params: str | None = None
    flops: str | None = None
    ap: float | None = None

    @property
    def whose(self) -> str:
        """What stands before the title in a sentence."""
        return "the paper's" if self.name in ZOO else "the published"


def _structure(stem: tuple[int, int], *rows: tuple[int, int, int, int, int]) -> Structure:
    """Build from the tables' rows.

    stem: (kernel, out). rows: (kernel, out, stride, bottleneck, "# layers" as printed).
    """
    kernel, width = stem
    blocks = [Block("Conv", kernel, 3, width, 2)]
    for kernel, out, stride, bottleneck, printed in rows:
        blocks.append(Block("ResBlock", kernel, width, out, stride, bottleneck, 2 * printed))
        width = out
    return Structure(tuple(blocks))


def _resnet(*depths: int) -> Structure:
    blocks = [Block("Conv", 7, 3, 64, 2), Block("MaxPool", 3, 64, 64, 2)]
    width = 64
    for level, depth in enumerate(depths):
        inside = 64 << level
        blocks.append(Block("ResBlock", 3, width, 4 * inside, 2 if level else 1, inside, depth))
        width = 4 * inside
    return Structure(tuple(blocks))


_ENTRIES = (
    ZooEntry(
        "maedet-s",
        "MAE-DET-S",
        "Table 13",
        _structure(
            (3, 32),
            (5, 48, 2, 32, 1),
            (3, 272, 2, 120, 2),
            (5, 1024, 2, 80, 5),
            (3, 2048, 2, 240, 5),
        ),
        "21.2M",
        "48.7G",
        44.7,
    ),
    ZooEntry(
        "maedet-m",
        "MAE-DET-M",
        "Table 12",
        _structure(
            (3, 64),
            (3, 120, 2, 64, 1),
            (5, 512, 2, 72, 5),
            (5, 1632, 2, 112, 5),
            (5, 2048, 2, 184, 4),
        ),
        "25.8M",
        "89.9G",
        46.8,
    ),
    ZooEntry(
        "maedet-l",
        "MAE-DET-L",
        "Table 14",
        _structure(
            (3, 80),
            (3, 144, 2, 80, 1),
            (5, 608, 2, 88, 6),
            (5, 1912, 2, 136, 6),
            (5, 2400, 2, 220, 5),
        ),
        "43.9M",
        "152.9G",
        47.6,
    ),
    ZooEntry(
        "single-scale",
        "single-scale, coarse",
        "Table 10",
        _structure(
            (3, 96),
            (5, 208, 2, 32, 2),
            (5, 560, 2, 56, 1),
            (5, 1264, 2, 112, 2),
            (5, 1712, 2, 224, 3),
            (5, 2048, 1, 224, 3),
            (5, 2048, 1, 256, 4),
        ),
        "60.1M",
    ),
    ZooEntry(
        "multi-scale-coarse",
        "multi-scale, coarse",
        "Table 11",
        _structure(
            (3, 32),
            (5, 128, 2, 24, 1),
            (5, 512, 2, 72, 5),
            (5, 1632, 2, 112, 5),
            (5, 2048, 2, 216, 4),
        ),
        "29.4M",
        "88.7G",
    ),
    ZooEntry(
        "initial",
        "initial structure",
        "Table 15",
        _structure(
            (3, 64),
            (3, 256, 2, 64, 1),
            (3, 512, 2, 128, 1),
            (3, 1024, 2, 256, 1),
            (3, 2048, 2, 512, 1),
        ),
    ),
    ZooEntry(
        "resnet-50", "ResNet-50", "He et al. 2016", _resnet(3, 4, 6, 3), "23.5M", "83.6G", 44.7
    ),
    ZooEntry(
        "resnet-101", "ResNet-101", "He et al. 2016", _resnet(3, 4, 23, 3), "42.4M", "159.5G", 46.3
    ),
)

ZOO: dict[str, ZooEntry] = {entry.name: entry for entry in _ENTRIES}


def _basic(*depths: int) -> Structure:
    """ResNet-18 and -34 (He et al. 2016): residual pairs of 3x3 convolutions."""
    blocks = [Block("Conv", 7, 3, 64, 2), Block("MaxPool", 3, 64, 64, 2)]
    width = 64
    for level, depth in enumerate(depths):
        out = 64 << level
        blocks.append(Block("BasicBlock", 3, width, out, 2 if level else 1, out, depth))
        width = out
    return Structure(tuple(blocks))


def _mobilenet_v2() -> Structure:
    """MobileNetV2-1.0 (Sandler et al. 2018, Table 2), up to its last convolution."""
    blocks, width = [Block("Conv", 3, 3, 32, 2)], 32
    rows = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    )  # fmt: skip
    for expansion, out, depth, stride in rows:
        blocks.append(
            Block("InvertedBlock", 3, width, out, stride, depth=depth, expansion=expansion)
        )
        width = out
    return Structure((*blocks, Block("Conv", 1, width, 1280, 1)))


#: networks that people know the cost of, to stand beside a budget; small to large
KNOWN: dict[str, Structure] = {
    "MobileNetV2": _mobilenet_v2(),
    "ResNet-18": _basic(2, 2, 2, 2),
    "ResNet-34": _basic(3, 4, 6, 3),
    "ResNet-50": ZOO["resnet-50"].structure,
    "ResNet-101": ZOO["resnet-101"].structure,
}
