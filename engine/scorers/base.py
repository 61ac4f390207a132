"""What a score is, and what a scorer offers: nothing else is known of either outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import nan
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeGuard, runtime_checkable

from engine.blocks import Layer, units
from engine.settings import GRADIENT_PROXIES
from engine.structure import LEVELS, Block, Structure

if TYPE_CHECKING:
    from engine.settings import Forward

#: what a scorer is given to poll: whether its caller has given up
Stop = Callable[[], bool]

#: what a proxy has in place of entropies
NO_ENTROPIES = (nan,) * len(LEVELS)


class ScoringError(RuntimeError):
    """A structure could not be scored, in one sentence that a user can act on."""


def refuse_stacked(structure: Structure) -> None:
    """Raise ScoringError for a block that stacks pixels or paths, or has paths within paths: the
    proxies know convolutions and poolings in a row alone."""
    for number, block in enumerate(structure.blocks, 1):
        if not in_a_row(block):
            other = "a Conv with stride 2" if block.kind.endswith("Focus") else "a ResBlock"
            raise ScoringError(
                f"block {number} is a {block.kind}, which no proxy knows: score it by its entropy, "
                f"or write {other}"
            )


@lru_cache(maxsize=1 << 12)
def in_a_row(block: Block) -> bool:
    """Whether each path of a block's units is a row of convolutions and poolings."""
    parts = [part for unit, _ in units(block) for part in (*unit.main, *(unit.shortcut or ()))]
    return all(isinstance(part, Layer) and part.op != "unshuffle" for part in parts)


class Cancelled(Exception):
    """Scoring was given up because the caller asked for it."""


@dataclass(frozen=True, slots=True)
class Score:
    """Z of a structure and how it was obtained.

    z: multi-scale entropy (Eq. 5), or the value of a proxy. entropies: H of C1-C5, in
    nats (Eq. 3-4); all nan of a proxy, which has none. z_std: standard deviation of Z
    over single forward passes, measured if there were at least two, else predicted (nan
    of a proxy). passes: forward passes behind z; 0 for the closed form, whose z is exact
    and needs none. method: "closed-form", "forward", or a proxy's name. detail: one
    line for people, such as "forward, 4 passes, float32 on cpu".
    """

    z: float
    entropies: tuple[float, ...]
    z_std: float
    method: str
    detail: str
    passes: int = 0

    @property
    def is_entropy(self) -> bool:
        """Whether z is an entropy and not a proxy's value."""
        return self.method in ("closed-form", "forward")

    @property
    def by_images(self) -> bool:
        """Whether z depends on how many images a pass has, as a determinant's logarithm does."""
        return self.method.startswith("naswot") or self.method in GRADIENT_PROXIES

    @property
    def z_error(self) -> float:
        """Standard error of z: 0 for the closed form, else z_std / sqrt(passes)."""
        return self.z_std / self.passes**0.5 if self.passes else 0.0


def never() -> bool:
    """The default answer to "has the caller given up?"."""
    return False


class Scorer(Protocol):
    """Scores structures in batches."""

    @property
    def method(self) -> str:
        """As `Score.method`."""

    @property
    def detail(self) -> str:
        """One line on how, for people."""

    @property
    def batch(self) -> int:
        """How many structures it likes to be given at once."""

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about what it had to change on the way, such as a halved batch."""

    def score(self, structures: Sequence[Structure], cancelled: Stop = never) -> list[Score]:
        """Score each structure.

        Raises ScoringError for a structure that has no finite score, and Cancelled
        soon after `cancelled()` turns true.
        """


@runtime_checkable
class Limited(Protocol):
    """A scorer that keeps to a memory limit."""

    def refuse_beyond_memory(self, structures: Sequence[Structure]) -> None:
        """Raise ScoringError if a structure cannot be scored within the memory."""

    def close(self) -> None:
        """Give back memory and threads; the scorer can still be used, and takes them again."""


def close(scorer: object) -> None:
    """Have a scorer give back its memory, if it is one that takes much."""
    if isinstance(scorer, Limited):
        scorer.close()


class Pass(NamedTuple):
    """Z and the entropies of C1-C5, in nats, of one forward pass."""

    z: float
    entropies: tuple[float, ...]


class Passes(Protocol):
    """Makes forward passes singly."""

    def passes(
        self, structure: Structure, count: int, first: int = 0, cancelled: Stop = never
    ) -> list[Pass]:
        """Passes `first` to `first` + `count` - 1 through one structure. Raises as
        `Scorer.score` does."""

    def described(self, passes: int) -> str:
        """How a score of that many passes is obtained, in one line for people."""


class PassScorer(Passes, Scorer, Protocol):
    """A scorer of method "forward": its scores are made of single passes.

    forward: of which `repeats` passes make a score of a search, those of the first indices.
    """

    @property
    def forward(self) -> Forward: ...

    def passes_each(
        self, structures: Sequence[Structure], index: int, cancelled: Stop = never
    ) -> list[Pass]:
        """Pass number `index` through each structure, side by side. Raises as `score` does."""

    def summary(self, structure: Structure, passes: Sequence[Pass]) -> Score:
        """The score that these passes through the structure amount to."""


def makes_passes(scorer: Scorer) -> TypeGuard[PassScorer]:
    """Whether the scorer is one of forward passes."""
    return scorer.method == "forward"
