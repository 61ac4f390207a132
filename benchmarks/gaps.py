"""What the evolution leaves below the proven optimum, by preset, reading, N and T.

    python -m benchmarks gaps [--presets maedet-s …] [--sizes nominal …] [--seeds 5]
        [--iterations 6000 96000] [--populations 256 auto] [--results FILE]
    python -m benchmarks gaps --ladder [--seeds 5] [--results FILE]

The second is the table of `docs/budgets.md`: the presets for budgets that people have, as they
ship, beside the networks that people know.

Each row has the gaps of all seeds to the optimum, in percent of it: worst, median and best.
`--results` keeps each search as a line of a file, and takes what is there from it, so that a
measurement can be interrupted. One process, one core; the whole takes an hour, the ladder ten
minutes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from engine.formats.structure_yaml import from_rows, to_rows
from engine.optimum.search import Optimum
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import AUTO, SIZE_READINGS, Preset
from engine.structure import Structure
from maedet_tui.presets import load

NAMES = ("maedet-s", "maedet-m", "maedet-l", "maedet-mb-s", "maedet-mb-m", "maedet-mb-m-se")
#: seconds of the processor for a proof
PROOF = 60.0


class Results:
    """What was found by its key, in a file of lines of JSON if there is one."""

    def __init__(self, path: Path | None):
        self._path = path
        self._known: dict[str, Any] = {}
        with suppress(FileNotFoundError):
            for line in path.read_text().splitlines() if path else ():
                key, value = json.loads(line)
                self._known[json.dumps(key)] = value

    def __getitem__(self, key: list[Any]) -> Any:
        return self._known.get(json.dumps(key))

    def keep(self, key: list[Any], value: Any) -> Any:
        """Write down a value, which is returned."""
        self._known[json.dumps(key)] = value
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps([key, value]) + "\n")
        return value


class Searched(NamedTuple):
    """The best that a search found."""

    z: float
    structure: Structure


def optimum(preset: Preset, results: Results) -> tuple[float, bool]:
    """Z that no structure of the preset exceeds, and whether one is proven to reach it."""
    key = ["bound", preset.name, preset.objective.size]
    known = results[key]
    if known is None:
        found, end = Optimum(preset), process_time() + PROOF
        while found.step() and process_time() < end:
            pass
        known = results.keep(key, [found.bound, found.certificate.proven])
    return known[0], known[1]


def searched(preset: Preset, results: Results) -> Searched:
    """The best that a preset's search finds."""
    schedule = preset.schedule
    key = ["best", preset.name, preset.objective.size, schedule.capacity, schedule.balances]
    key += [schedule.iterations, schedule.seed]
    known = results[key]
    if known is None:
        evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
        while proposals := evolution.ask():
            evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
        assert evolution.best is not None
        known = [evolution.best.score.z, to_rows(evolution.best.structure)]
        results.keep(key, known)
    return Searched(known[0], from_rows(known[1]))


def rows(arguments: argparse.Namespace, results: Results) -> Iterator[str]:
    """Lines of the table."""
    for iterations in arguments.iterations:
        for name in arguments.presets:
            for size in arguments.sizes or (load(name).objective.size,):
                for population in arguments.populations:
                    preset = load(name)
                    number = population if population == AUTO else int(population)
                    objective = replace(preset.objective, size=size)
                    schedule = replace(
                        preset.schedule, population=number, iterations=iterations, balance=None
                    )
                    preset = replace(preset, objective=objective, schedule=schedule)
                    best, _ = optimum(preset, results)
                    gaps = sorted(
                        100 * (1 - searched(seeded(preset, seed), results).z / best)
                        for seed in range(arguments.seeds)
                    )
                    shown = f"{AUTO}, {schedule.capacity}" if number == AUTO else str(number)
                    yield (
                        f"{name:20}{size:14}{iterations:>9,}{shown:>10}{gaps[-1]:>9.3f} %"
                        f"{median(gaps):>9.3f} %{gaps[0]:>9.3f} %"
                    )


def seeded(preset: Preset, seed: int) -> Preset:
    """The preset with another seed."""
    return replace(preset, schedule=replace(preset.schedule, seed=seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=NAMES)
    parser.add_argument("--sizes", nargs="+", choices=SIZE_READINGS, help="each preset's own")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--iterations", nargs="+", type=int, default=(6_000, 96_000))
    parser.add_argument("--populations", nargs="+", default=("256", AUTO))
    parser.add_argument("--results", type=Path, help="file to go on from, and to add to")
    parser.add_argument("--ladder", action="store_true", help="the table of docs/budgets.md")
    arguments = parser.parse_args()
    results = Results(arguments.results)
    if arguments.ladder:
        from benchmarks import ladder  # which needs what is above

        for row in ladder.table(arguments.seeds, results):
            print(row, flush=True)
        return
    print(
        f"{'preset':20}{'size':14}{'T':>9}{'N':>10}{'worst':>11}{'median':>11}{'best':>11}",
        flush=True,
    )
    for row in rows(arguments, results):
        print(row, flush=True)
    print("targets: 0.05 % of every seed at T = 96,000; 0.5 % at T = 6,000 with auto")


if __name__ == "__main__":
    main()
