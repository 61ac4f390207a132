"""The one thing that crosses from the engine's thread to whoever watches: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from engine.search import SearchPhase

if TYPE_CHECKING:  # a first screen shows a snapshot before there is a search
    from engine.costs import Cost
    from engine.scorers.base import Score
    from engine.search.member import Member
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
#: ("timing"), after it its results are measured once more ("checking")
Phase = Literal["timing", SearchPhase, "checking"]
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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a run at one moment.

    progress: families of operations measured, while the phase is "timing"; None otherwise.
    rate: iterations per second, lately; once the run has ended, on average. eta: seconds
    left, None before it is known. counts: how many children were "accepted", and refused as
    "duplicate" of a member, as "worse" than all of a full population, or by the budgets
    "flops", "params", "layers", "latency" (only reasons that occurred). switched_at: iteration
    at which fine mutation began. history: the best over time, thinned to a bounded length.
    bests: the latest changes of the best, oldest first. members: the population, best
    first; the same tuple as long as it stays the same. notices: what the user should
    know, oldest first. recheck: the final structures re-scored, best first, where the
    score is a random one. latency: of the best, under a latency budget. error: why a
    failed run failed.
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
    best: Candidate | None = None
    best_iteration: int = 0
    switched_at: int | None = None
    history: tuple[Point, ...] = ()
    bests: tuple[NewBest, ...] = ()
    members: tuple[Member, ...] = ()
    audit: Audit | None = None
    recheck: tuple[Ranked, ...] = ()
    latency: LatencyResult | None = None
    notices: tuple[str, ...] = ()
    error: str | None = None
    progress: Portion | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED
