"""The keys of a preset, their types and ranges; what holds between keys is in `crosschecks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from engine.costs import PAPER_IMAGE_SIZE
from engine.settings import (
    DEFAULT_MEMORY,
    Budget,
    Forward,
    Objective,
    Schedule,
    Space,
)
from engine.structure import LEVELS
from maedet_tui.presets.quantities import parse_image_size, parse_quantity

_OBJECTIVE, _SPACE, _SCHEDULE, _FORWARD = Objective(), Space(), Schedule(), Forward()

#: the stem, four stages of one bottleneck: nothing shallower has levels C1-C5
FEWEST_LAYERS = 13


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _image_size(value: Any) -> tuple[int, int]:
    # a default is a pair already; a file can only hold text here
    return value if isinstance(value, tuple) else parse_image_size(value)


def _alphas(values: list[float]) -> list[float]:
    if len(values) != len(LEVELS):
        raise ValueError(
            f"has {len(values)} numbers, but must have {len(LEVELS)}, one each for C1-C5, "
            "such as [0, 0, 1, 1, 6]"
        )
    if any(value < 0 for value in values):
        raise ValueError("must not have negative numbers; write 0 for a level that does not count")
    if not any(values):
        raise ValueError("is zero throughout; give at least one level a weight above 0")
    return values


def _resolution(value: int) -> int:
    if value < 64 or value % 32:
        near = max(64, round(value / 32) * 32)
        raise ValueError(f"is {value}, but must be a multiple of 32 and at least 64; write {near}")
    if value > 4096:
        raise ValueError(f"is {value}, but must be at most 4096")
    return value


def _kernels(values: list[int]) -> list[int]:
    if not values:
        raise ValueError("is empty; write the kernel sides to choose from, such as [3, 5]")
    if any(value < 1 or value > 31 or value % 2 == 0 for value in values):
        raise ValueError("must hold odd sides from 1 to 31, such as [3, 5]")
    if len(set(values)) != len(values):
        raise ValueError("names a side twice; write each once")
    return values


Quantity = Annotated[int, BeforeValidator(parse_quantity)]
ImageSize = Annotated[Any, AfterValidator(_image_size)]


class BudgetSection(_Section):
    flops: Annotated[Quantity, Field(ge=1)] | None = None
    image_size: ImageSize = PAPER_IMAGE_SIZE
    params: Annotated[Quantity, Field(ge=1)] | None = None
    layers: Annotated[int, Field(ge=FEWEST_LAYERS, le=10_000)] | None = None

    def settings(self) -> Budget:
        return Budget(self.flops, self.params, self.layers, self.image_size)


class ScoreSection(_Section):
    resolution: Annotated[int, AfterValidator(_resolution)] = _OBJECTIVE.resolution
    alphas: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]], AfterValidator(_alphas)
    ] = list(_OBJECTIVE.alphas)
    size: Literal["nominal", "area", "volume", "log-channels"] = _OBJECTIVE.size
    activation: Literal["relu", "none"] = _OBJECTIVE.activation

    def settings(self) -> Objective:
        alphas = tuple(float(alpha) for alpha in self.alphas)
        return Objective(self.resolution, alphas, self.size, self.activation)


_Depth = Annotated[int, Field(ge=1, le=1000)]


class StageDepths(_Section):
    C1: _Depth = _SPACE.stage_depths[0]
    C2: _Depth = _SPACE.stage_depths[1]
    C3: _Depth = _SPACE.stage_depths[2]
    C4: _Depth = _SPACE.stage_depths[3]
    C5: _Depth = _SPACE.stage_depths[4]

    def settings(self) -> tuple[int, ...]:
        return (self.C1, self.C2, self.C3, self.C4, self.C5)


class SpaceSection(_Section):
    kernels: Annotated[list[int], AfterValidator(_kernels)] = list(_SPACE.kernels)
    width_step: Annotated[int, Field(ge=1, le=1024)] = _SPACE.width_step
    max_width: Annotated[int, Field(ge=8, le=65_536)] = _SPACE.max_width
    stage_depths: StageDepths = StageDepths()
    split_above: Annotated[int, Field(ge=2, le=1000)] = _SPACE.split_above

    def settings(self) -> Space:
        return Space(
            tuple(self.kernels),
            self.width_step,
            self.max_width,
            self.stage_depths.settings(),
            self.split_above,
        )


class SearchSection(_Section):
    population: Annotated[int, Field(ge=2, le=1_000_000)] = _SCHEDULE.population
    iterations: Annotated[int, Field(ge=1, le=10**12)] = _SCHEDULE.iterations
    keep: Annotated[int, Field(ge=1)] = _SCHEDULE.keep
    fine_at: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _SCHEDULE.fine_at
    seed: Annotated[int, Field(ge=0, lt=2**63)] = _SCHEDULE.seed

    def settings(self) -> Schedule:
        return Schedule(self.population, self.iterations, self.keep, float(self.fine_at), self.seed)


class ForwardSection(_Section):
    repeats: Annotated[int, Field(ge=1, le=100_000)] = _FORWARD.repeats
    memory: Annotated[Quantity, Field(ge=64_000_000)] = DEFAULT_MEMORY

    def settings(self) -> Forward:
        return Forward(self.repeats, self.memory)


class PresetFile(_Section):
    """A whole preset; `initial` (blocks or a zoo name) is read by `engine.formats`."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    description: str = ""
    reference: str | None = None
    budget: BudgetSection = BudgetSection()
    score: ScoreSection = ScoreSection()
    space: SpaceSection = SpaceSection()
    initial: Any = "initial"
    search: SearchSection = SearchSection()
    scorer: Literal["auto", "forward", "closed-form"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    forward: ForwardSection = ForwardSection()
    audit: bool = True
