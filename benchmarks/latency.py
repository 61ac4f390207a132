"""Predicted against measured latency of structures that a search meets.

    python -m benchmarks.latency [--device cpu|cuda] [--structures 50] [--threads 1]
                                 [--table FOLDER] [--skip N]

The table is built anew, or kept in a folder from one call to the next; then each
structure is predicted and measured as a whole, in one process. Structures come from a
random walk of coarse mutations under a FLOPs limit; the whole backbones that the table
is adjusted by are not among them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random
from statistics import fmean, median
from time import perf_counter

import torch

from engine.costs import total_cost
from engine.latency.budget import latency_of
from engine.search.mutation import Mutator
from engine.settings import Budget, Preset, Timing
from engine.structure import Structure
from engine.zoo import ZOO

#: mutations between two structures of the walk, and the limit that it keeps to
STRIDE, MOST_FLOPS = 12, 95_000_000_000


def walk(preset: Preset, count: int, seed: int = 0) -> list[Structure]:
    """Structures along a random walk from the preset's initial one."""
    rng, mutator = Random(seed), Mutator(preset.space)
    structure = preset.initial
    found: list[Structure] = []
    while len(found) < count:
        moved = 0
        while moved < STRIDE:
            child = mutator.mutate(structure, rng, fine=False).structure
            if child != structure and total_cost(child).flops <= MOST_FLOPS:
                structure, moved = child, moved + 1
        found.append(structure)
    return found


def main() -> None:
    from maedet_tui.presets.quantities import parse_image_size  # `walk` needs torch alone

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--structures", type=int, default=50)
    parser.add_argument("--image-size", default="384x384")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--table", type=Path, help="folder to keep the table in")
    parser.add_argument("--skip", type=int, default=0, help="structures of the walk to leave out")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    budget = Budget(image_size=parse_image_size(arguments.image_size), latency=1.0)
    initial = ZOO["initial"].structure
    preset = Preset("latency", initial, budget, device=arguments.device, timing=Timing())
    latency = latency_of(preset, arguments.table)
    start = perf_counter()
    latency.build(preset.space, initial)
    print(f"table: {len(latency.grids)} families in {perf_counter() - start:.0f} s", flush=True)
    print("in place / alone:", {op: round(f, 2) for op, f in latency.factors.items()})
    structures = walk(preset, arguments.skip + arguments.structures)[arguments.skip :]
    errors = []
    for structure in structures:
        predicted, measured = latency(structure), latency.measure(structure, arguments.runs)
        errors.append(predicted / measured - 1)
        print(f"{1e3 * predicted:8.1f} ms predicted {1e3 * measured:8.1f} ms measured", flush=True)
    absolute = sorted(map(abs, errors))
    fresh = walk(preset, 500, seed=1)
    for structure in fresh:
        latency(structure)
    start = perf_counter()
    for structure in fresh:
        latency(structure)
    each = (perf_counter() - start) / len(fresh)
    print(f"{len(errors)} structures, {latency.detail}")
    print(f"mean absolute error  {fmean(absolute):.1%}   (target: 10 %)")
    print(f"median, largest      {median(absolute):.1%}, {absolute[-1]:.1%}")
    print(f"mean error           {fmean(errors):+.1%}")
    print(f"a prediction takes   {1e6 * each:.1f} us")


if __name__ == "__main__":
    main()
