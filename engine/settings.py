"""What a search is asked to do: budget, objective, space, schedule, scorer.

Plain frozen dataclasses with the paper's own settings as defaults. Reading them
from a file, and refusing nonsense with file, key and fix, is the user's side of
the program (`maedet_tui.presets`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

from engine.costs import PAPER_IMAGE_SIZE
from engine.structure import Structure

SIZE_READINGS = ("nominal", "area", "volume", "log-channels")
ACTIVATIONS = ("relu", "none")
#: "exact" is no evolution: it bounds all skeletons, and branches (`engine.optimum`)
STRATEGIES = ("evolution", "random", "exact")
#: in place of a number: the one that suits the rest
AUTO: Literal["auto"] = "auto"
#: what a search by passes may begin with
WARM_STARTS = ("closed-form",)
#: zero-shot proxies of other papers (Table 9), each in closed form as well
PROXIES = ("zen-score", "synflow", "naswot")
#: what a proxy's name ends with where it is computed without passes
CLOSED = "-closed-form"
CLOSED_PROXIES = tuple(name + CLOSED for name in PROXIES)
#: those of a loss's or an output's gradients, by passes alone
GRADIENT_PROXIES = ("grad-norm", "snip", "grasp", "fisher", "jacov", "ntk-condition")
#: scorers whose z is no entropy
NO_ENTROPY = (*PROXIES, *CLOSED_PROXIES, *GRADIENT_PROXIES)
SCORERS = ("auto", "forward", "closed-form", *NO_ENTROPY)
DEVICES = ("auto", "cpu", "cuda")
#: what torch calls the GPUs of others, and why passes do not run there
OTHER_DEVICES = {
    "mps": "Apple's GPUs have no float64, in which the moments of a map are added up",
    "xpu": "no pass has been run on Intel's GPUs yet",
}
DTYPES = ("float32", "bfloat16", "float16")

#: memory that a search by passes keeps to, the whole process counted, in bytes: the paper's claim
DEFAULT_MEMORY = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a structure (B and L of Algorithm 1), upper ones but for those named `_min`;
    None is no limit.

    flops: at `image_size`, counted as in `engine.costs`. image_size: (height, width).
    latency: seconds for one batch at `image_size` on the preset's device. effectiveness,
    memory: as `engine.search.rules` counts them, memory in bytes.
    """

    flops: int | None = None
    params: int | None = None
    layers: int | None = None
    image_size: tuple[int, int] = PAPER_IMAGE_SIZE
    latency: float | None = None
    flops_min: int | None = None
    params_min: int | None = None
    effectiveness: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """What a latency is the time of: `batch` images in the number format `dtype`."""

    batch: int = 1
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Objective:
    """What Z is (Eq. 5).

    resolution: side of the input image of the entropy. alphas: weights of C1-C5.
    size: how "the size of the feature map" reads, one of SIZE_READINGS.
    activation: one of ACTIVATIONS; "none" is the linear chain of the released code.
    """

    resolution: int = 384
    alphas: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0, 6.0)
    size: str = "nominal"
    activation: str = "relu"


@dataclass(frozen=True, slots=True)
class Space:
    """What a mutation may reach (Appendix A).

    blocks: kinds that a block may turn into by coarse mutation; blocks of other kinds
    keep theirs. kernels, expansions: to choose from. width_step: widths are its
    multiples. max_width: largest width. bottleneck_ratio: least and largest bottleneck
    width over output width. stage_depths: most bottlenecks in each of C1-C5.
    split_above: a block with more bottlenecks is divided into two equal ones. monotone_widths:
    no block is narrower than the one before it. max_expansion: largest output width over input
    width of a block, the stem's aside. widths: least and largest output width in each of C1-C5,
    empty where `width_step` and `max_width` alone limit them.
    """

    blocks: tuple[str, ...] = ("ResBlock",)
    kernels: tuple[int, ...] = (3, 5)
    expansions: tuple[int, ...] = (1, 3, 6)
    width_step: int = 8
    max_width: int = 2048
    bottleneck_ratio: tuple[float, float] = (0.0, float("inf"))
    stage_depths: tuple[int, ...] = (1, 3, 10, 10, 10)
    split_above: int = 10
    monotone_widths: bool = False
    max_expansion: float = float("inf")
    widths: tuple[tuple[int, int], ...] = ()


