"""A preset for any budget: every number that is not given follows by a rule, and says which.

The objective reads "size" as `log-channels`, and the rules of the authors' structures hold: the
optima under them, from 0.6 to 153 GFLOPs, have no stage that narrows and no level of the
detector with a single block (`docs/budgets.md`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isinf

from engine.costs import total_cost
from engine.search.beginning import beginning
from engine.search.sampling import smallest
from engine.settings import Budget, Objective, Preset, Space
from maedet_tui.errors import SaveError
from maedet_tui.formatting import quantity
from maedet_tui.presets.auto import (
    M_FLOPS,
    M_LAYERS,
    M_WIDTH,
    at_paper_size,
    layers_for,
    max_width,
    stage_depths,
)
from maedet_tui.presets.quantities import (
    format_image_size,
    format_quantity,
    parse_image_size,
    parse_quantity,
)
from maedet_tui.presets.reading import load, parse

#: below so many FLOPs at the paper's image size, inverted blocks are proposed
MOBILE_BELOW = 5e9
#: kinds of space by the word that asks for them
RESNET, MOBILE = "resnet", "mobile"
#: a stem and two units in each of C2-C5
FEWEST_LAYERS = 25
#: a stage this wide is wider than anybody trains: twice the paper's widest
WIDEST = 2 * M_WIDTH
#: T of a preset's own search
ITERATIONS = 48_000


class NotPossible(SaveError):
    """A budget for which there is no preset, with what to write instead."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is given; None is to be filled in.

    flops: at image_size (height, width). like: "resnet", "mobile" or a preset's name.
    """

    flops: int
    params: int | None = None
    layers: int | None = None
    image_size: tuple[int, int] = (800, 1280)
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A preset and how it came about.

    text: the file. reasons: (key, value, where it comes from). range: smallest and largest
    FLOPs that make sense with these layers and this image size.
    """

    text: str
    preset: Preset
    reasons: tuple[tuple[str, str, str], ...]
    range: tuple[int, int]


def proposed(wishes: Wishes, name: str | None = None) -> Proposal:
    """A preset for a budget. Raises NotPossible, and PresetError for an unknown `like`."""
    size = wishes.image_size
    mobile, kind, why = _kind(wishes)
    base = None if kind in (RESNET, MOBILE) else load(kind)
    layers = wishes.layers or layers_for(wishes.flops, size, mobile)
    if layers < FEWEST_LAYERS:
        raise NotPossible(
            f"{layers} layers leave some level of the detector with a single block; write at "
            f"least {FEWEST_LAYERS}"
        )
    deep = stage_depths(layers)
    step = 8 if base is None else base.space.width_step
    wide = max_width(wishes.flops, layers, size, step)
    space = Space(
        blocks=("InvertedBlock",) if mobile else ("ResBlock",),
        width_step=step,
        max_width=wide,
        bottleneck_ratio=(0.0, float("inf")) if mobile else (1 / 32, float("inf")),
        stage_depths=deep,
        split_above=max(10, *deep),
        monotone_widths=True,
        max_expansion=4.0,
    )
    objective = Objective(size="log-channels", resolution=320 if mobile else 384)
    if base is not None:
        objective = base.objective
        space = _like(space, base.space)
    budget = Budget(wishes.flops, wishes.params, layers, size)
    span = sensible(space, budget, layers)
    if wishes.flops < span[0] or beginning(space, budget) is None:
        raise NotPossible(
            f"{quantity(wishes.flops)} FLOPs at {format_image_size(size)} are too few for "
            f"{layers} layers: write from {quantity(span[0])} to {quantity(span[1])}"
            + (", or more params" if wishes.params is not None else "")
        )
    if wishes.flops > span[1]:
        raise NotPossible(
            f"{quantity(wishes.flops)} FLOPs at {format_image_size(size)} need stages wider than "
            f"{WIDEST} in {layers} layers: write from {quantity(span[0])} to {quantity(span[1])}, "
            "or more layers"
        )
    reasons = _reasons(wishes, objective, space, layers, mobile, why, kind)
    text = _text(wishes, objective, space, layers, reasons)
    return Proposal(text, parse(text, source="", name=name or "new"), reasons, span)


