"""A preset under the editor's hands: its file, what was read of it, and saving it safely."""

from __future__ import annotations

import contextlib
from pathlib import Path

from maedet_tui.presets import folder
from maedet_tui.presets.folder import builtin_names
from maedet_tui.presets.library import Entry
from maedet_tui.presets.problems import PresetError
from maedet_tui.presets.reading import file_text
from maedet_tui.run import SaveError


class EditedPreset:
    """The text of a preset as it was read or last saved, and where it belongs.

    name: what the preset is called. path: its file; None for one that has none of its
    own yet, because it is built in. saved: the text in the file.
    """

    def __init__(self, entry: Entry):
        """Read the file. Raises PresetError."""
        self.name = entry.name
        self.source = entry.source
        self.saved = file_text(Path(entry.source))
        own = not entry.builtin and entry.name not in builtin_names()
        self.path = Path(entry.source) if own else None
        #: the built-in preset that it is known to come from
        self.origin = (entry.name, self.saved) if entry.builtin else None

    def changed_on_disk(self) -> bool:
        """Whether another program has written the file since; one that is gone is no loss."""
        if self.path is None or not self.path.exists():
            return False
        try:
            return file_text(self.path) != self.saved
        except PresetError:  # neither text nor ours any more
            return True

    def save(self, text: str, name: str | None = None) -> Path:
        """Write the text to the file, or under a new name. Raises SaveError."""
        if name is None and self.path is None:
            raise SaveError(f"{self.name}: is built in and stays as it is; give a new name")
        self.path = folder.save(name or self.name, text)
        self.name, self.saved, self.source = self.path.stem, text, str(self.path)
        return self.path

    def rescue(self, text: str) -> Path | None:
        """Save a text that nobody can be asked about any more, beside the others; its path."""
        with contextlib.suppress(SaveError, PresetError):
            return folder.save(folder.free_name(f"{self.name}-unsaved"), text)
        return None
