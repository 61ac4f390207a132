"""Search quality: our best against the paper's structure, at exactly its FLOPs and layers.

    python -m benchmarks.quality [--seeds 5] [--iterations 96000]

For S, M and L, each reading of "size", the paper's own mutation and what the presets ship:
Z of our best over that of the paper's structure (worst, median and best of the seeds),
the spread between seeds, and the iterations after which 99 % of the final Z was there.
Takes some 20 minutes on 2 cores; `--sizes maedet-s` and `--seeds` divide it.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from statistics import median

from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import SIZE_READINGS
from engine.zoo import ZOO
from maedet_tui.presets import load

NAMES = ("maedet-s", "maedet-m", "maedet-l")
#: (probability of one more mutation on top of each one, of a trade over the budget): the
#: paper's, with the first alone, and what the presets ship
STRATEGIES = ((0.0, 0.0), (0.4, 0.0), (0.4, 0.3))


def run(task: tuple[str, str, tuple[float, float], int, int]) -> tuple[float, int]:
    """(Z over the paper's, iterations to 99 % of the final Z) of one search."""
    name, size, (compound, trade), seed, iterations = task
    preset = load(name)
    structure = ZOO[name].structure
    cost = total_cost(structure, preset.budget.image_size)
    preset = replace(
        preset,
        budget=replace(preset.budget, flops=cost.flops, layers=cost.layers, params=None),
        objective=replace(preset.objective, size=size),
        schedule=replace(
            preset.schedule, seed=seed, iterations=iterations, compound=compound, trade=trade
        ),
    )
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    bests: list[tuple[int, float]] = []
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
        best = evolution.best
        assert best is not None
        z = best.score.z
        if not bests or z > bests[-1][1]:
            bests.append((evolution.iteration, z))
    final = bests[-1][1]
    reached = next(iteration for iteration, z in bests if z >= 0.99 * final)
    return final / scorer.score([structure])[0].z, reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=96_000)
    parser.add_argument("--sizes", nargs="+", choices=NAMES, default=NAMES)
    arguments = parser.parse_args()
    groups = list(product(arguments.sizes, SIZE_READINGS, STRATEGIES))
    tasks = [
        (*group, seed, arguments.iterations) for group in groups for seed in range(arguments.seeds)
    ]
    print(
        f"{'preset':10}{'size':14}{'compound':>9}{'trade':>6}{'worst':>9}{'median':>9}{'best':>9}"
        f"{'spread':>9}{'to 99 %':>10}"
    )
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = iter(pool.map(run, tasks))
        for name, size, strategy in groups:
            found = [next(results) for _ in range(arguments.seeds)]
            ratios = sorted(ratio for ratio, _ in found)
            reached = median(iterations for _, iterations in found)
            print(
                f"{name:10}{size:14}{strategy[0]:>9}{strategy[1]:>6}{ratios[0]:>9.4f}{median(ratios):>9.4f}"
                f"{ratios[-1]:>9.4f}{ratios[-1] / ratios[0] - 1:>9.2%}{reached:>10,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
