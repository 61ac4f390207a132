"""A sweep before anything of it has started: every search that it asks for, checked as a whole."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

from engine.messages import clipped
from engine.settings import Preset
from maedet_tui import formatting
from maedet_tui.presets.problems import Problem
from maedet_tui.presets.reading import examine, read_source
from maedet_tui.presets.write import dump
from maedet_tui.sweep.varied import SweepError, Varied, shown

#: searches of one sweep
MOST_SEARCHES = 10_000
#: seeds of one combination
MOST_SEEDS = 1000
#: searches of a plan that are listed
MOST_LISTED = 12
_SEED, _POPULATION, _KEEP, _AUDIT = "search.seed", "search.population", "search.keep", "audit"
_BOUND = "bound"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks for: presets by name or file, keys that vary, so many seeds of each.

    seeds: counted on from the preset's own; None: that one alone. audit, bound: measure new bests
    by forward passes, and bound the best possible, as the presets say; without them no search
    does (but for one that its bound ends), for they take the cores that other searches want.
    """

    presets: tuple[str, ...]
    varied: tuple[Varied, ...] = ()
    seeds: int | None = None
    audit: bool = False
    bound: bool = False


class Planned(NamedTuple):
    """One search to come. number: counted from 1. name: of its folder. varied: (key, value as it
    is written) of what tells it from the others. text: its preset's YAML, complete."""

    number: int
    name: str
    preset: Preset
    varied: tuple[tuple[str, str], ...]
    text: str


class Bad(NamedTuple):
    """A combination that cannot be searched, its first problem, and how many it has."""

    varied: tuple[tuple[str, str], ...]
    problem: Problem
    problems: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All searches of a sweep, and the combinations that cannot be searched."""

    searches: tuple[Planned, ...]
    bad: tuple[Bad, ...]

    @property
    def iterations(self) -> int:
        """Of all searches together."""
        return sum(one.preset.schedule.iterations for one in self.searches)

    def words(self, jobs: int, about: float | None) -> str:
        """The plan, for people. about: seconds that it takes, if that is known."""
        count = len(self.searches)
        took = f", about {formatting.duration(about)}" if about is not None else ""
        lines = [f"{count:,} search{'es' if count > 1 else ''}, {jobs} at a time{took}:"]
        for one in self.searches[:MOST_LISTED]:
            lines.append(f"  {one.number:3}  {named(one.varied) or one.preset.name}")
        if count > MOST_LISTED:
            lines.append(f"  ... and {count - MOST_LISTED:,} more")
        if self.bad:
            lines.append(self.problems())
        return "\n".join(lines)

    def problems(self) -> str:
        """What is wrong, a line for each bad search. Empty if nothing is."""
        if not self.bad:
            return ""
        lines = [
            clipped(f"{named(bad.varied) or 'search'}: {bad.problem}")
            + (f" (and {bad.problems - 1:,} more)" if bad.problems > 1 else "")
            for bad in self.bad[:20]
        ]
        if len(self.bad) > len(lines):
            lines.append(f"... and {len(self.bad) - len(lines):,} more searches")
        of = len(self.bad) + len(self.searches)
        return "\n  ".join([f"{len(self.bad):,} of {of:,} searches cannot be:", *lines])


def plan(wanted: Wanted) -> Plan:
    """Every combination as a search, in the order of the presets, the keys and the seeds.

    Raises SweepError for what no single search is to blame for, PresetError for a preset that
    is not there.
    """
    _refuse(wanted)
    searches: list[Planned] = []
    bad: list[Bad] = []
    several = len(wanted.presets) > 1
    for ref in wanted.presets:
        text, source, name = read_source(ref)
        seeds = _seeds(text, source, name, wanted.seeds)
        for values in itertools.product(*(one.values for one in (*wanted.varied, *seeds))):
            keys = [one.key for one in (*wanted.varied, *seeds)]
            chosen = dict(zip(keys, values, strict=True))
            # what is the same of all tells none from the others
            varied = tuple(
                (one.key, shown(chosen[one.key]))
                for one in (*wanted.varied, *seeds)
                if len(one.values) > 1
            )
            if not wanted.audit:
                chosen.setdefault(_AUDIT, False)
            if several:
                varied = (("preset", name), *varied)
            preset, problems = _examined(text, source, name, chosen)
            if problems or preset is None:
                bad.append(Bad(varied, problems[0], sum(one.count for one in problems)))
                continue
            if not (wanted.bound or _BOUND in chosen or preset.schedule.stop_gap is not None):
                preset = replace(preset, bound=False)
            number = len(searches) + 1
            folder = folder_name(number, varied, name)
            searches.append(Planned(number, folder, preset, varied, dump(preset)))
    _refuse_twice(searches)
    return Plan(tuple(searches), tuple(bad))


def named(varied: tuple[tuple[str, str], ...]) -> str:
    """What tells a search from the others, in words: flops 40G, seed 1."""
    return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in varied)


def folder_name(number: int, varied: tuple[tuple[str, str], ...], preset: str) -> str:
    """The name of a search's folder: 003-flops-40G-seed-1."""
    words = "-".join(f"{key.rpartition('.')[2]}-{value}" for key, value in varied) or preset
    words = re.sub(r"[^A-Za-z0-9._]+", "-", words).strip("-.")
    return f"{number:03d}-{words[:60]}".rstrip("-.")


