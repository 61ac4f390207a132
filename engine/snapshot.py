"""The one thing that crosses from the engine's thread to whoever watches: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from engine.search import SearchPhase

if TYPE_CHECKING:  # a first screen shows a snapshot before there is a search
    from engine.costs import Cost
    from engine.scorers.base import Score
    from engine.search.ancestry import Ancestor
    from engine.search.member import Member
    from engine.search.tally import Tallied
    from engine.structure import Structure

#: a run that goes on, and one in which nothing will change any more
Live = Literal["starting", "running", "paused"]
Ended = Literal["finished", "stopped", "failed"]
#: states of a run, in the order they can follow each other; files keep them as they stand
RunState = Literal[Live, Ended]
LIVE: tuple[Live, ...] = get_args(Live)
ENDED: tuple[Ended, ...] = get_args(Ended)
STATES: tuple[RunState, ...] = get_args(RunState)

#: what a search is at; before it the table of a latency budget may have to be measured
#: ("timing"), after it its results are measured once more ("checking"); an exact one bounds
#: skeletons ("bounding"), then divides boxes of widths ("branching")
Phase = Literal["timing", SearchPhase, "bounding", "branching", "checking"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Portion(NamedTuple):
    """How much of something that can be counted is done."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored structure as it is shown, of a search or not, at some image size.

    cost, stage_costs: in total, and of each stage C1-C5. A `Member` in contrast belongs to
    a population, and of its thousands none is asked for the costs of its stages.
    """

    structure: Structure
    score: Score
    cost: Cost
    stage_costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class NewBest:
    """When the best changed, to what Z, and by which mutation (`C4 bottleneck 112 -> 136`)."""

    iteration: int
    z: float
    origin: str


@dataclass(frozen=True, slots=True)
class PopulationSummary:
    """Size and Z of the population P; capacity is N."""

    size: int
    capacity: int
    best: float
    mean: float
    worst: float


class Spread(NamedTuple):
    """How the Z of a population is distributed: its worst and its quartiles."""

    worst: float
    lower: float
    middle: float
    upper: float


@dataclass(frozen=True, slots=True)
class Point:
    """The best structure at one iteration, as Figures 8-10 plot it.

    stage_costs: params, FLOPs and layers of each stage C1-C5. accepted: how many children
    had entered the population by then, None where that was not recorded. parts: what each
    stage contributes to z, empty where it was not recorded or z is no entropy. spread: of the
    population's Z at that time, None where it was not recorded.
    """

    iteration: int
    z: float
    stage_costs: tuple[Cost, ...]
    accepted: int | None = None
    parts: tuple[float, ...] = ()
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """The newest structure measured by forward passes beside its closed form.

    predicted, measured: Z. error: standard error of `measured`. passes: forward
    passes behind it. iteration: of the new best that was measured. discrepant: the
    two differ by more than four standard errors. audited, waiting: how many new
    bests have been measured, and how many are still to come. detail: how measured.
    """

    iteration: int
    predicted: float
    measured: float
    error: float
    passes: int
    discrepant: bool
    audited: int
    waiting: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LatencyResult:
    """Seconds that the best structure takes under a latency budget.

    predicted: by the table of measured operations. measured: of the whole backbone, None
    before the end of the search. limit: the budget. detail: image size, batch, number
    format and device, for people.
    """

    predicted: float
    measured: float | None
    limit: float
    detail: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the final structures after re-checking.

    tied: its Z is not significantly below that of the one ranked before it.
    """

    candidate: Candidate
    tied: bool


class Worth(NamedTuple):
    """What a budget is worth to the best structure.

    name: "flops", "params" or "layers". limit: the budget. more: how much more of it. gain: by how
    much the best Z rises for that, by the multiplier for FLOPs and params, to first order.
    """

    name: str
    limit: int
    more: float
    gain: float


#: a best within this share of a bound counts as the best possible
PROVEN = 1e-6


def gap_to(bound: float, z: float) -> float:
    """How far Z is below a bound, as a share of the bound; 0 at it, and above it by rounding."""
    return max(0.0, bound - z) / abs(bound) if bound else 0.0


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known of the best possible beside a search, and how far from it the best is.

    value: no structure of the space within the budgets has a higher Z in closed form; None
    before that is known. z: of the best structure, in closed form. working: the bound is
    still being computed, or tightened. without_latency: the latency budget is left out of it.
    worth: of the budgets, once the optimum is proven.
    """

    value: float | None = None
    z: float | None = None
    working: bool = False
    without_latency: bool = False
    worth: tuple[Worth, ...] = ()

    @property
    def gap(self) -> float | None:
        """How far the best is below the bound at most, as a share of the bound."""
        return None if self.value is None or self.z is None else gap_to(self.value, self.z)

    @property
    def proven(self) -> bool:
        """Whether the best is the best possible, within a millionth."""
        return self.gap is not None and self.gap <= PROVEN


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a run at one moment.

    progress: families of operations measured, while the phase is "timing"; None otherwise.
    rate: iterations per second, lately; once the run has ended, on average. eta: seconds
    left, None before it is known. counts: how many children were "accepted", and refused as
    "duplicate" of a member, as "worse" than all of a full population, or by the budgets
    "flops", "params", "layers", "latency" (only reasons that occurred). tally: the same by the
    mutation that a child began with, and how many were the best. switched_at: iteration
    at which fine mutation began. history: the best over time, thinned to a bounded length.
    bests: the latest changes of the best, oldest first. lineage: of the best, from the initial
    structure on as far as it is recorded, itself last. members: the population, best
    first; the same tuple as long as it stays the same. notices: what the user should
    know, oldest first. recheck: the final structures re-scored, best first, where the
    score is a random one. latency: of the best, under a latency budget. bound: on Z, None
    where none is to be had. error: why a failed run failed.
    """

    state: RunState
    phase: Phase
    iteration: int
    iterations: int
    seconds: float
    rate: float
    eta: float | None
    scorer: str
    population: PopulationSummary | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    tally: tuple[Tallied, ...] = ()
    best: Candidate | None = None
    best_iteration: int = 0
    switched_at: int | None = None
    history: tuple[Point, ...] = ()
    bests: tuple[NewBest, ...] = ()
    lineage: tuple[Ancestor, ...] = ()
    members: tuple[Member, ...] = ()
    audit: Audit | None = None
    recheck: tuple[Ranked, ...] = ()
    latency: LatencyResult | None = None
    bound: Bound | None = None
    notices: tuple[str, ...] = ()
    error: str | None = None
    progress: Portion | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED
