"""What the screen was like when it was last used, kept from one start of the program to the next.

Comfort and no more: a file that cannot be read or written costs nothing but that comfort.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

#: characters of a file that is ours; more is somebody else's
_MOST = 10_000


def usual_file() -> Path:
    """Where it is kept unless told otherwise."""
    from platformdirs import user_state_path

    return user_state_path("maedet-tui", appauthor=False) / "screen.json"


class Remembered:
    """Names with a word or a yes or no each; without a file nothing outlives the process."""

    def __init__(self, path: Path | None = None):
        self._path = path
        self._known: dict[str, str | bool] = {}
        if path is not None:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                with path.open(encoding="utf-8") as file:
                    found = json.loads(file.read(_MOST))
                if isinstance(found, dict):
                    self._known = {k: v for k, v in found.items() if isinstance(v, (str, bool))}

    def word(self, name: str, usual: str) -> str:
        """The word that was kept under a name, else the usual one."""
        found = self._known.get(name)
        return found if isinstance(found, str) else usual

    def yes(self, name: str) -> bool:
        """Whether a yes was kept under a name."""
        return self._known.get(name) is True

    def keep(self, **changes: str | bool) -> None:
        """Keep these from now on."""
        known = {**self._known, **changes}
        if known == self._known:
            return
        self._known = known
        if self._path is not None:
            from engine.outputs import write_whole

            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._path, json.dumps(known, indent=1).encode(), mode=0o600)
