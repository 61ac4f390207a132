"""The list of all structures: its groups, its rows under their headings, and its orders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from maedet_tui import formatting
from maedet_tui.structures.items import Item
from maedet_tui.structures.known import known_score
from maedet_tui.widgets.arranged import Order

#: what stands in columns behind the name, and how wide they are
_COLUMNS = (("params", 7), ("FLOPs", 7), ("layers", 7), ("Z", 10))
_COSTS = sum(size for _, size in _COLUMNS)
GROUPS = ("This search", "The paper", "Saved runs", "Files", "Population of this search")
#: characters of a name that stay in the narrowest terminal
_LEAST = 10
#: orders within each group, besides its own
ORDERS = (
    Order("name", lambda item: item.name.casefold()),
    Order("params", lambda item: item.cost.params),
    Order("FLOPs", lambda item: item.cost.flops),
    Order("layers", lambda item: item.cost.layers),
    Order("Z", lambda item: score.z if (score := known_score(item)) else None, True),
)


class ItemList(OptionList):
    """The list itself; its keys are named here so that the help can explain them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "View", tooltip="Look at the structure under the cursor"),
        Binding("down", "cursor_down", "Next structure", show=False,
                tooltip="To the next structure"),
        Binding("up", "cursor_up", "Structure before", show=False,
                tooltip="To the structure before"),
    ]  # fmt: skip

    @property
    def room(self) -> int:
        """Characters of a row."""
        return max(self.scrollable_content_region.width, _COSTS + 2 + _LEAST)


def headings(room: int) -> str:
    """What stands above the rows."""
    return f"{'  name':<{room - _COSTS}}{_columns(head for head, _ in _COLUMNS)}"


def row(item: Item, room: int, mark: str) -> Content:
    """A structure in one line; mark: of one that is to be compared, "" of others."""
    cost, score = item.cost, known_score(item)
    name = room - _COSTS - 2
    costs = (
        formatting.quantity(cost.params),
        formatting.quantity(cost.flops),
        str(cost.layers),
        formatting.score(score.z) if score else "",
    )
    return Content.assemble(
        (f"{mark:<2}", "bold $success"),
        (f"{formatting.printable(item.name)[:name]:<{name}}", "bold" if mark else ""),
        _columns(costs),
    )


def _columns(cells: Iterable[str]) -> str:
    return "".join(f"{cell:>{size}}" for cell, (_, size) in zip(cells, _COLUMNS))
