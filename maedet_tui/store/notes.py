"""A line that people write about a run: a file beside it, which no search looks at."""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.files import Unreadable, read_regular
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error, write_atomically
from maedet_tui.formatting import one_line

FILE = "note.txt"
#: characters of a note
MOST = 200


def read_note(folder: Path) -> str:
    """The note of a run, in one line that can be printed; "" where there is none."""
    with contextlib.suppress(Unreadable, UnicodeDecodeError):
        text = read_regular(folder / FILE, 4 * MOST + 2).decode("utf-8")
        return one_line(text.strip())[:MOST]
    return ""


def refuse_note(text: str) -> None:
    """Raise SaveError unless a run can have that note."""
    if len(text) > MOST:
        raise SaveError(f"a note has at most {MOST} characters, and this one {len(text)}")
    if not text.isprintable():
        raise SaveError("a note is one line of text, without control characters")


def write_note(folder: Path, text: str) -> None:
    """Keep a note of a run in place of the one before; an empty one takes that away.

    Raises SaveError.
    """
    refuse_note(text)
    path = folder / FILE
    if text:
        write_atomically(path, f"{text}\n", private=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise save_error(path, error) from None
