"""All presets that have a name, built in or the user's own, sound or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maedet_tui.presets.folder import (
    builtin_file,
    builtin_names,
    further_names,
    ladder_names,
    user_presets,
)
from maedet_tui.presets.problems import PresetError, Problem

if TYPE_CHECKING:
    from engine.settings import Preset

#: lines in common, as a share, from which on one preset counts as made from another
ALIKE = 0.3


@dataclass(frozen=True, slots=True)
class Entry:
    """A preset in the list: what it says, or every problem in it.

    source: its file. draft: the preset as far as it can be read, problems or not.
    """

    name: str
    builtin: bool
    source: str
    draft: Preset | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def preset(self) -> Preset | None:
        """The preset, if there is nothing wrong with it."""
        return None if self.problems else self.draft

    @property
    def to_edit(self) -> bool:
        """Whether some problem is in the text, so that editing it helps."""
        return any(problem.line or problem.key for problem in self.problems)


def names(*, own: bool = True) -> list[Entry]:
    """Every preset unread, the user's first. Raises PresetError as `user_presets`.

    own: with the user's.
    """
    built_in = [Entry(name, True, str(builtin_file(name))) for name in builtin_names()]
    mine = user_presets() if own else {}
    return [Entry(name, False, str(path)) for name, path in mine.items()] + built_in


def steps() -> list[Entry]:
    """The presets for budgets beside the paper's, unread."""
    return [Entry(name, True, str(builtin_file(name))) for name in ladder_names()]


def further() -> Iterator[Entry]:
    """The presets for budgets beside the paper's and for classifiers, read and checked."""
    return (read(Entry(name, True, str(builtin_file(name)))) for name in further_names())


def read(unread: Entry) -> Entry:
    """The same entry, read and checked."""
    from maedet_tui.presets.reading import load_entry

    draft, problems = load_entry(unread.source, unread.name)
    if not unread.builtin and unread.name in builtin_names():
        message = f"{unread.name} is the name of a built-in preset, which wins; rename this file"
        problems = (Problem(unread.source, "", message), *problems)
    return Entry(unread.name, unread.builtin, unread.source, draft, problems)


def entries() -> Iterator[Entry]:
    """Every preset, read and checked one after the other. Raises PresetError as `names`."""
    return map(read, names())


def nearest_builtin(text: str) -> tuple[str, str] | None:
    """(name, text) of the built-in preset that a text was most likely made from, if any."""
    from difflib import SequenceMatcher

    from maedet_tui.presets.reading import file_text

    lines = text.splitlines()
    best, most = None, ALIKE
    for name in builtin_names():
        try:
            other = file_text(builtin_file(name))
        except PresetError:
            continue
        matcher = SequenceMatcher(None, lines, other.splitlines(), autojunk=False)
        if matcher.quick_ratio() > most and (ratio := matcher.ratio()) > most:
            best, most = (name, other), ratio
    return best
