"""What must hold between the keys of a preset, such as an initial structure within budget."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from engine.checks import check
from engine.costs import total_cost
from engine.formats.limits import refuse_oversized
from engine.formats.rows import closest, shown
from engine.formats.strict_yaml import Path as KeyPath
from engine.formats.structure_yaml import read_rows
from engine.messages import and_more
from engine.published import KNOWN
from engine.search.beginning import beginning
from engine.search.sampling import smallest
from engine.settings import AUTO, CLOSED_PROXIES, NO_ENTROPY
from engine.structure import Structure, StructureError
from engine.zoo import ZOO
from maedet_tui.presets.quantities import format_quantity
from maedet_tui.presets.rulechecks import check_limits, check_rules
from maedet_tui.presets.schema import PresetFile
from maedet_tui.presets.within_space import check_space


class Report(Protocol):
    """Takes the path of a key, a message with its fix, and how many problems that stands for."""

    def __call__(self, path: KeyPath, message: str, count: int = 1) -> None: ...


#: whether none of these keys (paths) had a problem of its own
Sound = Callable[..., bool]

_BLOCK_NUMBER = re.compile(r"block (\d+)(?: \(\w+\))?: ")


def initial_structure(model: PresetFile, report: Report) -> Structure | None:
    """The structure under `initial`, or None with every problem reported."""
    value = model.initial
    if value == AUTO:
        if (found := beginning(model.space.settings(), model.budget.settings())) is None:
            report(
                ("initial",),
                "is auto, but no small structure was found within budget and space; "
                "raise an upper limit or loosen a rule",
            )
        return found
    if isinstance(value, str):
        if value in ZOO:
            return ZOO[value].structure
        report(("initial",), f"is {shown(value)}, which is not in the zoo; {closest(value, ZOO)}")
        return None
    if not isinstance(value, list) or not value:
        report(("initial",), "must be auto, a zoo name such as initial, or a list of blocks")
        return None
    structure, problems = read_rows(value)
    for number, key, message in problems.told:
        path = ("initial", number - 1)
        report((*path, key) if key else path, message)
    if problems.more:
        report(("initial",), and_more(problems.more), problems.more)
    if structure is None:
        return None
    try:
        refuse_oversized(structure.blocks)
        return check(structure)
    except StructureError as error:
        for problem in error.each:
            match = _BLOCK_NUMBER.match(problem)
            place = ("initial", int(match[1]) - 1) if match else ("initial",)
            report(place, problem[match.end() :] if match else problem)
    return None


def check_all(model: PresetFile, structure: Structure | None, sound: Sound, report: Report) -> None:
    """Report each combination of values that cannot work.

    sound: tells whether keys were read without a problem; where they were not, `model`
    holds a default in their place and nothing can be said about the combination.
    """
    if model.reference is not None and model.reference not in KNOWN:
        report(
            ("reference",),
            f"is {shown(model.reference)}, not the name of a structure; "
            f"{closest(model.reference, KNOWN)}",
        )
    search, space, budget = model.search, model.space, model.budget
    if (
        sound(("search", "keep"), ("search", "population"))
        and search.population != AUTO
        and search.keep > search.population
    ):
        report(
            ("search", "keep"),
            f"is {search.keep}, but the population has {search.population}; "
            f"write at most {search.population}",
        )
    if (
        sound(("search", "warm_start"), ("scorer",))
        and search.warm_start
        and model.scorer not in ("auto", "forward")
    ):
        report(
            ("search", "warm_start"),
            f"leads to forward passes, but scorer is {model.scorer}; write scorer: forward",
        )
    if search.warm_start and search.strategy == "exact":
        report(
            ("search", "warm_start"),
            "needs a population to measure, and strategy is exact; write strategy: evolution",
        )
    if sound(("search", "trade"), ("search", "balance")) and search.balance and not search.trade:
        report(
            ("search", "balance"),
            "is true, but trade is 0, so that nothing is traded; write trade: 0.3",
        )
    if (
        sound(("space", "max_width"), ("space", "width_step"))
        and space.max_width % space.width_step
    ):
        report(
            ("space", "max_width"),
            f"is {space.max_width}, but must be a multiple of width_step {space.width_step}; "
            f"write {max(1, space.max_width // space.width_step) * space.width_step}",
        )
    _optimum(model, sound, report)
    _workers(model, sound, report)
    limits = (budget.flops, budget.params, budget.layers, budget.latency)
    if sound(("budget",)) and not any(limits):
        report(
            ("budget",),
            "limits nothing; write flops (such as 91G), params (such as 26M), layers (such as 91) "
            "or latency (such as 25ms)",
        )
    check_limits(model, sound, report)
    if structure is not None:
        check_rules(model, structure, sound, report)
        _within_budget(model, structure, sound, report)
        check_space(model, structure, sound, report)


def _optimum(model: PresetFile, sound: Sound, report: Report) -> None:
    """What asks for the best possible, of which not every score has a bound."""
    search, scorer = model.search, model.scorer
    proxy = scorer in NO_ENTROPY
    exact = sound(("search", "strategy")) and search.strategy == "exact"
    if exact and sound(("scorer",)) and scorer not in ("auto", "closed-form"):
        what = "is no entropy" if proxy else "is a random one"
        report(
            ("search", "strategy"),
            f"is exact, but a score of {scorer} {what}, of which no optimum can be proven; write "
            "scorer: closed-form, or strategy: evolution",
        )
    if exact and sound(("budget",)) and model.budget.latency is not None:
        report(
            ("search", "strategy"),
            "is exact, but nothing can be proven of a latency that a device has to tell; leave "
            "budget.latency out, or write strategy: evolution",
        )
    if exact or search.stop_gap is None or not sound(("search", "stop_gap"), ("scorer",)):
        return
    if proxy:
        report(
            ("search", "stop_gap"),
            f"needs a bound, and a score of {scorer} has none; leave it out, or write scorer: "
            "closed-form",
        )
    elif not model.bound:
        report(
            ("search", "stop_gap"), "needs the bound that bound: false forbids; write bound: true"
        )


def _workers(model: PresetFile, sound: Sound, report: Report) -> None:
    """Workers make passes: what makes none, or few, has no use for them."""
    if model.workers is None or not sound(
        ("workers",), ("scorer",), ("search", "strategy"), ("search", "warm_start")
    ):
        return
    for says, value, closed in (
        ("scorer", model.scorer, model.scorer in ("closed-form", *CLOSED_PROXIES)),
        ("search.strategy", model.search.strategy, model.search.strategy == "exact"),
        ("search.warm_start", model.search.warm_start, model.search.warm_start is not None),
    ):
        if closed:
            report(
                ("workers",),
                f"make forward passes side by side, but {says} is {value}, which makes none; leave "
                "workers out",
            )
            return


def _within_budget(model: PresetFile, structure: Structure, sound: Sound, report: Report) -> None:
    budget = model.budget
    cost = total_cost(structure, budget.image_size)
    limits = (
        ("flops", cost.flops, budget.flops),
        ("params", cost.params, budget.params),
        ("layers", cost.layers, budget.layers),
    )
    least = [
        total_cost(candidate, budget.image_size)
        for candidate in smallest(model.space.settings(), structure)
    ]
    for key, value, limit in limits:
        keys = [("budget", key)] + ([("budget", "image_size")] if key == "flops" else [])
        if limit is None or value <= limit or not sound(*keys):
            continue
        fewest = min(getattr(cost, key) for cost in least)
        enough, wanted = (
            at_least if key == "layers" else _rounded_up(at_least) for at_least in (fewest, value)
        )
        if fewest > limit and sound(("space",)):
            report(
                ("budget", key),
                f"is {format_quantity(limit)}, which no structure of the space meets: the smallest "
                f"has {_readable(fewest)} {key}; raise it to at least {enough}, "
                f"or {wanted} for the initial structure as it is",
            )
        else:
            smallest_one = f" (the smallest has {_readable(fewest)})" if sound(("space",)) else ""
            report(
                ("initial",),
                f"the initial structure has {_readable(value)} {key}, over the budget's "
                f"{format_quantity(limit)}; raise budget.{key} to at least {wanted} "
                f"or write a smaller one under `initial`{smallest_one}, or initial: auto",
            )


def _rounded_up(value: int) -> str | int:
    """A quantity with three digits that is not below `value`."""
    unit = 10 ** max(0, len(str(value)) - 3)
    return format_quantity(-(-value // unit) * unit)


def _readable(value: int) -> str:
    if value < 10**6:
        return str(value)
    scale, suffix = (10**9, "G") if value >= 10**9 else (10**6, "M")
    return f"{value / scale:.1f}{suffix}"
