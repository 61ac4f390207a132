"""What screens ask of the app: messages go up, attributes come down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.settings import Preset
    from maedet_tui.presets.library import Entry
    from maedet_tui.structures.items import Item


class SearchWith(Message):
    """Start a search with a preset, and show it."""

    def __init__(self, preset: Preset):
        super().__init__()
        self.preset = preset


class OpenRun(Message):
    """Show the run in a folder, to watch it or to look back at it."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder


class OpenSweep(Message):
    """Show the sweep in a folder."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder


class ResumeRun(Message):
    """Go on with the run in a folder, and show it."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder


class BackToSearch(Message):
    """Show the search that is under way in this process."""


class EditPreset(Message):
    """Open a preset in the editor."""

    def __init__(self, entry: Entry):
        super().__init__()
        self.entry = entry


class GoHome(Message):
    """Leave a run for the presets and runs; its search goes on."""


class Remember(Message):
    """Something was chosen that is to be as it is now at the next start too, each by its name."""

    def __init__(self, **changes: str | bool):
        super().__init__()
        self.changes = changes


class SaveStructure(Message):
    """Ask for a name and a format, and save a structure."""

    def __init__(self, item: Item):
        super().__init__()
        self.item = item
