"""The Pareto front of what was searched: most Z for each cost, with the known beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from engine.costs import Cost, total_cost
from engine.scorers.base import Score
from engine.settings import Preset
from engine.snapshot import PROVEN
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.presets.reading import parse
from maedet_tui.store.database import FILE as RUN_FILE
from maedet_tui.store.database import StoreError
from maedet_tui.store.folders import find_run
from maedet_tui.store.reader import RunReader
from maedet_tui.structures.known import measure
from maedet_tui.sweep import store
from maedet_tui.sweep.begin import find_sweep
from maedet_tui.sweep.varied import SweepError

COSTS = ("flops", "params", "layers", "latency")
#: where a point comes from; the front is of the searched ones
SEARCHED, PUBLISHED, OPTIMUM = "search", "zoo", "optimum"
#: what the zoo holds that is no result
_NOT_SHOWN = ("initial",)


class Found(NamedTuple):
    """The best of a search. latency: predicted seconds, under a latency budget alone. proven:
    the search itself has shown that there is none better."""

    name: str
    preset: Preset
    structure: Structure
    z: float
    method: str
    latency: float | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A structure in the plane of a cost and a score.

    source: SEARCHED, PUBLISHED or OPTIMUM. dominated: another searched structure costs no more
    and scores no less, and one of the two is better.
    """

    name: str
    source: str
    x: float
    y: float
    cost: Cost
    structure: Structure
    dominated: bool = False


@dataclass(frozen=True, slots=True)
class Front:
    """Points by rising x. x: one of COSTS. y: "z", or the scorer that scored all anew.
    image_size: (height, width) that the FLOPs are counted at."""

    x: str
    y: str
    image_size: tuple[int, int]
    points: tuple[Point, ...]

    @property
    def searched(self) -> list[Point]:
        """Those that were searched, dominated or not."""
        return [one for one in self.points if one.source == SEARCHED]

    @property
    def best(self) -> list[Point]:
        """The front itself, by rising x and y."""
        return [one for one in self.searched if not one.dominated]


def found_in(refs: Sequence[str], runs_dir: Path) -> list[Found]:
    """The best of every search that users name by its run or its sweep.

    Raises StoreError for what is neither, SweepError if none has found anything.
    """
    found: list[Found] = []
    for ref in refs:
        try:
            folder = find_sweep(ref, runs_dir)
        except StoreError:
            found += _of_run(find_run(ref, runs_dir), lambda folder: folder.name)
            continue
        with store.SweepStore(folder) as opened:
            for one in opened.searches():
                if one.structure is not None and one.z is not None and one.method is not None:
                    preset = parse(opened.preset_text(one.number), name=one.preset)
                    found.append(
                        Found(
                            one.name,
                            preset,
                            one.structure,
                            one.z,
                            one.method,
                            one.latency,
                            one.gap is not None and one.gap <= PROVEN,
                        )
                    )
                elif (folder / one.name / RUN_FILE).exists():
                    with contextlib.suppress(StoreError):  # told by `sweep show`
                        found += _of_run(folder / one.name, lambda folder: folder.name)
    if not found:
        raise SweepError(f"{', '.join(refs)}: nothing has been found yet to make a front of")
    return found


def _of_run(folder: Path, name: Callable[[Path], str]) -> list[Found]:
    with contextlib.closing(RunReader(folder)) as reader:
        snapshot, preset = reader.snapshot(), reader.record.preset
    if snapshot is None or (best := snapshot.best) is None:
        return []
    latency = snapshot.latency.predicted if snapshot.latency is not None else None
    gap = snapshot.bound.gap if snapshot.bound is not None else None
    return [
        Found(
            name(folder), preset, best.structure, best.score.z, best.score.method, latency,
            gap is not None and gap <= PROVEN,
        )
    ]  # fmt: skip


def front(
    found: Sequence[Found],
    x: str,
    y: str = "z",
    optima: Sequence[tuple[str, Structure, float]] = (),
    told: Callable[[int, int], object] = lambda done, of: None,
) -> Front:
    """What was found as points, with the paper's structures and the ResNets beside it.

    y: "z" as the searches scored it, or a scorer that scores all of them anew, under the first
    one's objective. optima: (name, structure, Z) of proven ones, besides those that searches have
    proven themselves. told: (structures scored, all).
    Raises SweepError where the searches do not compare, or nothing is known of x.
    """
    preset = found[0].preset
    scorer = y
    if y == "z":
        _refuse_unlike(found)
        scorer = found[0].method
    size = preset.budget.image_size
    zoo = [entry for name, entry in ZOO.items() if name not in _NOT_SHOWN and x != "latency"]
    points, done, of = [], 0, len(zoo) + (0 if y == "z" else len(found))

    def scored(structure: Structure) -> float:
        nonlocal done
        told(done, of)
        done += 1
        score = measure(scorer, preset, structure)
        if not isinstance(score, Score):
            raise SweepError(f"--y {y}: {score or 'was broken off'}")
        return score.z

    for one in found:
        cost = total_cost(one.structure, size)
        at = one.latency if x == "latency" else float(getattr(cost, x))
        if at is None:
            raise SweepError(
                f"--x latency: {one.name} was searched without a latency budget; choose another"
            )
        z = one.z if y == "z" else scored(one.structure)
        points.append(Point(one.name, SEARCHED, at, z, cost, one.structure))
    points = marked(points)
    for entry in zoo:
        cost = total_cost(entry.structure, size)
        at = float(getattr(cost, x))
        z = scored(entry.structure)
        point = Point(entry.title, PUBLISHED, at, z, cost, entry.structure)
        points.append(replace(point, dominated=any(dominates(one, point) for one in points)))
    if y == "z" and x != "latency":
        known = {structure for _, structure, _ in optima}
        shown = [(f"optimum {one.name}", one.structure, one.z) for one in found if one.proven]
        for name, structure, z in (*optima, *(one for one in shown if one[1] not in known)):
            cost = total_cost(structure, size)
            points.append(Point(name, OPTIMUM, float(getattr(cost, x)), z, cost, structure))
    return Front(x, y, size, tuple(sorted(points, key=lambda one: (one.x, -one.y, one.name))))


def marked(points: Sequence[Point]) -> list[Point]:
    """The points, each dominated one marked; by rising x."""
    best, made = float("-inf"), []
    last: Point | None = None
    for one in sorted(points, key=lambda one: (one.x, -one.y)):
        same = last is not None and (one.x, one.y) == (last.x, last.y)
        if one.y > best or same:
            best, last = one.y, one
            made.append(one)
        else:
            made.append(replace(one, dominated=True))
    return made


def dominates(one: Point, other: Point) -> bool:
    """Whether one costs no more and scores no less, and is better in either."""
    no_worse = one.x <= other.x and one.y >= other.y
    return no_worse and (one.x, one.y) != (other.x, other.y)


def _refuse_unlike(found: Sequence[Found]) -> None:
    """Raise SweepError where the scores of searches do not compare."""
    first = found[0]
    for one in found[1:]:
        if (one.preset.objective, one.method) != (first.preset.objective, first.method):
            raise SweepError(
                f"{first.name} and {one.name} differ in objective or scorer, so their Z do not "
                "compare; --y closed-form scores all of them alike"
            )
        if one.preset.budget.image_size != first.preset.budget.image_size:
            raise SweepError(
                f"{first.name} and {one.name} differ in image size, so their FLOPs do not compare"
            )
