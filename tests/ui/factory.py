"""Hand-made runs: realistic snapshots without an engine, and a run that records its orders."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from engine.costs import stage_costs, total_cost
from engine.scorers.base import Score
from engine.search.member import Member, Proposal
from engine.settings import Budget, Preset, Schedule
from engine.snapshot import (
    Audit,
    Bound,
    Candidate,
    Point,
    PopulationSummary,
    Ranked,
    Snapshot,
    Spread,
    Worth,
)
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.app import MaedetApp
from maedet_tui.errors import SaveError
from maedet_tui.widgets.glyphs import UNICODE, Glyphs

INITIAL = ZOO["initial"].structure
BEST = ZOO["multi-scale-coarse"].structure


def preset(name: str = "maedet-m", **changes: object) -> Preset:
    made = Preset(
        name,
        INITIAL,
        budget=Budget(flops=91_000_000_000, layers=91),
        schedule=Schedule(),
        scorer="auto",
        description="The paper's middle backbone, as heavy as ResNet-50.",
        reference="maedet-m",
        source=f"presets/{name}.yaml",
    )
    return replace(made, **changes)


def candidate(
    structure: Structure = BEST, z: float = 2260.5, method: str = "closed-form"
) -> Candidate:
    passes = 0 if method == "closed-form" else 4
    entropies = (1.6, 14.2, 91.4, 180.3, 256.6)
    score = Score(z, entropies, 8.5, method, "by hand", passes)
    return Candidate(structure, score, total_cost(structure), stage_costs(structure))


def growing(fraction: float) -> Structure:
    """A structure on the way from the initial one to the best one."""
    blocks = [
        block._replace(
            depth=max(round(fraction * last.depth), 1) if block.bottleneck else 1,
            bottleneck=round((1 - fraction) * block.bottleneck + fraction * last.bottleneck),
        )
        for block, last in zip(INITIAL.blocks, BEST.blocks)
    ]
    return Structure(tuple(blocks))


def history(until: int, points: int = 60) -> tuple[Point, ...]:
    """The best over time: fast at first, then slowly."""
    made = []
    for i in range(points):
        fraction = (i / (points - 1)) ** 0.5
        iteration, z = 10 * (int(until * (i / points) ** 2) // 10 + i), 900 + 1360 * fraction
        shares = (0.0, 0.0, 0.16, 0.16, 0.68)
        parts = tuple(share * z for share in shares)
        spread = Spread(z - 60, z - 30, z - 20, z - 10)
        made.append(
            Point(iteration, z, stage_costs(growing(fraction)), iteration // 10, parts, spread)
        )
    return tuple(made)


def members(count: int = 256, now: int = 41_200) -> tuple[Member, ...]:
    """A population that is densest at its best, with members of all ages."""
    made = candidate()
    return tuple(
        Member(
            Proposal(
                made.structure,
                made.cost,
                now - 5 - 150 * i,
                f"C{2 + i % 4} out {64 + i} -> {72 + i}",
            ),
            replace(made.score, z=2260.5 - 30.75 * (i / max(count - 1, 1)) ** 2),
        )
        for i in range(count)
    )


def snapshot(**changes: object) -> Snapshot:
    """A coarse search under way."""
    made = Snapshot(
        state="running",
        phase="coarse",
        iteration=41_200,
        iterations=96_000,
        seconds=2.1,
        rate=19_842.0,
        eta=2.8,
        scorer="closed form: exact moments with borders",
        population=PopulationSummary(256, 256, 2260.5, 2241.25, 2229.75),
        counts={
            "accepted": 4120, "duplicate": 310, "depth": 2750, "flops": 20_300, "layers": 13_720,
        },
        best=candidate(),
        best_iteration=39_871,
        history=history(39_871),
        members=members(),
    )  # fmt: skip
    return replace(made, **changes)


def starting() -> Snapshot:
    """Nothing scored yet."""
    return Snapshot("starting", "coarse", 0, 96_000, 0.0, 0.0, None, "choosing a scorer")


#: proven, with what more of the budgets of `preset` would buy
BOUND = Bound(
    2316.63, 2260.5,
    worth=(Worth("flops", 91_000_000_000, 910_000_000, 2.55), Worth("layers", 91, 3, 25.1)),
)  # fmt: skip


def fine(**changes: object) -> Snapshot:
    """After the switch."""
    values = {
        "phase": "fine", "iteration": 71_000, "switched_at": 48_000, "best_iteration": 70_200,
        "history": history(70_200), "bound": BOUND,
    }  # fmt: skip
    return snapshot(**{**values, **changes})


def finished(**changes: object) -> Snapshot:
    """At the end."""
    values = {"state": "finished", "iteration": 96_000, "eta": None, "seconds": 5.04}
    return fine(**{**values, **changes})


AUDIT = Audit(39_871, 2260.5, 2251.3, 4.25, 4, False, 12, 3, "forward, float32 on cpu")
RECHECK = (
    Ranked(candidate(z=2259.1, method="forward"), False),
    Ranked(candidate(ZOO["maedet-m"].structure, 2258.0, "forward"), True),
    Ranked(candidate(ZOO["maedet-s"].structure, 1900.0, "forward"), False),
)


class FakeRun:
    """A run that stands still until its snapshot is swapped; `orders` is what it was told."""

    here = True

    def __init__(self, snapshot: Snapshot, preset_: Preset | None = None):
        self.preset = preset_ or preset()
        self.run_dir = Path("runs/maedet-m-0")
        self.pid = os.getpid()
        self.snapshot = snapshot
        self.detachable = False
        self.orders: list[str] = []
        self.ways = 0
        self.save_error: str | None = None
        #: iteration -> the best from then on
        self.bests: dict[int, Member] = {}

    def best_at(self, iteration: int) -> Member | None:
        born = max((one for one in self.bests if one <= iteration), default=None)
        return None if born is None else self.bests[born]

    def pause(self) -> None:
        self.orders.append("pause")

    def resume(self) -> None:
        self.orders.append("resume")

    def stop(self) -> None:
        self.orders.append("stop")

    def give_way(self) -> None:
        self.ways += 1

    def detach(self) -> None:
        self.orders.append("detach")

    def close(self) -> None:
        self.orders.append("close")

    def save(self) -> Path:
        self.orders.append("save")
        if self.save_error:
            raise SaveError(self.save_error)
        return self.run_dir / "best.yaml"


def app_for(run: FakeRun, characters: Glyphs = UNICODE) -> MaedetApp:
    """The app with a run on show."""
    return MaedetApp(run=run, start=_no_start, characters=characters)


def _no_start(_: Preset) -> FakeRun:
    raise AssertionError("nothing was to be started")
