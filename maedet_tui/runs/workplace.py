"""Where the workers of a search are, and how many, where that is not as its preset says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from maedet_tui.errors import SaveError

if TYPE_CHECKING:
    from engine.scorers.workers.places import MakePlaces
    from engine.settings import Preset


class Workplace(NamedTuple):
    """workers: so many; None: as the preset says. ray: a cluster, as `maedet_tui.cluster.joining`
    has it; None: this machine. What a search finds depends on neither."""

    workers: int | None = None
    ray: str | None = None

    def words(self) -> list[str]:
        """As options of the command line."""
        said = [] if self.workers is None else ["--workers", str(self.workers)]
        return said if self.ray is None else [*said, "--ray", self.ray]

    def applied(self, preset: Preset) -> Preset:
        """The preset of a search that is here. Raises SaveError."""
        if self.workers is not None:
            preset = replace(preset, workers=self.workers)
        if self.ray is not None and preset.workers is None:
            raise SaveError(f"--ray {self.ray} is for workers, and there are none: add --workers N")
        return preset

    def places(self) -> MakePlaces | None:
        """What the engine's runner is given."""
        if self.ray is None:
            return None
        # an extra, and an import that few searches need
        from maedet_tui.cluster.workers import on_cluster

        return on_cluster(self.ray)


#: as the preset says, on this machine
HERE = Workplace()