def _kind(wishes: Wishes) -> tuple[bool, str, str]:
    """Whether the space is mobile, what it is like, and why."""
    if wishes.like in (RESNET, MOBILE):
        return wishes.like == MOBILE, wishes.like, "as asked for"
    if wishes.like is not None:
        mobile = "InvertedBlock" in load(wishes.like).space.blocks
        return mobile, wishes.like, f"as in {wishes.like}"
    if at_paper_size(wishes.flops, wishes.image_size) < MOBILE_BELOW:
        few = (
            f"below {quantity(int(MOBILE_BELOW))} FLOPs at 1280x800 bottlenecks have no width left"
        )
        return True, MOBILE, few
    return False, RESNET, "Appendix A"


def _like(space: Space, base: Space) -> Space:
    return replace(space, blocks=base.blocks, kernels=base.kernels, expansions=base.expansions)


def sensible(space: Space, budget: Budget, layers: int) -> tuple[int, int]:
    """Smallest and largest FLOPs that make sense: twice what the narrowest structure costs, and
    where stages become wider than WIDEST."""
    template = beginning(space, Budget(image_size=budget.image_size))
    assert template is not None  # without limits there is one
    least = min(total_cost(one, budget.image_size).flops for one in smallest(space, template))
    area = budget.image_size[0] * budget.image_size[1] / (800 * 1280)
    most = area * layers * (WIDEST / M_WIDTH) ** 2 * M_FLOPS / M_LAYERS
    return 2 * least, int(most)


def _reasons(
    wishes: Wishes, objective: Objective, space: Space, layers: int, mobile: bool, why: str,
    kind: str,
) -> tuple[tuple[str, str, str], ...]:  # fmt: skip
    given = "as given"
    own = kind not in (RESNET, MOBILE)
    through = "MobileNetV2 (52 at 6.4G)" if mobile else "S, M and L (79, 91, 109)"
    depths = " ".join(map(str, space.stage_depths[1:]))
    return (
        ("budget.flops", str(format_quantity(wishes.flops)), given),
        ("budget.image_size", format_image_size(wishes.image_size), given),
        ("budget.params", "null" if wishes.params is None else str(format_quantity(wishes.params)),
         "no limit; FLOPs and layers bind first" if wishes.params is None else given),
        ("budget.layers", str(layers),
         given if wishes.layers else f"grows with FLOPs to the power 0.28, through {through}"),
        ("score.size", objective.size,
         f"as in {kind}" if own else "keeps C5 deep and wide at small budgets"),
        ("space.blocks", ", ".join(space.blocks), why),
        ("space.max_width", str(space.max_width),
         "M's 2048 times the root of FLOPs per layer over M's"),
        ("space.stage_depths", depths, "layers // 9, C2 at most 3: the authors' limits"),
        ("space.monotone_widths", "true", "Tables 10-15: widths never fall"),
        ("space.max_expansion", "4", "the authors' rule, out over in"),
    )  # fmt: skip


