"""Closed forms of the proxies against passes, over the zoo and across four searches.

    python -m benchmarks closed_proxies [--structures 25] [--resolution 128] [--batch 8]

One search is by the entropy, three are by the closed forms themselves: what a search
climbs towards is where a formula that errs would err most. Takes minutes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from time import perf_counter

import numpy as np

from benchmarks.accuracy import ranks
from engine.scorers.factory import make_scorer
from engine.search.evolution import Evolution
from engine.settings import CLOSED, PROXIES, Forward, Objective
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.presets import load


def across(preset_name: str, count: int) -> tuple[list[Structure], float]:
    """Structures that entered the population, evenly over a search; seconds of scoring each."""
    preset = load(preset_name)
    preset = replace(preset, schedule=replace(preset.schedule, iterations=24_000))
    evolution = Evolution(preset)
    name = preset.scorer if preset.scorer.endswith(CLOSED) else "closed-form"
    scorer = make_scorer(name, "cpu", preset.objective, preset.forward)
    every, scored, seconds = preset.schedule.iterations // count, 0, 0.0
    taken: list[Structure] = []
    while proposals := evolution.ask():
        accepted = evolution.counts["accepted"]
        began = perf_counter()
        scores = scorer.score([proposal.structure for proposal in proposals])
        seconds += perf_counter() - began
        scored += len(proposals)
        evolution.tell(zip(proposals, scores))
        due = evolution.iteration >= every * len(taken)
        if due and len(taken) < count and evolution.counts["accepted"] > accepted:
            taken.append(proposals[0].structure)
    return taken, seconds / scored


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--structures", type=int, default=25, help="of each search")
    parser.add_argument("--resolution", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args()

    objective = Objective(arguments.resolution)
    forward = Forward(arguments.passes, 8_000_000_000, arguments.batch)
    sources = {"the zoo": [entry.structure for entry in ZOO.values()]}
    rates = {}
    for name in ("maedet-m", *PROXIES):
        found, rates[name] = across(name, arguments.structures)
        sources["the entropy" if name == "maedet-m" else name] = found
    structures = [structure for found in sources.values() for structure in found]
    print(
        f"{len(structures)} structures: the zoo, and {arguments.structures} of each search; "
        f"{arguments.passes} passes of {arguments.batch} images at {arguments.resolution}"
    )
    print(
        f"{'':<12}{'closed, us':>11}{'pass, ms':>10}{'spread':>9}{'bias':>9}{'error':>9}"
        f"{'noise':>9}{'worst':>9}{'rank':>9}"
    )
    for name in PROXIES:
        closed = make_scorer(name + CLOSED, "cpu", objective, forward)
        judge = make_scorer(name, arguments.device, objective, forward)
        expected = np.array([score.z for score in closed.score(structures)])
        began = perf_counter()
        scores = judge.score(structures)
        each = (perf_counter() - began) / len(structures) / arguments.passes
        passes = np.array([score.z for score in scores])
        noise = np.sqrt(np.mean([score.z_error**2 for score in scores]))
        off = expected - passes
        rank = np.corrcoef(ranks(expected), ranks(passes))[0, 1]
        print(
            f"{name:<12}{1e6 * rates[name]:>11.0f}{1e3 * each:>10.0f}{passes.std():>9.2f}"
            f"{off.mean():>9.3f}{off.std():>9.3f}{noise:>9.3f}{abs(off - off.mean()).max():>9.3f}"
            f"{rank:>9.4f}"
        )
        start = 0
        for source, found in sources.items():
            part = slice(start, start := start + len(found))
            rank = np.corrcoef(ranks(expected[part]), ranks(passes[part]))[0, 1]
            print(f"  of {source:<27}{off[part].mean():>21.3f}{off[part].std():>9.3f}{rank:>27.4f}")
    print("error and noise: standard deviations, noise that of the passes' mean")


if __name__ == "__main__":
    main()