#: children a member below which a search ends far from where it was going
FEWEST_CHILDREN = 150


def suited(iterations: int, trades: bool) -> int:
    """The population N that suits T `iterations`, with trades or without: `docs/optimum.md` has
    what it was chosen by."""
    least, most = (10, 64) if trades else (32, 256)
    return max(least, min(most, round(0.16 * sqrt(iterations))))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Algorithm 1: population N, iterations T, `keep` structures at the switch to
    fine mutation at iteration `fine_at` * T (1: coarse only), random `seed`.

    strategy: "evolution", or "random" for structures drawn anew each time, or "exact" for the
    proven optimum by branch and bound, which N, T and the seed mean nothing to. compound:
    probability of one more mutation on top of each one; 0 is the paper's MUTATE, and
    0.4 gets out of local optima that single changes at the edge of a budget are stuck in.
    trade: probability that one more width, or depth, is set to what the budget leaves
    room for (`engine.search.trade`); 0 in the paper. balance: trades cut a width in coarse
    mutation too, and widen one where the budget is not used up; None: as `population` is "auto".
    warm_start: "closed-form" searches by that, and only the `keep` best are measured by
    forward passes.
    stop_gap: the search ends once the best is within this share of the bound on the best
    possible. time_limit: and after so many seconds of searching.
    """

    population: int | Literal["auto"] = 256
    iterations: int = 96_000
    keep: int = 10
    fine_at: float = 0.5
    seed: int = 0
    strategy: str = "evolution"
    compound: float = 0.0
    trade: float = 0.0
    balance: bool | None = None
    warm_start: str | None = None
    stop_gap: float | None = None
    time_limit: float | None = None

    @property
    def capacity(self) -> int:
        """N: `population`, or the number that suits T where it is "auto"."""
        if self.population == AUTO:
            return max(self.keep, suited(self.iterations, self.trade > 0))
        return self.population

    @property
    def hurried(self) -> bool:
        """Whether N is too large for T: an evolution of fewer children a member ends early."""
        evolves = self.strategy == "evolution"
        return evolves and self.iterations < FEWEST_CHILDREN * self.capacity

    @property
    def balances(self) -> bool:
        """Whether trades balance: `balance`, or whether `population` is "auto"."""
        return self.population == AUTO if self.balance is None else self.balance

    @property
    def exact(self) -> bool:
        """Whether the optimum is proven rather than searched for."""
        return self.strategy == "exact"


@dataclass(frozen=True, slots=True)
class Forward:
    """How forward passes are made: `repeats` passes a score, within `memory` bytes.

    memory: on a CPU of the whole process, torch and the program included; on a GPU of its own.
    batch: images in a pass of a proxy; the entropy and SynFlow take one.
    """

    repeats: int = 1
    memory: int = DEFAULT_MEMORY
    batch: int = 16


@dataclass(frozen=True, slots=True)
class Preset:
    """Everything a search needs.

    reference: zoo name of the paper's structure for this budget, if there is one.
    source: where the preset was read, for messages. workers: processes that make the passes of
    one generation side by side; None for this process alone. audit: measure new bests of a
    closed-form search by forward passes while it runs. bound: have the best possible bounded
    in a process beside the search. timing: of the latency budget.
    """

    name: str
    initial: Structure
    budget: Budget = field(default_factory=Budget)
    objective: Objective = field(default_factory=Objective)
    space: Space = field(default_factory=Space)
    schedule: Schedule = field(default_factory=Schedule)
    scorer: str = "auto"
    device: str = "auto"
    workers: int | None = None
    forward: Forward = field(default_factory=Forward)
    audit: bool = True
    bound: bool = True
    timing: Timing = field(default_factory=Timing)
    description: str = ""
    reference: str | None = None
    source: str = ""
