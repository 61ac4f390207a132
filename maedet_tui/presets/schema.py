"""The keys of a preset, their types and ranges; what holds between keys is in `crosschecks`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator

from engine.costs import PAPER_IMAGE_SIZE
from engine.settings import (
    ACTIVATIONS,
    DEFAULT_MEMORY,
    DTYPES,
    SCORERS,
    SIZE_READINGS,
    STRATEGIES,
    WARM_STARTS,
    Budget,
    Forward,
    Objective,
    Schedule,
    Space,
    Timing,
)
from maedet_tui.presets import values
from maedet_tui.presets.quantities import (
    MOST_FLOPS,
    MOST_MEMORY,
    MOST_PARAMS,
    parse_duration,
    parse_percent,
    parse_quantity_to,
    parse_span,
)

_OBJECTIVE, _SPACE, _SCHEDULE, _FORWARD = Objective(), Space(), Schedule(), Forward()
_TIMING = Timing()

#: characters of a description
MOST_TEXT = 5000


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Device = Annotated[Any, AfterValidator(values.device)]
Scorer = Annotated[Any, AfterValidator(values.one_of(SCORERS))]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(values.text)]
Text = Annotated[str, Field(max_length=MOST_TEXT), AfterValidator(values.text)]
Flops = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_FLOPS))]
Params = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_PARAMS))]
Memory = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_MEMORY))]
#: more would wait for the search, which makes their children
MOST_WORKERS = 256
Population = (
    Annotated[int, Field(ge=2, le=1_000_000), WrapValidator(values.or_auto)] | Literal["auto"]
)
ImageSize = Annotated[Any, AfterValidator(values.image_size)]


class BudgetSection(_Section):
    flops: Annotated[Flops, Field(ge=1)] | None = None
    image_size: ImageSize = PAPER_IMAGE_SIZE
    params: Annotated[Params, Field(ge=1)] | None = None
    layers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    latency: Annotated[float, BeforeValidator(parse_duration)] | None = None
    flops_min: Annotated[Flops, Field(ge=1)] | None = None
    params_min: Annotated[Params, Field(ge=1)] | None = None
    effectiveness: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None
    memory: Annotated[Memory, Field(ge=1)] | None = None

    def settings(self) -> Budget:
        return Budget(
            self.flops, self.params, self.layers, self.image_size, self.latency,
            self.flops_min, self.params_min,
            None if self.effectiveness is None else float(self.effectiveness), self.memory,
        )  # fmt: skip


class TimingSection(_Section):
    batch: Annotated[int, Field(ge=1, le=4096)] = _TIMING.batch
    dtype: Annotated[Any, AfterValidator(values.one_of(DTYPES))] = _TIMING.dtype

    def settings(self) -> Timing:
        return Timing(self.batch, self.dtype)


class ScoreSection(_Section):
    resolution: Annotated[int, AfterValidator(values.resolution)] = _OBJECTIVE.resolution
    alphas: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]], AfterValidator(values.alphas)
    ] = list(_OBJECTIVE.alphas)
    size: Annotated[Any, AfterValidator(values.one_of(SIZE_READINGS))] = _OBJECTIVE.size
    activation: Annotated[Any, AfterValidator(values.one_of(ACTIVATIONS))] = _OBJECTIVE.activation

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


_Range = Annotated[list[int | None], AfterValidator(values.width_range)]
_ANY: list[int | None] = [None, None]


class WidthRanges(_Section):
    C1: _Range = _ANY
    C2: _Range = _ANY
    C3: _Range = _ANY
    C4: _Range = _ANY
    C5: _Range = _ANY

    def settings(self, most: int) -> tuple[tuple[int, int], ...]:
        """Least and largest of each stage; none where nothing is limited."""
        ranges = (self.C1, self.C2, self.C3, self.C4, self.C5)
        if all(one == _ANY for one in ranges):
            return ()
        return tuple((low or 1, most if high is None else high) for low, high in ranges)


class SpaceSection(_Section):
    blocks: Annotated[list[str], AfterValidator(values.blocks)] = list(_SPACE.blocks)
    kernels: Annotated[list[int], AfterValidator(values.kernels)] = list(_SPACE.kernels)
    expansions: Annotated[list[int], AfterValidator(values.choices)] = list(_SPACE.expansions)
    width_step: Annotated[int, Field(ge=1, le=1024)] = _SPACE.width_step
    max_width: Annotated[int, Field(ge=8, le=65_536)] = _SPACE.max_width
    bottleneck_ratio: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)] | None], AfterValidator(values.ratio)
    ] = [None, None]
    stage_depths: StageDepths = StageDepths()
    split_above: Annotated[int, Field(ge=2, le=1000)] = _SPACE.split_above
    monotone_widths: bool = _SPACE.monotone_widths
    max_expansion: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    widths: WidthRanges = WidthRanges()

    def ratio(self) -> tuple[float, float]:
        """Least and largest bottleneck width over output width."""
        low, high = self.bottleneck_ratio
        return (low or 0.0, float("inf") if high is None else float(high))

    def settings(self) -> Space:
        return Space(
            blocks=tuple(self.blocks),
            kernels=tuple(self.kernels),
            expansions=tuple(self.expansions),
            width_step=self.width_step,
            max_width=self.max_width,
            bottleneck_ratio=self.ratio(),
            stage_depths=self.stage_depths.settings(),
            split_above=self.split_above,
            monotone_widths=self.monotone_widths,
            max_expansion=float("inf") if self.max_expansion is None else float(self.max_expansion),
            widths=self.widths.settings(self.max_width),
        )


class SearchSection(_Section):
    population: Population = _SCHEDULE.population
    iterations: Annotated[int, Field(ge=1, le=10**12)] = _SCHEDULE.iterations
    keep: Annotated[int, Field(ge=1)] = _SCHEDULE.keep
    fine_at: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _SCHEDULE.fine_at
    seed: Annotated[int, Field(ge=0, lt=2**63)] = _SCHEDULE.seed
    strategy: Annotated[Any, AfterValidator(values.one_of(STRATEGIES))] = _SCHEDULE.strategy
    compound: Annotated[float, Field(ge=0, le=0.9, allow_inf_nan=False)] = _SCHEDULE.compound
    trade: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _SCHEDULE.trade
    balance: bool | None = _SCHEDULE.balance
    warm_start: Annotated[Any, AfterValidator(values.one_of(WARM_STARTS))] | None = (
        _SCHEDULE.warm_start
    )
    stop_gap: Annotated[float, BeforeValidator(parse_percent)] | None = None
    time_limit: Annotated[float, BeforeValidator(parse_span)] | None = None

    def settings(self) -> Schedule:
        return Schedule(
            population=self.population,
            iterations=self.iterations,
            keep=self.keep,
            fine_at=float(self.fine_at),
            seed=self.seed,
            strategy=self.strategy,
            compound=float(self.compound),
            trade=float(self.trade),
            balance=self.balance,
            warm_start=self.warm_start,
            stop_gap=self.stop_gap,
            time_limit=self.time_limit,
        )


class ForwardSection(_Section):
    repeats: Annotated[int, Field(ge=1, le=100_000)] = _FORWARD.repeats
    memory: Annotated[Memory, Field(ge=64_000_000)] = DEFAULT_MEMORY
    batch: Annotated[int, Field(ge=2, le=4096)] = _FORWARD.batch

    def settings(self) -> Forward:
        return Forward(self.repeats, self.memory, self.batch)


class PresetFile(_Section):
    """A whole preset; `initial` (blocks or a zoo name) is read by `engine.formats`."""

    name: Name | None = None
    description: Text = ""
    reference: str | None = None
    budget: BudgetSection = BudgetSection()
    score: ScoreSection = ScoreSection()
    space: SpaceSection = SpaceSection()
    initial: Any = "initial"
    search: SearchSection = SearchSection()
    scorer: Scorer = "auto"
    device: Device = "auto"
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] | None = None
    forward: ForwardSection = ForwardSection()
    timing: TimingSection = TimingSection()
    audit: bool = True
    bound: bool = True


def section(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of the section under a key; None for a key of one value, or an unknown one."""
    field = model.model_fields.get(key)
    kind = None if field is None else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
