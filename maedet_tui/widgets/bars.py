"""One-line widgets: what runs and how it is doing, and the tabs of small terminals."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.snapshot import Snapshot
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs

_STYLES = {
    "starting": "$foreground-muted",
    "running": "bold $success",
    "paused": "bold $warning",
    "finished": "bold $success",
    "stopped": "bold $warning",
    "failed": "bold $error",
}


class StatusBar(Static):
    """Name of the preset, state, phase, iteration, rate: legible at any width."""

    def __init__(self, name_of_preset: str, characters: Glyphs, id: str | None = None):
        super().__init__("", id=id, markup=False)
        self._preset = name_of_preset
        self._glyphs = characters
        self._text: object = None

    def show(self, snapshot: Snapshot, wish: str | None = None) -> None:
        """Show a state. wish: what was asked for and has not happened yet, as "pausing"."""
        state = snapshot.state
        symbol = getattr(self._glyphs, state, self._glyphs.dot)
        facts = [
            f"{snapshot.phase}",
            f"{formatting.count(snapshot.iteration)} of {formatting.count(snapshot.iterations)}",
            formatting.rate(snapshot.rate),
        ]
        if snapshot.eta is not None and not snapshot.ended:
            facts.append(f"{formatting.duration(snapshot.eta)} left")
        text = (f"{symbol} {wish or state}", "  ".join(facts))
        if text == self._text:
            return
        self._text = text
        self.update(
            Content.assemble(
                (f" {self._preset}  ", "bold"),
                (text[0], _STYLES.get(state, "bold")),
                (f"  {text[1]}", ""),
            ),
            layout=False,
        )


class TabBar(Static):
    """Names of the panels that a small terminal shows one at a time; clicking works."""

    class Chosen(Message):
        """A name was clicked."""

        def __init__(self, name: str):
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[tuple[str, str]], id: str | None = None):
        super().__init__("", id=id)
        self._names = names

    def show(self, chosen: str) -> None:
        """Mark one of the names."""
        tabs = [
            f"[@click='choose(\"{name}\")']{'[reverse bold]' if name == chosen else ''} {title} "
            f"{'[/]' if name == chosen else ''}[/]"
            for name, title in self._names
        ]
        self.update(" ".join(tabs), layout=False)

    def action_choose(self, name: str) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen(name))
