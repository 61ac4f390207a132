"""The keys of a preset, their types and ranges; what holds between keys is in `crosschecks`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator
from pydantic_core import PydanticKnownError

from engine.blocks import KINDS
from engine.costs import PAPER_IMAGE_SIZE
from engine.formats.rows import closest, shown
from engine.settings import (
    ACTIVATIONS,
    AUTO,
    DEFAULT_MEMORY,
    DEVICES,
    DTYPES,
    OTHER_DEVICES,
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
from engine.structure import LEVELS
from maedet_tui.formatting import printable
from maedet_tui.presets.quantities import (
    MOST_FLOPS,
    MOST_MEMORY,
    MOST_PARAMS,
    parse_duration,
    parse_image_size,
    parse_percent,
    parse_quantity_to,
    parse_span,
)

_OBJECTIVE, _SPACE, _SCHEDULE, _FORWARD = Objective(), Space(), Schedule(), Forward()
_TIMING = Timing()

#: a sum weighted with more would leave the range of numbers
MOST_ALPHA = 1e12
#: characters of a description
MOST_TEXT = 5000
#: side of the entropy's input image
MOST_RESOLUTION = 4096


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _one_of(options: tuple[str, ...]) -> Callable[[Any], Any]:
    """Lets a value pass that is one of the options."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in options:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(options)})
        return value

    return check


def _or_auto(value: Any, whole: Callable[[Any], int]) -> Any:
    """Lets "auto" pass in place of a whole number."""
    if isinstance(value, str) and value != AUTO:
        raise ValueError("is not a whole number; write one such as 256, or auto")
    return value if value == AUTO else whole(value)


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
    if max(values) > MOST_ALPHA:
        raise ValueError(f"must not have numbers above {MOST_ALPHA:g}; only their ratios matter")
    return values


def _resolution(value: int) -> int:
    if value > MOST_RESOLUTION:
        raise ValueError(f"is {shown(value)}, but must be at most {MOST_RESOLUTION}")
    if value < 64 or value % 32:
        near = max(64, round(value / 32) * 32)
        raise ValueError(
            f"is {shown(value)}, but must be a multiple of 32 and at least 64; write {near}"
        )
    return value


def _kernels(values: list[int]) -> list[int]:
    if not values:
        raise ValueError("is empty; write the kernel sides to choose from, such as [3, 5]")
    if any(value < 1 or value > 31 or value % 2 == 0 for value in values):
        raise ValueError("must hold odd sides from 1 to 31, such as [3, 5]")
    if len(set(values)) != len(values):
        raise ValueError("names a side twice; write each once")
    return values


def _choices(values: list[int]) -> list[int]:
    if not values or any(value < 1 or value > 100 for value in values):
        raise ValueError("must hold whole numbers from 1 to 100, such as [1, 3, 6]")
    if len(set(values)) != len(values):
        raise ValueError("names a number twice; write each once")
    return values


def _blocks(values: list[str]) -> list[str]:
    # a mutation may turn into one another the kinds with a depth
    kinds = [name for name, kind in KINDS.items() if "depth" in kind.fields]
    if not values:
        raise ValueError(f"is empty; write the kinds of blocks to choose from: {', '.join(kinds)}")
    for value in values:
        if value not in kinds:
            raise ValueError(f"has {shown(value)}; {closest(value, kinds)}")
    if len(set(values)) != len(values):
        raise ValueError("names a kind twice; write each once")
    return values


def _ratio(values: list[float | None]) -> list[float | None]:
    if len(values) != 2:
        raise ValueError("must be two numbers, the least and the largest, such as [0.1, 1]")
    low, high = values[0] or 0.0, values[1]
    if low < 0 or (high is not None and (high <= 0 or high < low)):
        raise ValueError("must rise from the least to the largest, such as [0.1, 1]")
    return values


def _text(value: str) -> str:
    if printable(value) != value:
        raise ValueError("holds control characters, which a terminal would obey; delete them")
    return value


def _device(value: Any) -> Any:
    if isinstance(value, str) and value in OTHER_DEVICES:
        choice = ", ".join(DEVICES)
        raise ValueError(f"is {value!r}; {OTHER_DEVICES[value]}: use one of {choice}")
    return _one_of(DEVICES)(value)


Device = Annotated[Any, AfterValidator(_device)]
Scorer = Annotated[Any, AfterValidator(_one_of(SCORERS))]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_text)]
Text = Annotated[str, Field(max_length=MOST_TEXT), AfterValidator(_text)]
Flops = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_FLOPS))]
Params = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_PARAMS))]
Memory = Annotated[int, BeforeValidator(partial(parse_quantity_to, MOST_MEMORY))]
#: more would wait for the search, which makes their children
MOST_WORKERS = 256
Population = Annotated[int, Field(ge=2, le=1_000_000), WrapValidator(_or_auto)] | Literal["auto"]
ImageSize = Annotated[Any, AfterValidator(_image_size)]


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
    dtype: Annotated[Any, AfterValidator(_one_of(DTYPES))] = _TIMING.dtype

    def settings(self) -> Timing:
        return Timing(self.batch, self.dtype)


class ScoreSection(_Section):
    resolution: Annotated[int, AfterValidator(_resolution)] = _OBJECTIVE.resolution
    alphas: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]], AfterValidator(_alphas)
    ] = list(_OBJECTIVE.alphas)
    size: Annotated[Any, AfterValidator(_one_of(SIZE_READINGS))] = _OBJECTIVE.size
    activation: Annotated[Any, AfterValidator(_one_of(ACTIVATIONS))] = _OBJECTIVE.activation

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


def _range(values: list[int | None]) -> list[int | None]:
    if len(values) != 2:
        raise ValueError("must be two widths, the least and the largest, such as [64, 256]")
    low, high = values[0] or 0, values[1]
    if low < 0 or (high is not None and (high < 1 or high < low)):
        raise ValueError("must rise from the least to the largest, such as [64, 256]")
    return values


_Range = Annotated[list[int | None], AfterValidator(_range)]
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
    blocks: Annotated[list[str], AfterValidator(_blocks)] = list(_SPACE.blocks)
    kernels: Annotated[list[int], AfterValidator(_kernels)] = list(_SPACE.kernels)
    expansions: Annotated[list[int], AfterValidator(_choices)] = list(_SPACE.expansions)
    width_step: Annotated[int, Field(ge=1, le=1024)] = _SPACE.width_step
    max_width: Annotated[int, Field(ge=8, le=65_536)] = _SPACE.max_width
    bottleneck_ratio: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)] | None], AfterValidator(_ratio)
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
    strategy: Annotated[Any, AfterValidator(_one_of(STRATEGIES))] = _SCHEDULE.strategy
    compound: Annotated[float, Field(ge=0, le=0.9, allow_inf_nan=False)] = _SCHEDULE.compound
    trade: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _SCHEDULE.trade
    balance: bool | None = _SCHEDULE.balance
    warm_start: Annotated[Any, AfterValidator(_one_of(WARM_STARTS))] | None = _SCHEDULE.warm_start
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
