"""A search as the screens and the command line see it, wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.search.member import Member
    from engine.settings import Preset
    from engine.snapshot import Snapshot


class SearchRun(Protocol):
    """A search under way or ended. Every method returns at once.

    here: whether it runs in this process, and so ends with it.
    """

    preset: Preset
    run_dir: Path
    here: bool

    @property
    def pid(self) -> int | None:
        """The process that searches, None if there is none on this machine."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest state; a new object each time something changed."""

    def best_at(self, iteration: int) -> Member | None:
        """The structure that was the best at an iteration; None where that is not known."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None:
        """End the search for good; the best so far is kept and saved."""

    def give_way(self) -> None:
        """Leave the processor to the screen for an instant: somebody waits for it."""

    @property
    def detachable(self) -> bool:
        """Whether the search can be left to a process of its own."""

    def detach(self) -> None:
        """Hold here; a process of its own goes on once the screen has closed."""

    def save(self) -> Path:
        """Write the best so far (`best.yaml`, `best.txt`); the path of the YAML.

        Raises SaveError, also when there is no best yet.
        """

    def close(self) -> None:
        """Let go of the run, which has ended or goes on elsewhere; may take a moment."""
