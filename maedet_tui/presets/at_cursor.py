"""Which key of a preset's text a cursor is at. The text may be broken: it is being typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEY = re.compile(r"^( *)([A-Za-z_]\w*) *:(?= |$)")
#: a key within braces
_WITHIN = re.compile(r"[{,] *([A-Za-z_]\w*) *:")


def path_at(lines: Sequence[str], row: int, column: int) -> tuple[str, ...]:
    """The keys from the outermost in that lead to a place of the text, both counted from 0.

    On a line without a key, those of the section that one would be written into.
    """
    path: list[str] = []
    here = lines[row] if row < len(lines) else ""
    found = _KEY.match(here)
    if found:
        before = here[: column + 1]
        # of a mapping in one line, the last key that begins before the cursor
        within = [one[1] for one in _WITHIN.finditer(here) if one.start(1) <= column]
        if "{" in before and within:
            path.append(within[-1])
        path.insert(0, found[2])
        indent = len(found[1])
    elif here.strip():
        # a comment, a block of a list, a word that is no key yet
        indent = len(here) - len(here.lstrip())
        indent += here.lstrip().startswith("-")  # lists may stand at the key's own indentation
    else:
        indent = column
    for line in reversed(lines[:row]):
        above = _KEY.match(line)
        if above and len(above[1]) < indent:
            path.insert(0, above[2])
            indent = len(above[1])
        if indent == 0:
            break
    return tuple(path)
