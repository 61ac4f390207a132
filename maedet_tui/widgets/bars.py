"""One-line widgets: what runs and how it is doing, and the tabs of small terminals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Static

from engine.snapshot import Snapshot
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part

_STYLES = {
    "starting": MUTED,
    "running": "bold $success",
    "paused": "bold $warning",
    "finished": "bold $success",
    "stopped": "bold $warning",
    "failed": "bold $error",
}


@dataclass(frozen=True)
class Status:
    """What the bar says. wish: what was asked for and has not happened yet, as "pausing"."""

    preset: str
    snapshot: Snapshot
    wish: str | None
    brief: bool


class StatusBar(Panel[Status]):
    """Preset and state; progress too where no other panel may be there to show it."""

    USUAL_WIDTH = 80

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Status, width: int) -> list[Part]:
        s = shown.snapshot
        symbol = getattr(self._glyphs, s.state, self._glyphs.dot)
        facts = [f"  {formatting.phase(s.phase, s.progress)}"]
        if not shown.brief:
            facts += [
                f"{formatting.count(s.iteration)} of {formatting.count(s.iterations)}",
                formatting.rate(s.rate),
            ]
            if s.eta is not None and not s.ended:
                facts.append(f"{formatting.duration(s.eta)} left")
        return [
            (f"{shown.preset}  ", STRONG),
            (f"{symbol} {shown.wish or s.state}", _STYLES.get(s.state, STRONG)),
            ("  ".join(facts), ""),
        ]


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
