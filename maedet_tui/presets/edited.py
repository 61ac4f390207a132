"""A preset under the editor's hands: its file, what was read of it, and saving it safely."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from engine.files import Unreadable, read_regular
from engine.formats.strict_yaml import MAX_LENGTH
from maedet_tui.errors import SaveError
from maedet_tui.formatting import NO_TEXT
from maedet_tui.presets import folder
from maedet_tui.presets.examined import Examined, examined
from maedet_tui.presets.folder import builtin_names
from maedet_tui.presets.library import Entry
from maedet_tui.presets.problems import PresetError, Problem
from maedet_tui.presets.reading import lenient_text


class EditedPreset:
    """The text of a preset as it was read or last saved, and where it belongs.

    name: what the preset is called. path: its file; None for one that has none of its
    own yet, because it is built in. saved: the text in the file.
    """

    def __init__(self, entry: Entry):
        """Read the file, as far as it is text. Raises PresetError."""
        self.name = entry.name
        self.source = entry.source
        self.saved, line = lenient_text(Path(entry.source))
        own = not entry.builtin and entry.name not in builtin_names()
        self.path = Path(entry.source) if own else None
        self._bytes = _bytes(self.path)
        #: whether the file has bytes that are no text, and would be lost by saving over it
        self.damaged = line > 0
        #: the built-in preset that it is known to come from
        self.origin = (entry.name, self.saved) if entry.builtin else None

    def changed_on_disk(self) -> bool:
        """Whether another program has written the file since; one that is gone is no loss."""
        return self.path is not None and self.path.exists() and _bytes(self.path) != self._bytes

    def examined(self, text: str) -> Examined:
        """What is in a text, and where it stands for bytes that are none."""
        found = examined(text, self.source, self.name, self.origin)
        if not self.damaged:
            return found
        lines = (i for i, line in enumerate(text.split("\n"), 1) if NO_TEXT in line)
        message = f"is not text in UTF-8 where {NO_TEXT} stands; write what it should be"
        here = tuple(Problem(f"{self.source}:{line}", "", message) for line in lines)
        return replace(found, problems=(*here, *found.problems))

    def save(self, text: str, name: str | None = None) -> Path:
        """Write the text to the file, or under a new name. Raises SaveError."""
        if name is None and self.path is None:
            raise SaveError(f"{self.name}: is built in and stays as it is; give a new name")
        self.path = folder.save(name or self.name, text)
        self.name, self.saved, self.source = self.path.stem, text, str(self.path)
        self._bytes, self.damaged = _bytes(self.path), False
        return self.path

    def rescue(self, text: str) -> Path | None:
        """Save a text that nobody can be asked about any more, beside the others; its path."""
        with contextlib.suppress(SaveError, PresetError):
            return folder.save(folder.free_name(f"{self.name}-unsaved"), text)
        return None


def _bytes(path: Path | None) -> bytes | None:
    if path is not None:
        with contextlib.suppress(Unreadable):
            return read_regular(path, MAX_LENGTH)
    return None
