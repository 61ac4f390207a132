"""The two lists of the home screen, and what their rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from maedet_tui import formatting
from maedet_tui.widgets.arranged import Order
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
    Column("note", False, 6, optional=True),
)
#: characters of a note that stand in the list
_NOTE = 32
#: stands before a run that is to be deleted with others
CHOSEN = "* "
PRESET_ORDERS = (
    Order("name", lambda entry: entry.name.casefold()),
    Order("FLOPs", lambda entry: entry.draft and entry.draft.budget.flops),
    Order("params", lambda entry: entry.draft and entry.draft.budget.params),
    Order("layers", lambda entry: entry.draft and entry.draft.budget.layers),
)
RUN_ORDERS = (
    Order("best Z", lambda line: line.score, largest_first=True),
    Order("name", lambda line: line.name.casefold()),
    Order("preset", lambda line: line.preset.casefold() or None),
    Order("state", lambda line: line.state),
    Order("beginning", lambda line: line.created or None, largest_first=True),
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


def preset_texts(entry: Entry) -> tuple[str, ...]:
    """What of a preset words are looked for in."""
    draft = entry.draft
    if draft is None:
        return (entry.name,)
    return (entry.name, draft.description, *draft.space.blocks, draft.scorer)


def run_texts(line: Line) -> tuple[str, ...]:
    """What of a run words are looked for in."""
    return line.name, line.state, line.preset, line.note, line.scorer


def run_row(line: Line, glyphs: Glyphs, chosen: bool = False) -> Row:
    """A run at a glance; why it cannot be read, if so. chosen: whether it has a mark."""
    name: Part = (f"{CHOSEN if chosen else ''}{_printable(line.name)}",
                  "bold $success" if chosen else STRONG)  # fmt: skip
    note = line.note if len(line.note) <= _NOTE else line.note[: _NOTE - 1] + glyphs.cut
    style = _STATES.get(line.state, "")
    symbol = getattr(glyphs, line.state, glyphs.dot)
    if line.problem:
        said = f"{glyphs.warning} {line.problem.partition(': ')[2] or line.problem}"
        return Row(line.name, (name, (said, style)))
    share = line.iteration / line.iterations if line.iterations else 0.0
    # rounded down: 100 % is the end
    done = f"{int(100 * share)} %"
    return Row(
        line.name,
        (
            name,
            (f"{symbol} {line.state}", style),
            (line.preset, MUTED),
            (done, ""),
            ("-" if line.score is None else formatting.score(line.score), ""),
            (formatting.age(line.age), MUTED),
            (note, MUTED),
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
        Binding("f", "screen.numbers", "Numbers",
                tooltip="Change the six numbers that people change, then search"),
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
                tooltip="Remove the run, or all that have a mark, but none under way; asks first"),
        Binding("space", "screen.mark_run", "Mark",
                tooltip="Mark a run to be deleted with others, or take its mark away"),
        Binding("u", "screen.unmark_runs", "Unmark all", show=False,
                tooltip="Take all marks away"),
        Binding("a", "screen.note", "Note", show=False,
                tooltip="Write a line about the run, which the list shows and finds"),
        Binding("m", "screen.rename_run", "Rename", show=False,
                tooltip="Give a run another name, unless it is under way"),
        Binding("down", "cursor_down", "Next", show=False, tooltip="Mark the next row"),
        Binding("up", "cursor_up", "Before", show=False, tooltip="Mark the row before"),
    ]  # fmt: skip

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(_RUNS, characters, id)
