"""A front as files: CSV, and a drawing as SVG or PNG."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from maedet_tui.files import write_atomically
from maedet_tui.sweep.front import OPTIMUM, PUBLISHED, Front, Point
from maedet_tui.sweep.varied import SweepError

ENDINGS = (".csv", ".svg", ".png")
#: what an axis says of a cost, and what its numbers are divided by
AXES = {
    "flops": ("GFLOPs", 1e9),
    "params": ("M params", 1e6),
    "layers": ("layers", 1.0),
    "latency": ("latency in ms", 1e-3),
}
HEADINGS = ("name", "source", "x", "y", "dominated", "params", "flops", "layers")


def csv_of(front: Front) -> str:
    """One row for each point."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = {"x": front.x, "y": front.y}
    writer.writerow([named.get(heading, heading) for heading in _headings(front)])
    for one in front.points:
        row = {
            "name": one.name, "source": one.source, "y": one.y,
            "x": one.x if front.x == "latency" else int(one.x),
            "dominated": int(one.dominated), **one.cost._asdict(),
        }  # fmt: skip
        writer.writerow([row[heading] for heading in _headings(front)])
    return out.getvalue()


def _headings(front: Front) -> list[str]:
    """The columns, the cost on the x axis once."""
    return [one for one in HEADINGS if one != front.x]


def write(front: Front, path: Path) -> None:
    """Write a front as what the ending of its file says. Raises SaveError and SweepError."""
    if path.suffix not in ENDINGS:
        raise SweepError(f"{path}: name a file that ends in {', '.join(ENDINGS)}")
    content = csv_of(front) if path.suffix == ".csv" else _drawn(front, path.suffix[1:])
    write_atomically(path, content, named=True, option="--output")


def _drawn(front: Front, kind: str) -> bytes:
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        raise SweepError("drawing needs matplotlib: pip install 'maedet-tui[figures]'") from None
    label, unit = AXES[front.x]
    figure, axis = plt.subplots(figsize=(7, 4.5))
    try:

        def dots(points: list[Point], **looks: object) -> None:
            axis.plot([one.x / unit for one in points], [one.y for one in points], **looks)

        dots([p for p in front.searched if p.dominated], linestyle="", marker="o",
             color="lightgrey", label="dominated")  # fmt: skip
        dots(front.best, marker="o", color="C0", drawstyle="steps-post", label="front")
        if curve := [p for p in front.points if p.source == OPTIMUM]:
            dots(curve, marker="", linestyle="--", color="C1", label="proven optimum")
        published = [p for p in front.points if p.source == PUBLISHED]
        dots(published, linestyle="", marker="x", color="C3", label="published")
        for one in published:
            axis.annotate(one.name, (one.x / unit, one.y), fontsize=7, xytext=(3, -8),
                          textcoords="offset points")  # fmt: skip
        axis.set_xlabel(label)
        axis.set_ylabel("Z" if front.y == "z" else front.y)
        axis.legend(fontsize=8)
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, dpi=150, bbox_inches="tight")
        return drawn.getvalue()
    finally:
        plt.close(figure)
