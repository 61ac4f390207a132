"""Finding words in the text of the editor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Label, Static

from maedet_tui.screens.editor.yaml_area import YamlArea

#: (row, column) of a text
Place = tuple[int, int]


def places(text: str, wanted: str) -> list[Place]:
    """Where a word begins in a text, whatever its capitals; nowhere if there is no word."""
    if not wanted:
        return []
    found: list[Place] = []
    wanted = wanted.lower()
    for row, line in enumerate(text.split("\n")):
        # the length of a character's small form may be another's
        line = "".join(small if len(small := one.lower()) == 1 else one for one in line)
        column = line.find(wanted)
        while column >= 0:
            found.append((row, column))
            column = line.find(wanted, column + len(wanted))
    return found


def following(found: list[Place], here: Place, step: int) -> int:
    """Index of the place at or after `here` (step 0), after it (1) or before it (-1), and
    round from the last to the first."""
    if step < 0:
        before = [index for index, place in enumerate(found) if place < here]
        return before[-1] if before else len(found) - 1
    return next(
        (i for i, place in enumerate(found) if place > here or (place == here and not step)), 0
    )


class FindBar(Horizontal):
    """A line to type what is looked for. Out of the way until it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next place", show=False,
                tooltip="To the next place that has these words, as enter does"),
        Binding("up", "step(-1)", "Place before", show=False,
                tooltip="To the place before that has these words"),
        Binding("escape", "close", "Back to the text", tooltip="Close the line, and type on"),
    ]  # fmt: skip

    class Wanted(Message):
        """Words to go to. step: 0 while they are typed, 1 for the next place, -1 for the
        one before."""

        def __init__(self, words: str, step: int):
            super().__init__()
            self.words, self.step = words, step

    class Closed(Message):
        """Nothing more is looked for."""

    def compose(self) -> ComposeResult:
        yield Label("Find ", classes="muted")
        yield Input(id="wanted", compact=True, select_on_focus=True)
        yield Static("", id="how-many", classes="muted", markup=False)

    @property
    def words(self) -> str:
        """What is looked for."""
        return self.query_one(Input).value

    def open(self) -> None:
        """Show the line, and take the keys."""
        self.display = True
        # now, not once it is drawn: the next key may be here already
        self.screen.set_focus(self.query_one(Input))

    def tell(self, number: int, of: int) -> None:
        """Say which of the places is shown, counted from 1."""
        said = f" {number} of {of}" if of else " not found" if self.words else ""
        self.query_one("#how-many", Static).update(said)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(event.value, 0))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(1)

    def action_step(self, step: int) -> None:
        """To another place."""
        self.post_message(self.Wanted(self.words, step))

    def action_close(self) -> None:
        """Back to the text."""
        self.display = False
        self.post_message(self.Closed())


class Finding(Screen[None]):
    """A screen with a YamlArea in which words are looked for, and a FindBar to type them."""

    #: where the cursor was when the line was opened
    _from: Place = (0, 0)

    def action_find(self) -> None:
        """Open the line."""
        self._from = self.query_one(YamlArea).selection.start
        self.query_one(FindBar).open()

    def action_find_step(self, step: int) -> None:
        """To another place with the words that were looked for last."""
        if words := self.query_one(FindBar).words:
            self._find(words, step)
        else:
            self.action_find()

    @on(FindBar.Wanted)
    def _look_for(self, message: FindBar.Wanted) -> None:
        self._find(message.words, message.step)

    @on(FindBar.Closed)
    def _type_on(self) -> None:
        self.query_one(YamlArea).focus()

    def _find(self, words: str, step: int) -> None:
        area, bar = self.query_one(YamlArea), self.query_one(FindBar)
        found = places(area.text, words)
        # the more is typed, the fewer places: the first is looked for from where it began
        here = area.selection.start if step else self._from
        number = following(found, here, step) if found else -1
        bar.tell(number + 1, len(found))
        if found:
            area.select(found[number], len(words))
