"""Forward scorer against the obvious implementation, over children of a real search.

    python -m benchmarks.forward [--device cpu|cuda] [--candidates 200]

Both measure the same structures in the same order, taking turns, in one process:
what else the machine does hits both. The population that the children come from is
scored before, untimed, as it is in a search. The obvious implementation draws its weights
with `torch.randn`, and takes `std()` and divides after each layer, in float32.
"""

from __future__ import annotations

import argparse
from math import sqrt
from statistics import fmean, stdev
from time import perf_counter

import torch
import torch.nn.functional as F

from engine.blocks import chain
from engine.scorers.closed_form import ClosedForm, predicted_std
from engine.scorers.forward import ForwardScorer
from engine.scorers.forward_device import settle
from engine.scorers.objective import z_of
from engine.search.evolution import Evolution
from engine.settings import Budget, Forward, Objective, Preset
from engine.structure import Structure
from engine.zoo import ZOO

#: MAE-DET-M's search, and where in it the candidates are taken from: coarse mutation
#: at full population
PRESET = Preset("m", ZOO["initial"].structure, Budget(flops=91_000_000_000, layers=91))
SKIP = 24_000


def search_excerpt(count: int, skip: int = SKIP) -> tuple[list[Structure], list[Structure]]:
    """The population after `skip` iterations, and the next `count` children to score."""
    evolution, closed_form = Evolution(PRESET), ClosedForm(PRESET.objective)
    population: list[Structure] = []
    children: list[Structure] = []
    while len(children) < count:
        if evolution.iteration >= skip and not population:
            population = [member.structure for member in evolution.population.members]
        proposals = evolution.ask()
        structures = [proposal.structure for proposal in proposals]
        evolution.tell(zip(proposals, closed_form.score(structures)))
        if population:
            children += structures
    return population, children


@torch.inference_mode()
def obvious(structure: Structure, objective: Objective, device: torch.device) -> float:
    """Z by one pass written without a thought for speed (Eq. 2-5)."""
    x = torch.randn(1, 3, objective.resolution, objective.resolution, device=device)
    ends, entropies, log_gammas = set(structure.stage_ends), [], 0.0
    for number, block in enumerate(structure.blocks):
        for layer in chain(block):
            k = layer.kernel
            if layer.op == "maxpool":
                x = F.max_pool2d(x, k, layer.stride, k // 2)
                continue
            weights = torch.randn(layer.out_channels, layer.in_channels, k, k, device=device)
            h = F.conv2d(x, weights, stride=layer.stride, padding=k // 2)
            gamma = h.std()
            log_gammas += gamma.log().item()
            x = F.relu(h) / gamma
        if number in ends:
            # of the map before its own gamma was divided out: 1/2 log Var(h) + the gammas before
            entropies.append(log_gammas)
    return z_of(objective, structure, entropies)


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """GFLOP/s of one large matrix product, the best of several."""
    side = 8192 if device.type == "cuda" else 2048
    a = torch.randn(side, side, device=device, dtype=dtype)
    seconds = []
    for _ in range(8):
        settle(device)
        start = perf_counter()
        a @ a
        settle(device)
        seconds.append(perf_counter() - start)
    return 2e-9 * side**3 / min(seconds)


def agreement(structures: list[Structure], scorer: ForwardScorer, passes: int) -> float:
    """The largest difference of mean Z over `passes` passes, in standard errors."""
    worst = 0.0
    for structure in structures:
        ours = [one.z for one in scorer.passes(structure, passes)]
        theirs = [obvious(structure, scorer.objective, scorer.device) for _ in range(passes)]
        error = sqrt((stdev(ours) ** 2 + stdev(theirs) ** 2) / passes)
        worst = max(worst, abs(fmean(ours) - fmean(theirs)) / error)
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--skip", type=int, default=SKIP, help="iterations of the search before")
    parser.add_argument("--passes", type=int, default=12, help="passes of the agreement check")
    arguments = parser.parse_args()

    population, structures = search_excerpt(arguments.candidates, arguments.skip)
    objective = PRESET.objective
    scorer = ForwardScorer(objective, arguments.device, Forward())
    device, vanilla = scorer.device, scorer.vanilla
    if device.type == "cuda":  # libraries load at their first call, on either side
        obvious(structures[0], objective, device)
        scorer.passes(structures[0], 1, first=1)
        torch.cuda.reset_peak_memory_stats()
    # in a search the parents have been scored before
    scorer.score(population)
    vanilla.macs = 0
    rates, ours, theirs, distances = [], 0.0, 0.0, []
    for start in range(0, len(structures), scorer.batch):
        batch = structures[start : start + scorer.batch]
        before = perf_counter()
        z_theirs = [obvious(structure, objective, device) for structure in batch]
        between = perf_counter()
        z_ours = [score.z for score in scorer.score(batch)]
        theirs, ours = theirs + between - before, ours + perf_counter() - between
        for structure, z, other in zip(batch, z_ours, z_theirs):
            distances.append(abs(z - other) / (sqrt(2) * predicted_std(structure, objective)))
        if start % 50 < scorer.batch:
            rates.append(matmul_rate(device, scorer.dtype))
    full = sum(2e-9 * macs_of(structure, objective.resolution) for structure in structures)
    done, matmul = 2e-9 * vanilla.macs, max(rates)
    count = len(structures)
    rows = [
        ("scorer", scorer.detail, ""),
        ("obvious", f"{count / theirs:.2f} /s", f"{full / theirs:.0f} GFLOP/s"),
        ("ours", f"{count / ours:.2f} /s", f"{done / ours:.0f} GFLOP/s"),
        ("throughput ratio", f"{theirs / ours:.1f}", "target: 5 on a CPU, 8 on a GPU"),
        ("computed, rest resumed", f"{done / full:.0%}", f"{full / count:.1f} GFLOP per pass"),
        ("matmul", f"{matmul:.0f} GFLOP/s", f"ours reaches {done / ours / matmul:.0%} of it"),
        (
            "single passes",
            f"{sum(d < 3 for d in distances) / count:.1%} within 3 std",
            f"rms {sqrt(fmean(d * d for d in distances)):.2f} (expected 1)",
        ),
        (
            "means of passes",
            f"{agreement(structures[:: max(1, count // 5)], scorer, arguments.passes):.1f}",
            "most standard errors apart, 5 structures",
        ),
    ]
    if device.type == "cuda":
        peak = torch.cuda.max_memory_reserved() / 1e9
        rows.append(("peak memory", f"{peak:.2f} GB", f"limit {scorer.forward.memory / 1e9:g} GB"))
    for row in rows:
        print("{:<24}{:<36}{}".format(*row))


def macs_of(structure: Structure, resolution: int) -> int:
    """Multiply-accumulates of one pass: the main path's convolutions."""
    side, macs = resolution, 0
    for block in structure.blocks:
        for layer in chain(block):
            side = -(-side // layer.stride)
            if layer.op == "conv":
                macs += side**2 * layer.weights
    return macs


if __name__ == "__main__":
    main()
