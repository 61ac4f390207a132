"""Closed form against the mean of forward passes, over the zoo and across a search.

    python -m benchmarks.accuracy [--structures 200] [--passes 32] [--resolution 384]

Targets: relative error of H at C3, C4, C5 at most 0.2 % on average and 0.5 % at worst,
rank correlation of Z at least 0.999. Takes some minutes per 100 structures on 2 cores.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from math import sqrt
from time import perf_counter

import numpy as np

from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.search.evolution import Evolution
from engine.settings import Budget, Forward, Objective, Preset
from engine.structure import Structure
from engine.zoo import ZOO

PRESET = Preset("m", ZOO["initial"].structure, Budget(flops=91_000_000_000, layers=91))


def across_a_search(count: int) -> list[Structure]:
    """Structures that entered the population of an M search, evenly over its iterations."""
    evolution, scorer = Evolution(PRESET), ClosedForm(PRESET.objective)
    every = PRESET.schedule.iterations // count
    taken: list[Structure] = []
    while proposals := evolution.ask():
        accepted = evolution.counts["accepted"]
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
        due = evolution.iteration >= every * len(taken)
        if due and len(taken) < count and evolution.counts["accepted"] > accepted:
            taken.append(proposals[0].structure)
    return taken


def ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values)).astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--structures", type=int, default=200)
    parser.add_argument("--passes", type=int, default=32)
    parser.add_argument("--resolution", type=int, default=384)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args()

    objective = replace(Objective(), resolution=arguments.resolution)
    zoo = [entry.structure for entry in ZOO.values()]
    structures = zoo + across_a_search(arguments.structures)
    predicted = ClosedForm(objective).score(structures)
    measured = np.zeros((len(structures), 5))
    z, z_std = np.zeros(len(structures)), np.zeros(len(structures))
    scorer = ForwardScorer(objective, arguments.device, Forward())
    began = perf_counter()
    # pass by pass, so that structures with a common beginning share its computation
    passes = np.zeros((len(structures), arguments.passes, 6))
    for number in range(arguments.passes):
        for i, structure in enumerate(structures):
            (one,) = scorer.passes(structure, 1, first=number)
            passes[i, number] = (one.z, *one.entropies)
    measured, z = passes[:, :, 1:].mean(1), passes[:, :, 0].mean(1)
    z_std = passes[:, :, 0].std(1, ddof=1)
    seconds = perf_counter() - began

    errors = np.array([score.entropies for score in predicted]) / measured - 1
    noise = passes[:, :, 1:].std(1, ddof=1) / sqrt(arguments.passes) / measured
    forms = np.array([score.z for score in predicted])
    spearman = float(np.corrcoef(ranks(forms), ranks(z))[0, 1])
    ratio = np.array([score.z_std for score in predicted]) / z_std
    count = f"{len(zoo)} of the zoo, {len(structures) - len(zoo)} of a search"
    print(f"{count}; {arguments.passes} passes at {arguments.resolution}, {seconds:.0f} s")
    print(f"{'level':8}{'mean |error|':>14}{'worst':>10}{'bias':>10}{'noise of a mean':>18}")
    for level in range(5):
        error = errors[:, level]
        cells = (np.abs(error).mean(), np.abs(error).max(), error.mean(), noise[:, level].mean())
        print(
            f"C{level + 1:<7}{cells[0]:>14.3%}{cells[1]:>10.3%}{cells[2]:>+10.3%}{cells[3]:>18.3%}"
        )
    for name, part in (("zoo", errors[: len(zoo), 2:]), ("search", errors[len(zoo) :, 2:])):
        print(
            f"C3-C5 of the {name}: mean {np.abs(part).mean():.3%}, worst {np.abs(part).max():.3%}"
        )
    print(f"Spearman correlation of Z: {spearman:.5f}")
    print(f"deviation of one pass, predicted over measured: mean {ratio.mean():.2f}")


if __name__ == "__main__":
    main()
