"""Where a sweep stands: its own database, and the run.db of each search under way."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.formats.structure_yaml import to_rows
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from maedet_tui.sweep.searched import Search
from maedet_tui.sweep.store import SweepStore


@dataclass(frozen=True, slots=True)
class Standing:
    """A sweep at one moment. live: whether a process drives it."""

    folder: Path
    searches: tuple[Search, ...]
    live: bool

    @property
    def counts(self) -> Counter[str]:
        """How many searches are in each state."""
        return Counter(one.state for one in self.searches)

    @property
    def done(self) -> float:
        """The share of all iterations that has been searched."""
        every = sum(one.iterations for one in self.searches)
        made = sum(
            one.iterations if one.state == "finished" else min(one.iteration, one.iterations)
            for one in self.searches
        )
        return made / every if every else 1.0

    def words(self) -> str:
        """So many searches, and how many in each state."""
        count = len(self.searches)
        each = ", ".join(f"{number:,} {state}" for state, number in self.counts.items())
        return f"{count:,} search{'es' if count != 1 else ''}, {each}"

    def values(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "sweep": str(self.folder),
            "live": self.live,
            "counts": dict(self.counts),
            "searches": [values(self.folder, one) for one in self.searches],
        }


def values(folder: Path, one: Search) -> dict[str, Any]:
    """The keys of a search in JSON; gap in percent."""
    return {
        "number": one.number,
        "run_dir": str(folder / one.name),
        "preset": one.preset,
        "varied": dict(one.varied),
        "state": one.state,
        "iteration": one.iteration,
        "iterations": one.iterations,
        "seconds": round(one.seconds, 3),
        "score": one.z,
        "bound": one.bound,
        "gap": None if one.gap is None else 100 * one.gap,
        "method": one.method,
        "params": one.params,
        "flops": one.flops,
        "layers": one.layers,
        "latency": one.latency,
        "structure": to_rows(one.structure) if one.structure is not None else None,
        "place": one.place,
        "error": one.error,
    }


def standing(folder: Path) -> Standing:
    """Where a sweep stands now. Raises StoreError."""
    with SweepStore(folder) as store:
        return read(store)


def read(store: SweepStore) -> Standing:
    """Where the sweep in an open database stands now. Raises StoreError."""
    live = holder(store.folder) is not None
    searches = store.searches()
    return Standing(
        store.folder,
        tuple(now(store.folder, one, live) if looked_at(one) else one for one in searches),
        live,
    )


def looked_at(one: Search) -> bool:
    """Whether the run itself may know more than the sweep's database."""
    unknown = one.begun is not None and one.z is None
    return one.state == "running" or (unknown and one.state in ("waiting", "stopped"))


def now(folder: Path, one: Search, live: bool) -> Search:
    """A search as its own run.db has it; as it was where that cannot be read yet.

    live: whether the sweep is driven; else what was running was interrupted.
    """
    interrupted = one.state == "running" and not live
    run = folder / one.name
    with contextlib.suppress(StoreError), contextlib.closing(RunReader(run)) as reader:
        if (status := reader.status()) is not None:
            cost, bound = reader.best_cost(), reader.bound(status)
            one = replace(
                one,
                **(cost._asdict() if cost is not None else {}),
                iteration=status.iteration,
                seconds=status.seconds,
                z=status.z,
                bound=bound.value if bound is not None else None,
                state="paused"
                if one.state == "running" and status.state == "paused"
                else one.state,
            )
            if one.state == "running" and (who := holder(run)) is not None:
                one = replace(one, place=str(who))
    return replace(one, state="interrupted") if interrupted else one
