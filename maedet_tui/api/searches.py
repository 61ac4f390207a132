"""A search from Python: begun, watched and stopped by its caller, and what it found."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import settings
from engine.costs import Cost
from engine.run.runner import Runner
from engine.scorers.base import ScoringError
from engine.snapshot import Point, Snapshot
from engine.structure import Structure
from maedet_tui import summary
from maedet_tui.api.designs import Design
from maedet_tui.api.presets import preset as preset_of
from maedet_tui.api.shown import html_table, pretty

if TYPE_CHECKING:
    from engine.backbone import Backbone

#: seconds between two looks at a search
LOOK_EVERY = 0.1
#: seconds that an interrupted search is given to end before its best is taken as it is
PATIENCE = 5.0


@dataclass(frozen=True, repr=False)
class SearchResult:
    """What a search came to; IPython shows it as a table.

    preset: of the search. best: the structure of highest Z. snapshot: all else that is known
    of the search at its end, such as its population.
    """

    preset: settings.Preset
    best: Design
    snapshot: Snapshot

    @property
    def structure(self) -> Structure:
        """The best structure."""
        return self.best.structure

    @property
    def z(self) -> float:
        """Z of the best (Eq. 5), or the value of a proxy."""
        return self.best.z

    @property
    def cost(self) -> Cost:
        """Params, FLOPs and layers of the best."""
        return self.best.cost

    @property
    def history(self) -> tuple[Point, ...]:
        """The best over time, as Figures 8-10 plot it: iteration, z, and costs by stage."""
        return self.snapshot.history

    @property
    def state(self) -> str:
        """ "finished", "stopped" before its last iteration, or "failed"."""
        return self.snapshot.state

    def module(self, **options: Any) -> Backbone:
        """The best as a torch module, as `Design.module`."""
        return self.best.module(**options)

    def export(
        self,
        format: str,
        path: str | PathLike[str] | None = None,
        *,
        weights: str | PathLike[str] | None = None,
    ) -> Path:
        """The best as a file for another program, as `Design.export`."""
        return self.best.export(format, path, weights=weights)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the best with its score and how it was found, as `best.yaml` of a run has it.

        `design` and `maedet-tui score` read it. Raises SaveError.
        """
        from engine.formats.saved_yaml import dumps
        from maedet_tui.files import write_atomically
        from maedet_tui.runs.described import described

        best = self.snapshot.best
        assert best is not None  # else there would be no result
        text = dumps(described(self.preset, self.snapshot, best))
        write_atomically(Path(path), text, named=True, option=None)
        return Path(path)

    def __repr__(self) -> str:
        return f"<SearchResult of {self.preset.name}, {self.state}: {self.best!r}>"

    def __str__(self) -> str:
        return summary.outcome(self.snapshot)

    _repr_pretty_ = pretty

    def _repr_html_(self) -> str:
        return html_table(summary.rows(self.structure), summary.outcome_lines(self.snapshot))


def search(
    preset: str | PathLike[str] | settings.Preset,
    *,
    progress: Callable[[Snapshot], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> SearchResult:
    """Search the best structure for a preset, on a thread of its own; returns when it has ended.

    preset: a name, a file, or what `preset` returns. progress: called with what is known some
    ten times a second. stop: asked as often; once it is true the search ends with what it has,
    as it does by KeyboardInterrupt (Ctrl-C, or the square of a notebook).
    Raises PresetError; ScoringError where no structure was scored. A search that fails later
    warns, and returns the best until then.
    """
    from maedet_tui.files import latency_folder

    chosen = preset_of(preset)
    runner = Runner(chosen, latency_folder=latency_folder())
    interrupt = None
    runner.start()
    try:
        while not runner.join(LOOK_EVERY):
            if progress is not None:
                progress(runner.snapshot)
            if stop is not None and stop():
                break
    except KeyboardInterrupt as error:
        interrupt = error
    finally:
        runner.stop()
        runner.join(PATIENCE)
    snapshot = runner.snapshot
    best = snapshot.best
    if best is None:
        if interrupt is not None:
            raise interrupt
        raise ScoringError(snapshot.error or "stopped before the first structure was scored")
    if snapshot.error:
        warnings.warn(snapshot.error, RuntimeWarning, stacklevel=2)
    if not snapshot.ended:  # a pass goes on without end
        snapshot = replace(snapshot, state="stopped")
    found = Design(f"{chosen.name}-best", best.structure, chosen, best.score)
    return SearchResult(chosen, found, snapshot)