def _refuse(wanted: Wanted) -> None:
    """Raise SweepError for what is wrong with a sweep as a whole."""
    keys = [one.key for one in wanted.varied]
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise SweepError(f"{twice[0]} varies twice; write all its values in one --vary")
    if wanted.seeds is not None and _SEED in keys:
        raise SweepError(f"--seeds and --vary {_SEED} are the same; keep one of them")
    if wanted.seeds is not None and not 1 <= wanted.seeds <= MOST_SEEDS:
        raise SweepError(f"--seeds is {wanted.seeds:,}, but must be from 1 to {MOST_SEEDS:,}")
    for key in keys:
        if inner := next((one for one in keys if one.startswith(f"{key}.")), None):
            raise SweepError(f"{key} and {inner} vary at once; keep one of them")
    if twice := [ref for ref, times in Counter(wanted.presets).items() if times > 1]:
        raise SweepError(f"{twice[0]} is named twice; name it once")
    if not wanted.presets:
        raise SweepError("no preset to search with; name one, such as maedet-m")
    count = prod(len(one.values) for one in wanted.varied) * (wanted.seeds or 1)
    if (count := count * len(wanted.presets)) > MOST_SEARCHES:
        raise SweepError(f"these are {count:,} searches; at most {MOST_SEARCHES:,} are possible")


def _refuse_twice(searches: list[Planned]) -> None:
    """Raise SweepError where two combinations are one and the same search."""
    known: dict[str, Planned] = {}
    for one in searches:
        other = known.setdefault(one.text, one)
        if other is not one:
            raise SweepError(
                f"{named(other.varied) or other.name} and {named(one.varied) or one.name} are "
                "the same search; leave one out"
            )


def _seeds(text: str, source: str, name: str, seeds: int | None) -> tuple[Varied, ...]:
    if seeds is None:
        return ()
    preset, _ = examine(text, source=source, name=name)
    first = preset.schedule.seed if preset is not None else 0
    return (Varied(_SEED, tuple(range(first, first + seeds))),)


def _examined(
    text: str, source: str, name: str, chosen: dict[str, Any]
) -> tuple[Preset | None, list[Problem]]:
    overrides = {key: (value, f"--vary {key}={shown(value)}") for key, value in chosen.items()}
    population = chosen.get(_POPULATION)
    if isinstance(population, int) and population > 0 and _KEEP not in chosen:
        # a smaller population cannot keep more than all of it at the switch
        before, _ = examine(text, source=source, name=name)
        if before is not None:
            keep = min(before.schedule.keep, population)
            overrides[_KEEP] = (keep, overrides[_POPULATION][1])
    return examine(text, source=source, name=name, overrides=overrides)
