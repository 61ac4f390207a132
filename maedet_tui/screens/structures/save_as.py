"""Saving a structure: name, folder and format, written and checked beside the screen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from maedet_tui import logs
from maedet_tui.errors import SaveError
from maedet_tui.export import (
    FORMATS,
    Exported,
    ExportError,
    GivenUp,
    Underway,
    export,
    source_of,
)
from maedet_tui.files import names_a_file
from maedet_tui.formatting import printable
from maedet_tui.screens.confirm import Confirm
from maedet_tui.structures.items import Item
from maedet_tui.widgets.panel import MUTED

#: seconds that the toast about a finished export stays
LEGIBLE = 12


class Formats(OptionList):
    """The formats; the one that is marked is the one that is written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Save", show=False, tooltip="Save in the marked format"),
        Binding(
            "down", "screen.mark(1)", "Next format", show=False, tooltip="Mark the next format"
        ),
        Binding(
            "up", "screen.mark(-1)", "Format before", show=False, tooltip="Mark the format before"
        ),
    ]


class SaveAs(ModalScreen[Path | None]):
    """Dismissed with the path once the file is there; stays open, as typed, after a failure."""

    CSS_PATH = "structures.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", tooltip="Write the file and check it"),
        Binding("escape", "leave", "Cancel",
                tooltip="Close without saving; an export that is under way goes on"),
        # where a name is written too: what enter saves is then the format that was marked
        Binding("down", "mark(1)", "Next format", show=False, tooltip="Mark the next format"),
        Binding("up", "mark(-1)", "Format before", show=False, tooltip="Mark the format before"),
    ]  # fmt: skip

    def __init__(self, item: Item, exports: list[Underway]):
        """exports: those that are being written, which one of this dialog's joins and leaves."""
        super().__init__()
        self._item, self._exports = item, exports
        self._busy: tuple[str, Underway] | None = None
        self._clock: Timer | None = None
        self._written: Path | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", classes="saving", can_focus=False):
            question = printable(f"Save {self._item.name}, {self._item.origin}")
            yield Label(question, id="question", markup=False)
            for label, value in (("Name", printable(self._item.stem)), ("Folder", str(Path.cwd()))):
                with Horizontal(classes="field"):
                    yield Label(label)
                    yield Input(value, id=label.lower(), compact=True)
            yield Formats(id="formats")
            yield Static("", id="target", markup=False)
            yield Static("", id="trouble", markup=False)
            with Horizontal(id="answers"):
                yield Button("Save (ctrl+s)", variant="primary", id="yes")
                yield Button("Cancel (esc)", id="no")

    def on_mount(self) -> None:
        formats = self.query_one(Formats)
        formats.add_options([Option(self._prompt(name, False), id=name) for name in FORMATS])
        formats.highlighted = 0
        self.query_one("#name", Input).focus()

    @staticmethod
    def _prompt(name: str, marked: bool) -> Content:
        format_ = FORMATS[name]
        lacks = f"\n  {format_.lacks}" if format_.lacks else ""
        return Content.assemble(
            (f"{'>' if marked else ' '} {name:<15}", "bold" if marked else ""),
            (format_.summary, ""),
            (lacks, "$warning"),
        )

    # --- what is asked ----------------------------------------------------------

    @property
    def format(self) -> str:
        """Name of the marked format."""
        return list(FORMATS)[self.query_one(Formats).highlighted or 0]

    @property
    def path(self) -> Path:
        """Where the file goes, its ending added if it was not typed.

        Raises ValueError with what is wrong with the name.
        """
        name = self.query_one("#name", Input).value.strip()
        folder = Path(self.query_one("#folder", Input).value.strip() or ".").expanduser()
        ending = FORMATS[self.format].ending
        if name.endswith(ending):
            name = name.removesuffix(ending)
        if not name:
            raise ValueError("There is no name to save it under; write one.")
        if not names_a_file(name):
            raise ValueError(
                f"{name!r} cannot name a file; use letters, digits, '-', '_' and '.', "
                "and write the folder in the line below."
            )
        return folder / (name + ending)

    def _tell(self, trouble: str = "") -> None:
        """Show where the file will go, and what is in the way of that."""
        try:
            target = f"Writes {self.path}"
        except ValueError as error:
            target = str(error)
        self.query_one("#target", Static).update(Content.styled(printable(target), MUTED))
        self.query_one("#trouble", Static).update(printable(trouble))
        self.query_one("#trouble").display = bool(trouble)

    def on_input_changed(self, _: Input.Changed) -> None:
        self._tell()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        for number, name in enumerate(FORMATS):
            prompt = self._prompt(name, number == event.option_index)
            self.query_one(Formats).replace_option_prompt_at_index(number, prompt)
        self._tell()

    def on_input_submitted(self, _: Input.Submitted) -> None:
        self.action_save()

    def on_option_list_option_selected(self, _: OptionList.OptionSelected) -> None:
        self.action_save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self.action_save()
        else:
            self.action_leave()

    # --- what is done -----------------------------------------------------------

    def action_mark(self, step: int) -> None:
        """Mark another format, wherever the focus is."""
        formats = self.query_one(Formats)
        formats.highlighted = ((formats.highlighted or 0) + step) % len(FORMATS)

    def action_leave(self) -> None:
        """Close; an export under way goes on, and says in a toast how it ended."""
        self.dismiss(None)

    def action_save(self) -> None:
        """Write and check, after asking if something is there already."""
        if self._busy:
            return
        try:
            path = self.path
            there = path.exists()
        except (ValueError, OSError) as error:
            self._tell(str(error))
            return
        if lacks := FORMATS[self.format].lacks:
            self._tell(f"{self.format}: {lacks}")
        elif there:
            what = "Files in it of the same names are" if path.is_dir() else "It is"
            question = f"{path} is there already.\n{what} replaced if you go on."
            dialog = Confirm(question, "Replace", "Keep")
            self.app.push_screen(dialog, lambda yes: self._begin(path) if yes else None)
        else:
            self._begin(path)

    def _begin(self, path: Path) -> None:
        self._busy = self.format, Underway(path)
        self._clock = self.set_interval(0.25, self._tick)
        self._tick()
        # a thread that outlives this dialog, and does not hold up the end of the program
        work = threading.Thread(target=self._write, args=self._busy, name="export", daemon=True)
        self._exports.append(self._busy[1])
        work.start()

    def _tick(self) -> None:
        if self._busy:
            name, underway = self._busy
            self._tell(f"Writing and checking {name}, {underway.seconds:.0f} s")

    def _write(self, format_: str, underway: Underway) -> None:
        app, item, path = self.app, self._item, underway.path
        name = path.name.removesuffix(FORMATS[format_].ending)

        def tell(call: Callable[..., None], *args: object) -> None:
            self._exports.remove(underway)
            with contextlib.suppress(RuntimeError):  # the app is gone
                app.call_from_thread(call, *args)

        try:
            source = source_of(name, item.name, item.structure)
            done = export(source, format_, path, option=None, underway=underway)
        except GivenUp:
            return
        except Exception as error:
            if underway.given_up:  # and its folder was taken away
                return
            if isinstance(error, (ExportError, SaveError)):
                tell(self._failed, str(error))
            else:  # of another package, in words of its own
                tell(self._failed, logs.failure(f"{format_} could not be written", error))
        else:
            tell(self._done, done)

    def _end(self) -> None:
        self._busy = None
        if self._clock is not None:
            self._clock.stop()

    def _failed(self, reason: str) -> None:
        self._end()
        if self.is_attached:
            self._tell(reason)
        else:
            self.app.notify(reason, title="Not saved", severity="error", timeout=LEGIBLE,
                            markup=False)  # fmt: skip

    def _done(self, done: Exported) -> None:
        self._end()
        checked = "\n".join(f"checked: {phrase}" for phrase in done.checked)
        self.app.notify(f"{done.path}\n{checked}", title=f"Saved {self._item.name}",
                        timeout=LEGIBLE, markup=False)  # fmt: skip
        self._written = done.path
        if self.app.screen is self:
            self.dismiss(done.path)

    def on_screen_resume(self) -> None:
        """What lay above this dialog is gone, and meanwhile all was written."""
        if self._written is not None:
            self.dismiss(self._written)
