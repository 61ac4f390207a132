"""In which processes and environments a run was searched, as `environment` noted it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.formats.rows import shown
from maedet_tui.store import cells, codec

#: packages whose versions are noted, and words of a command line
_MOST_VERSIONS, _MOST_WORDS = 100, 100


@dataclass(frozen=True, slots=True)
class Session:
    """A process that searched: when it began (seconds since 1970) and at which iteration.

    versions: of Python and the packages. processors: of the machine, None where the system did
    not say. command: its words, the program first.
    """

    started: float
    from_iteration: int
    versions: tuple[tuple[str, str], ...]
    platform: str
    processors: int | None
    command: tuple[str, ...]


def read_session(row: Mapping[str, Any]) -> Session:
    """A session out of its row. Raises one of `codec.DAMAGE`."""
    noted = codec.loads(row["environment"])
    versions, command = noted["versions"], noted["command"]
    if not isinstance(versions, dict) or len(versions) > _MOST_VERSIONS:
        raise ValueError(f"its versions are {shown(versions)}")
    if not isinstance(command, list) or len(command) > _MOST_WORDS:
        raise ValueError(f"its command is {shown(command)}")
    return Session(
        cells.moment(row["started"], "session's beginning"),
        cells.whole(row["from_iteration"], "session's iteration"),
        tuple(
            (cells.text(name, "package"), cells.text(version, f"version of {name}"))
            for name, version in versions.items()
        ),
        cells.text(noted["platform"], "platform"),
        cells.maybe(cells.whole, noted["processors"], "processors"),
        tuple(cells.text(word, "command", cells.SENTENCE) for word in command),
    )
