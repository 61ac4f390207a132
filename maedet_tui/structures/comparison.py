"""Structures side by side: what each has at the same place, and where it differs from one of
them, which is the first unless another is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from engine.costs import total_cost
from engine.scorers.base import Score
from engine.settings import GRADIENT_PROXIES, PROXIES, Objective
from engine.structure import LEVELS, Block, Structure
from maedet_tui import formatting
from maedet_tui.reproduce.paper import published_ap
from maedet_tui.structures.items import Item
from maedet_tui.structures.known import measured_at
from maedet_tui.structures.lines import BEST, MARK, Line

FEWEST, MOST = 2, 6
#: what can be measured on request, one forward pass or more each
MEASURES = ("forward", *PROXIES, *GRADIENT_PROXIES)
MEASURE_NAMES = {
    "forward": "Z by passes",
    "zen-score": "Zen-Score",
    "synflow": "SynFlow",
    "naswot": "NASWOT",
    "grad-norm": "GradNorm",
    "snip": "SNIP",
    "grasp": "GraSP",
    "fisher": "Fisher",
    "jacov": "jacov",
    "ntk-condition": "NTK",
}


@dataclass(frozen=True)
class Comparison:
    """Two to six structures under one objective and image size.

    scores: closed form of each, None while unknown. measured: name of a measure -> what is
    known of each structure: a score, a sentence why there is none, or None. expected: name
    of a proxy -> its closed form of each. chosen: which of the structures the others are
    compared with.
    """

    items: tuple[Item, ...]
    objective: Objective
    image_size: tuple[int, int]
    scores: tuple[Score | None, ...]
    measured: Mapping[str, tuple[Score | str | None, ...]]
    expected: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)
    chosen: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.items)


_FIELDS = (
    ("block", lambda block: block.kind),
    ("kernel", lambda block: str(block.kernel)),
    ("out", lambda block: str(block.out_channels)),
    ("bottleneck", formatting.inside),
    ("depth", lambda block: str(block.depth)),
)


def block_lines(structures: Sequence[Structure], chosen: int = 0) -> list[Line]:
    """The blocks, level by level; chosen: which structure the others are compared with.

    Levels are aligned at their last blocks: those feed the neck, and what a level has
    more of (the pooling of a ResNet, halves of a block that was split) stands before.
    """
    lines = []
    for number, level in enumerate(LEVELS):
        stages = [structure.stages[number] for structure in structures]
        deepest = max(map(len, stages))
        for place in range(deepest):
            row = [_block(stage, place - deepest) for stage in stages]
            group = f"{level}.{place + 1}" if deepest > 1 else level
            for label, value in _FIELDS:
                cells = tuple("" if block is None else value(block) for block in row)
                if set(cells) - {"", "-"}:
                    values = tuple(int(cell) if cell.isdigit() else None for cell in cells)
                    values = values if any(one is not None for one in values) else ()
                    lines.append(Line(group, label, cells, chosen=chosen, values=values))
    return lines


def _block(stage: tuple[Block, ...], from_end: int) -> Block | None:
    return stage[from_end] if -from_end <= len(stage) else None


def number_lines(shown: Comparison) -> list[Line]:
    """Costs, entropies, scores, and the paper's AP of those that have one."""
    costs = [total_cost(item.structure, shown.image_size) for item in shown.items]
    z = [score.z if score else None for score in shown.scores]
    entropies = [score.entropies if score else (None,) * len(LEVELS) for score in shown.scores]
    params, flops = [cost.params for cost in costs], [cost.flops for cost in costs]
    lines = [
        _numbers("cost", "params", params, formatting.quantity, least=True),
        _relative(params, shown.chosen),
        _numbers("", "FLOPs", flops, formatting.quantity, least=True),
        _relative(flops, shown.chosen),
        _numbers("", "layers", [cost.layers for cost in costs], str, least=True),
        *(
            _numbers("" if i else "H", level, [h[i] for h in entropies], "{:.1f}".format)
            for i, level in enumerate(LEVELS)
        ),
        _numbers("score", "Z", z, formatting.score),
        _relative(z, shown.chosen),
    ]
    for name in MEASURES:
        label = MEASURE_NAMES[name]
        if expected := shown.expected.get(name):
            lines.append(_numbers("", label, [one.z for one in expected], formatting.score))
            label = "  by passes"
        found = shown.measured.get(name, ())
        if any(one is not None for one in found):
            scores = [one.z if isinstance(one, Score) else None for one in found]
            line = _numbers("", label, scores, formatting.score)
            cells = ("failed" if isinstance(f, str) else c for f, c in zip(found, line.cells))
            lines.append(replace(line, cells=tuple(cells)))
            if name == "forward":
                lines.append(Line("", "std. error", tuple(map(_error, found)), marked=False))
    lines += _ap_lines([item.structure for item in shown.items])
    return [replace(line, chosen=shown.chosen) for line in lines]


