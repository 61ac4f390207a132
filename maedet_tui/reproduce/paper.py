"""What the paper prints, and the search behind each row.

AP columns are the paper's and are only quoted: nothing is trained here.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.structure import Structure
from engine.zoo import ZOO


class Row(NamedTuple):
    """One row of a table.

    label: as printed. preset: the search that reproduces it, None for a structure that
    was not searched. alphas: in place of the preset's. flops, params: as printed, with
    unit. ap: COCO AP_val as printed. reference: zoo name of the structure, if printed.
    """

    label: str
    preset: str | None
    flops: str
    params: str
    ap: float
    reference: str | None = None
    alphas: tuple[float, ...] | None = None


class Table(NamedTuple):
    """A table of the paper. ap: how the AP of its rows was trained and measured. against:
    zoo name of the structure that each row's Z is compared with, in place of its own."""

    name: str
    title: str
    ap: str
    rows: tuple[Row, ...]
    against: str | None = None


def _ratio(text: str, flops: str, params: str, ap: float) -> Row:
    c3, c4, c5 = map(float, text.split(":"))
    reference = "multi-scale-coarse" if text == "1:1:6" else None
    return Row(text, "multi-scale-coarse", flops, params, ap, reference, (0.0, 0.0, c3, c4, c5))


_RESNET_50 = "83.6G", "23.5M"

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "table1",
            "Table 1: MAE-DET and ResNet",
            "GFLV2, 6X, val2017",
            (
                Row("ResNet-50", None, *_RESNET_50, 44.7, "resnet-50"),
                Row("ResNet-101", None, "159.5G", "42.4M", 46.3, "resnet-101"),
                Row("MAE-DET-S", "maedet-s", "48.7G", "21.2M", 44.7, "maedet-s"),
                Row("MAE-DET-M", "maedet-m", "89.9G", "25.8M", 46.8, "maedet-m"),
                Row("MAE-DET-L", "maedet-l", "152.9G", "43.9M", 47.6, "maedet-l"),
            ),
        ),
        Table(
            "table4",
            "Table 4: search strategies",
            "FCOS, 3X, val2017",
            (
                Row("ResNet-50", None, *_RESNET_50, 38.0, "resnet-50"),
                Row("Zen-Score, coarse", "zen-score", "4.4G at 224", "67.9M", 38.1),
                Row(
                    "Single-scale, coarse",
                    "single-scale",
                    "4.4G at 224",
                    "60.1M",
                    38.8,
                    "single-scale",
                ),
                Row(
                    "Multi-scale, coarse",
                    "multi-scale-coarse",
                    "4.3G at 224",
                    "29.4M",
                    39.4,
                    "multi-scale-coarse",
                ),
                Row(
                    "Multi-scale, coarse-to-fine",
                    "maedet-m",
                    "4.4G at 224",
                    "25.8M",
                    40.0,
                    "maedet-m",
                ),
            ),
        ),
        Table(
            "table6",
            "Table 6: mobile backbones",
            "SSDLite, 600 epochs at 320, val2017",
            (
                Row("MAE-DET-MB-S", "maedet-mb-s", "201M", "0.6M", 15.9),
                Row("MAE-DET-MB-M", "maedet-mb-m", "645M", "2.0M", 22.2),
                Row("MAE-DET-MB-M-SE", "maedet-mb-m-se", "647M", "2.3M", 22.6),
            ),
        ),
        Table(
            "table8",
            "Table 8: weights of C3:C4:C5",
            "FCOS, 3X, val2017",
            (
                _ratio("1:1:1", "84.4G", "11.5M", 37.4),
                _ratio("1:1:2", "84.8G", "13.4M", 37.8),
                _ratio("1:1:4", "85.9G", "17.2M", 38.6),
                _ratio("1:1:6", "88.7G", "29.4M", 39.4),
                _ratio("1:1:8", "89.9G", "31.7M", 39.4),
                _ratio("1:4:1", "86.3G", "10.9M", 35.7),
                _ratio("4:1:1", "86.1G", "11.1M", 33.9),
            ),
        ),
        Table(
            "table9",
            "Table 9: zero-shot proxies",
            "FCOS, 3X, val2017",
            (
                Row("ResNet-50", None, "84G", "23.5M", 38.0, "resnet-50"),
                Row("SynFlow", "synflow", "90G", "67.4M", 35.6),
                Row("NASWOT", "naswot", "88G", "28.1M", 36.7),
                Row("Zen-NAS", "zen-score", "91G", "67.9M", 38.1),
                Row("MAE-DET", "maedet-m", "89G", "25.8M", 39.4),
            ),
            against="maedet-m",
        ),
    )
}


def published_ap(structure: Structure) -> dict[str, float]:
    """COCO AP_val that the paper prints of a structure, by how it was trained and measured."""
    return {
        f"{table.title.partition(':')[0]} ({table.ap})": row.ap
        for table in TABLES.values()
        for row in table.rows
        if row.reference is not None and ZOO[row.reference].structure == structure
    }
