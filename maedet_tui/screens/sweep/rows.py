"""The searches of a sweep as rows of a table."""

from __future__ import annotations

from maedet_tui import formatting
from maedet_tui.sweep.plan import named
from maedet_tui.sweep.searched import Search
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG
from maedet_tui.widgets.table import Column, Row

COLUMNS = (
    Column("search"),
    Column("state"),
    Column("done", True, 1),
    Column("best Z", True, 2),
    Column("gap", True, 4),
    Column("FLOPs", True, 3),
    Column("where", False, 5),
)
_STYLES = {
    "running": "bold $success",
    "paused": "bold $warning",
    "finished": "",
    "waiting": MUTED,
    "stopped": "$warning",
    "interrupted": "$warning",
    "failed": "$error",
}


def search_row(one: Search, glyphs: Glyphs) -> Row:
    """A search at a glance; why it has failed, if so."""
    style = _STYLES.get(one.state, "")
    symbol = getattr(glyphs, one.state, glyphs.dot)
    name = (f"{one.number} {named(one.varied) or one.preset}", STRONG)
    if one.error and one.z is None:
        return Row(str(one.number), (name, (f"{glyphs.warning} {one.error}", style)))
    where = (one.place or "").removeprefix("process ")
    return Row(
        str(one.number),
        (
            name,
            (f"{symbol} {one.state}", style),
            # rounded down: 100 % is the end
            (f"{int(100 * one.done)} %", ""),
            ("-" if one.z is None else formatting.score(one.z), ""),
            ("-" if one.gap is None else formatting.gap(one.gap), ""),
            ("-" if one.flops is None else formatting.quantity(one.flops), ""),
            (where if one.state in ("running", "paused") else "", MUTED),
        ),
    )