def _numbers(
    group: str,
    label: str,
    values: Sequence[float | None],
    written: Callable[[float], str],
    *,
    least: bool = False,
) -> Line:
    """A number of each, "" where it is not known. least: the lowest is the best."""
    cells = tuple("" if value is None else written(value) for value in values)
    known = {cell: value for cell, value in zip(cells, values) if value is not None}
    best = (min if least else max)(known, key=known.__getitem__) if len(known) > 1 else None
    bests = tuple(cell == best for cell in cells)
    return Line(group, label, cells, bests=bests, values=tuple(values), written=written)


def _relative(values: Sequence[float | None], chosen: int) -> Line:
    """How much more than the chosen one's, in percent; nothing of that itself."""
    base = values[chosen]
    cells = [
        "" if v is None or not base or place == chosen else f"{100 * (v / base - 1):+.1f} %"
        for place, v in enumerate(values)
    ]
    label = "  to first" if chosen == 0 else f"  to no. {chosen + 1}"
    return Line("", label, tuple(cells), marked=False)


def _error(found: Score | str | None) -> str:
    if isinstance(found, Score) and isfinite(found.z_error):
        return f"{found.z_error:.2f}"
    return ""


def _ap_lines(structures: Sequence[Structure]) -> list[Line]:
    found = [published_ap(structure) for structure in structures]
    lines: list[Line] = []
    for how in dict.fromkeys(how for one in found for how in one):
        group = "" if lines else "AP"
        # the first part of "Table 1 (GFLV2, 6X, val2017)"; the legend has all of it
        label = how.partition(" (")[0]
        lines.append(_numbers(group, label, [one.get(how) for one in found], "{:.1f}".format))
    return lines


def legend(shown: Comparison) -> list[str]:
    """What the numbers are, in sentences."""
    objective = shown.objective
    alphas = ":".join(f"{alpha:g}" for alpha in objective.alphas)
    told = [
        f"{MARK} marks what differs from {shown.names[shown.chosen]}, {BEST} the best number of a "
        "row: the lowest cost, the highest entropy, score and AP.",
        f"FLOPs at {formatting.image_size(shown.image_size)}.",
        f"H and Z in closed form at {objective.resolution}x{objective.resolution}, alphas "
        f"{alphas} of C1-C5, {objective.size} sizes, {objective.activation}.",
    ]
    aps = dict.fromkeys(how for item in shown.items for how in published_ap(item.structure))
    if aps:
        told.append(f"AP as the paper prints it: {'; '.join(aps)}.")
    if shown.expected:
        names = [MEASURE_NAMES[name] for name in shown.expected]
        told.append(f"{', '.join(names[:-1])} and {names[-1]} in closed form as well.")
    details: dict[str, None] = {}
    for found in shown.measured.values():
        details.update({one.detail: None for one in found if isinstance(one, Score)})
    told += [f"Measured: {detail}." for detail in details]
    sides = {measured_at(name, objective) for name in shown.measured if name in GRADIENT_PROXIES}
    told += [f"Proxies of gradients at {side}x{side}." for side in sides]
    for name, found in shown.measured.items():
        for item, one in zip(shown.items, found):
            if isinstance(one, str):
                told.append(f"{MEASURE_NAMES[name]} of {item.name} failed: {one}")
    return told
