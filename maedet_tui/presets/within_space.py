"""What the limits of a space leave: whether they contradict each other, and whether the
initial structure keeps to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.blocks import KINDS
from engine.formats.strict_yaml import Path as KeyPath
from engine.search.widths import ROUNDING, bottlenecks, outputs_with_bottleneck
from engine.settings import Space
from engine.structure import LEVELS, Structure, stage_bounds
from maedet_tui.presets.schema import PresetFile

RATIO = ("space", "bottleneck_ratio")


@dataclass(frozen=True, slots=True)
class Finding:
    """A block of the initial structure that a limit of the space does not allow.

    index: of the block. key: of the block's; None for the block as a whole. limit: path of
    the limit. change, relax: what to do about the block, or about the limit. excess: by how
    much, where one block may need more than another.
    """

    index: int
    key: str | None
    limit: tuple[str, ...]
    message: str
    change: str
    relax: str
    excess: float = 0.0


def check_space(
    model: PresetFile,
    structure: Structure,
    sound: Callable[..., bool],
    report: Callable[[KeyPath, str], None],
) -> None:
    """Report each limit that the initial structure breaks, and limits that leave nothing.

    sound, report: as in `crosschecks`.
    """
    space = model.space.settings()
    found = [one for one in _findings(space, structure) if sound(one.limit)]
    if sound(("space",)) and _leave_no_width(space, report):
        found = [one for one in found if one.limit != RATIO]
    if not any(KINDS[block.kind].mutable for block in structure.blocks):
        kinds = ", ".join(space.blocks)
        report(("initial",), f"has no block that a search could change; use some of {kinds}")
    if isinstance(model.initial, list):
        for one in found:
            path: KeyPath = ("initial", one.index)
            report(
                (*path, one.key) if one.key else path, f"{one.message}; {one.change} or {one.relax}"
            )
        return
    like = "maedet-mb-s" if "InvertedBlock" in space.blocks else "maedet-m"
    for limit in dict.fromkeys(one.limit for one in found):
        same = [one for one in found if one.limit == limit]
        worst = max(same, key=lambda one: one.excess)
        others = ", ".join(str(one.index + 1) for one in same if one is not worst)
        report(
            ("initial",),
            f"block {worst.index + 1} of {model.initial!r}: {worst.message}"
            + (f" (likewise block {others})" if others else "")
            + f"; {worst.relax}, or write `initial` as a list of blocks, as {like} has it",
        )


def breaches(space: Space, structure: Structure) -> Iterator[str]:
    """What of a structure the space does not allow, block by block."""
    for one in _findings(space, structure):
        yield f"block {one.index + 1}: {one.message}"


def _leave_no_width(space: Space, report: Callable[[KeyPath, str], None]) -> bool:
    """Whether the limits leave residual blocks no width at all, which is then reported."""
    residual = [kind for kind in space.blocks if "bottleneck" in KINDS[kind].mutable]
    if not residual or outputs_with_bottleneck(space):
        return False
    low, high = space.bottleneck_ratio
    report(
        RATIO,
        f"leaves a {residual[0]} no width: no two multiples of width_step {space.width_step} up "
        f"to max_width {space.max_width} have a ratio of {low:g} to {high:g}; widen it, or raise "
        "max_width",
    )
    return True


def _findings(space: Space, structure: Structure) -> Iterator[Finding]:
    for index, block in enumerate(structure.blocks):
        kind = KINDS[block.kind]
        if "depth" in kind.fields and block.kind not in space.blocks:
            yield Finding(
                index, "block", ("space", "blocks"),
                f"is a {block.kind}, but space.blocks has {', '.join(space.blocks)}",
                "use one of these", f"add {block.kind} there",
            )  # fmt: skip
        for key, choices in (("kernel", space.kernels), ("expansion", space.expansions)):
            value = getattr(block, key)
            if key in kind.mutable and value not in choices:
                yield Finding(
                    index, key, ("space", f"{key}s"),
                    f"{key} is {value}, but space.{key}s has {', '.join(map(str, choices))}",
                    "use one of these", "add it there",
                )  # fmt: skip
        widths = [("out", block.out_channels)]
        if "bottleneck" in kind.fields:
            widths.append(("bottleneck", block.bottleneck))
        for key, width in widths:
            if width > space.max_width:
                yield Finding(
                    index, key, ("space", "max_width"),
                    f"{key} is {width}, over space.max_width {space.max_width}",
                    "lower it", f"raise max_width to {_up(width, space.width_step)}", width,
                )  # fmt: skip
            if width % space.width_step:
                near = max(1, round(width / space.width_step)) * space.width_step
                yield Finding(
                    index, key, ("space", "width_step"),
                    f"{key} is {width}, not a multiple of space.width_step {space.width_step}",
                    f"write {near}", "lower width_step",
                )  # fmt: skip
        if "bottleneck" in kind.fields:
            low, high = space.bottleneck_ratio
            ratio = block.bottleneck / block.out_channels
            if not low - ROUNDING <= ratio <= high + ROUNDING:
                yield Finding(
                    index, None, RATIO,
                    f"bottleneck over out is {ratio:.3g}, outside space.bottleneck_ratio "
                    f"{low:g} to {high:g}",
                    _bottleneck(space, block.out_channels), "widen the limits",
                    max(low - ratio, ratio - high),
                )  # fmt: skip
        if "depth" in kind.fields and block.depth > space.split_above:
            yield Finding(
                index, "depth", ("space", "split_above"),
                f"depth is {block.depth}, over space.split_above {space.split_above}",
                "divide the block", f"raise split_above to {block.depth}", block.depth,
            )  # fmt: skip
    for level, (start, end), limit in zip(
        LEVELS, stage_bounds(structure.blocks), space.stage_depths, strict=True
    ):
        stage = structure.blocks[start:end]
        depth = sum(block.depth for block in stage if "depth" in KINDS[block.kind].fields)
        if depth > limit:
            yield Finding(
                start, None, ("space", "stage_depths", level),
                f"stage {level} has {depth} bottlenecks, over space.stage_depths.{level} {limit}",
                "start shallower", f"raise that to {depth}",
            )  # fmt: skip


def _bottleneck(space: Space, out: int) -> str:
    limits = bottlenecks(space, out)
    return f"write a bottleneck from {limits[0]} to {limits[1]}" if limits else "change out"


def _up(width: int, step: int) -> int:
    return -(-width // step) * step
