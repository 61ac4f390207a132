"""The two lists of the home screen, and what their rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Part
from maedet_tui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry
    from maedet_tui.store.listing import Line

_PRESETS = (
    Column("name"),
    Column("FLOPs", True),
    Column("params", True, 2),
    Column("layers", True, 1),
    Column("latency", True, 3),
    Column("space", False, 4),
    Column("scorer", False, 5),
    Column("beside", False, 6),
)
_RUNS = (
    Column("run"),
    Column("state"),
    Column("preset", False, 5),
    Column("done", True, 1),
    Column("best Z", True, 2),
    Column("age", True, 3),
)
#: styles of what a run can be; the words and symbols say the same
_STATES = {
    "running": "bold $success",
    "paused": "bold $warning",
    "starting": STRONG,
    "finished": "",
    "stopped": "$warning",
    "interrupted": "$warning",
    "failed": "$error",
    "unreadable": "$error",
}


#: above the presets for budgets beside the paper's
LADDER = Row("ladder", (("For other budgets", MUTED), ("", MUTED)), heading=True)


def preset_row(entry: Entry, glyphs: Glyphs) -> Row:
    """A preset at a glance; what is wrong with it, if anything; its name, before it is read."""
    from maedet_tui.presets.glance import glance

    name = _printable(entry.name)
    label: Part = (name if entry.builtin else f"{name} *", STRONG)
    if entry.problems:
        problem = entry.problems[0]
        said = ": ".join(part for part in (problem.key, problem.message) if part)
        where = f"line {problem.line}: " if problem.line else ""
        return Row(row_id(entry), (label, (f"{glyphs.warning} {where}{said}", "$error")))
    if entry.preset is None:
        return Row(row_id(entry), (label, ("", MUTED)))
    cells = tuple(
        (cell, "" if index < 4 else MUTED) for index, cell in enumerate(glance(entry.preset))
    )
    return Row(row_id(entry), (label, *cells))


def row_id(entry: Entry) -> str:
    """Tells a preset of the user's from a built-in one of the same name."""
    return f"{'built-in' if entry.builtin else 'own'} {entry.name}"


def run_row(line: Line, glyphs: Glyphs) -> Row:
    """A run at a glance; why it cannot be read, if so."""
    style = _STATES.get(line.state, "")
    symbol = getattr(glyphs, line.state, glyphs.dot)
    if line.problem:
        said = f"{glyphs.warning} {line.problem.partition(': ')[2] or line.problem}"
        return Row(line.name, ((_printable(line.name), STRONG), (said, style)))
    share = line.iteration / line.iterations if line.iterations else 0.0
    # rounded down: 100 % is the end
    done = f"{int(100 * share)} %"
    return Row(
        line.name,
        (
            (_printable(line.name), STRONG),
            (f"{symbol} {line.state}", style),
            (line.preset, MUTED),
            (done, ""),
            ("-" if line.score is None else formatting.score(line.score), ""),
            (formatting.age(line.age), MUTED),
        ),
    )


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)


class PresetTable(Table):
    """Presets; what a key does to the marked one is up to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Search", tooltip="Search with the marked preset"),
        Binding("e", "screen.edit", "Edit",
                tooltip="Edit the marked preset; of a built-in one, a copy is saved"),
        Binding("c", "screen.copy", "Copy",
                tooltip="Copy the marked preset into your own folder under a new name"),
        Binding("v", "screen.sweep", "Sweep", show=False,
                tooltip="Search the marked preset under many budgets, seeds or other keys"),
        Binding("d", "screen.delete_preset", "Delete",
                tooltip="Delete a preset of your own, after asking"),
        Binding("down", "cursor_down", "Next", show=False, tooltip="Mark the next row"),
        Binding("up", "cursor_up", "Before", show=False, tooltip="Mark the row before"),
    ]  # fmt: skip

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(_PRESETS, characters, id)


class RunTable(Table):
    """Runs, the one last written first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open",
                tooltip="Show the marked run, to watch it or to look back at its history"),
        Binding("r", "screen.resume", "Resume",
                tooltip="Go on with a run that was stopped, interrupted or paused"),
        Binding("R", "screen.report", "Report", key_display="R", show=False,
                tooltip="Write all that there is to say of the marked run as one page to share"),
        Binding("d", "screen.delete_run", "Delete",
                tooltip="Remove a run that is not under way, after asking"),
        Binding("down", "cursor_down", "Next", show=False, tooltip="Mark the next row"),
        Binding("up", "cursor_up", "Before", show=False, tooltip="Mark the row before"),
    ]  # fmt: skip

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(_RUNS, characters, id)
