"""Answers to the inverse question in a file, so that a later run goes on from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from engine.files import Unreadable, read_regular
from engine.structure import StructureError
from maedet_tui.errors import SaveError
from maedet_tui.files import write_atomically
from maedet_tui.reproduce.hypotheses import Hypothesis
from maedet_tui.reproduce.inverse import Answer, from_row

FILE = "inverse.json"
#: bytes; all hypotheses take a tenth of it
_MOST = 20_000_000
_VERSION = "maedet-tui"

Answers = dict[tuple[str, Hypothesis], Answer]


def load(folder: Path) -> Answers:
    """The answers in a folder; none where there are none, or of another version.

    Raises SaveError where the file is something else, which would be written over.
    """
    path = folder / FILE
    try:
        text = read_regular(path, _MOST)
    except Unreadable as error:
        if not path.exists():
            return {}
        raise SaveError(f"{path} {error}; name another folder with --output") from None
    try:
        held = json.loads(text)
        if held[_VERSION] != version("maedet-tui"):
            return {}
        found = [from_row(row) for row in held["answers"]]
    except (ValueError, KeyError, TypeError, RecursionError, StructureError):
        raise SaveError(
            f"{path} is no file of answers; name another folder with --output"
        ) from None
    return {(one.target, one.hypothesis): one for one in found}


def save(folder: Path, answers: Mapping[tuple[str, Hypothesis], Answer]) -> None:
    """Write all answers. Raises SaveError."""
    held = {_VERSION: version("maedet-tui"), "answers": [one.row() for one in answers.values()]}
    write_atomically(folder / FILE, json.dumps(held, indent=0) + "\n", option="--output")