def _text(
    wishes: Wishes, objective: Objective, space: Space, layers: int,
    reasons: tuple[tuple[str, str, str], ...],
) -> str:  # fmt: skip
    """The file, a comment behind each number that followed by a rule."""
    why = {key: reason for key, _, reason in reasons}
    flops, size = format_quantity(wishes.flops), format_image_size(wishes.image_size)
    params = "null" if wishes.params is None else format_quantity(wishes.params)
    alphas = ", ".join(f"{alpha:g}" for alpha in objective.alphas)
    low, high = space.bottleneck_ratio
    lines = [
        f"# {flops} FLOPs at {size}, every number by its rule: maedet-tui presets new.",
        "# Copy this file, change what you like, and check it: maedet-tui presets validate FILE",
        "",
    ]
    kind = "mobile" if "InvertedBlock" in space.blocks else "ResNet-like"
    lines += [
        f"description: {flops} FLOPs at {size}, {kind}, {layers} layers",
        "",
        "budget:",
        _line("flops", flops, why["budget.flops"]),
        _line("image_size", size, "width x height"),
        _line("params", params, why["budget.params"]),
        _line("layers", layers, why["budget.layers"]),
        "",
        "score:                   # Z, Eq. 5",
        _line("resolution", objective.resolution, "side of the entropy's input image"),
        _line("alphas", f"[{alphas}]", "weights of C1-C5, Table 8"),
        _line("size", objective.size, why["score.size"]),
        _line("activation", objective.activation, "Eq. 2"),
        "",
        "space:",
        _line("blocks", f"[{', '.join(space.blocks)}]", why["space.blocks"]),
        _line("kernels", list(space.kernels), "Appendix A"),
    ]
    if "InvertedBlock" in space.blocks:
        lines.append(_line("expansions", list(space.expansions), "Appendix B"))
    lines += [
        _line("width_step", space.width_step, "widths in the paper's tables are multiples of 8"),
        _line("max_width", "auto", f"{space.max_width}: M's, times the root of FLOPs per layer"),
        _line("stage_depths", "auto", "layers // 9, C2 at most 3: the authors' limits"),
        _line("split_above", space.split_above, "so that a stage stays one block"),
        _line("monotone_widths", "true", why["space.monotone_widths"]),
        _line("max_expansion", 4, why["space.max_expansion"]),
    ]
    if low > 0:
        ratio = f"[{low:g}, {'null' if isinf(high) else f'{high:g}'}]"
        lines.append(_line("bottleneck_ratio", ratio, "no bottleneck below 1/32 of its output"))
    lines += [
        "",
        "initial: auto            # a pyramid of one block a stage, within the budget",
        "",
        "search:                  # Algorithm 1",
        _line("population", "auto", "what suits so many iterations"),
        _line("iterations", ITERATIONS, "a few seconds"),
        _line("keep", 10, "Algorithm 1, line 4"),
        _line("compound", 0.4, "ours, against local optima"),
        _line("trade", 0.3, "what is over a budget, another block pays for"),
        _line("seed", 0, "the same seed finds the same structure again"),
        "",
        "scorer: closed-form      # exact in expectation, and quick on any machine",
    ]
    return "\n".join(lines) + "\n"


def _line(key: str, value: object, reason: str) -> str:
    return f"{f'  {key}: {value}':<24} # {reason}"


def name_of(wishes: Wishes, preset: Preset) -> str:
    """mobile-3g, or resnet-3g-640x640 where the image is not the paper's."""
    kind = MOBILE if "InvertedBlock" in preset.space.blocks else RESNET
    size = "" if wishes.image_size == (800, 1280) else f"-{format_image_size(wishes.image_size)}"
    return f"{kind}-{format_quantity(wishes.flops)}{size}".lower()


def parsed(
    flops: str, params: str | None, layers: int | None, image_size: str, like: str | None
) -> Wishes:
    """Wishes as people write them. Raises NotPossible."""
    try:
        return Wishes(
            _quantity(flops, "flops"),
            None if params is None else _quantity(params, "params"),
            layers,
            parse_image_size(image_size),
            like,
        )
    except ValueError as error:
        raise NotPossible(str(error)) from None


def _quantity(text: str, name: str) -> int:
    try:
        found = parse_quantity(int(text) if text.isdigit() else text)
    except ValueError as error:
        raise ValueError(f"{name} {text!r} {error}") from None
    if found < 1:
        raise ValueError(f"{name} must be at least 1; write such as 3G")
    return found
