"""Zen-Score, SynFlow, NASWOT and others against the forward entropy, whole passes all.

    python -m benchmarks.proxies [--device cpu|cuda] [--resolution 384] [--batch 16]
        [--gradients]

For each structure all of them take turns, and each one's least time of several rounds
counts. The entropy is measured with as many passes as a proxy's minibatch has images
(one for SynFlow, whose one image is of ones), and with no map kept from one structure to
the next. All run in the number format and on the lanes that a search would use. On a
CPU the time is that of the process on its cores, which other programs do not add to.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time

from benchmarks.forward import search_excerpt
from engine.scorers.base import Score, Scorer, never
from engine.scorers.factory import make_scorer
from engine.scorers.forward import ForwardScorer
from engine.scorers.forward_device import settle
from engine.scorers.proxies.base import Proxy
from engine.settings import GRADIENT_PROXIES, PROXIES, Forward, Objective
from engine.structure import Structure
from engine.zoo import ZOO


class Entropy(ForwardScorer):
    """Forward passes that never go on from what another structure left."""

    def score(
        self, structures: Sequence[Structure], cancelled: Callable[[], bool] = never
    ) -> list[Score]:
        self.vanilla.cache.clear()
        self._results.clear()
        return super().score(structures, cancelled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--resolution", type=int, default=384)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=float, default=8e9)
    parser.add_argument("--gradients", action="store_true", help="proxies of gradients as well")
    arguments = parser.parse_args()

    _, children = search_excerpt(arguments.candidates, 2000)
    structures = [ZOO["maedet-s"].structure, ZOO["maedet-m"].structure, *children]
    objective, memory = Objective(arguments.resolution), int(arguments.memory)
    batch = arguments.batch
    scorers: dict[str, Scorer] = {
        "entropy, 1 pass": Entropy(objective, arguments.device, Forward(1, memory)),
        f"entropy, {batch} passes": Entropy(objective, arguments.device, Forward(batch, memory)),
    }
    names = (*PROXIES, *GRADIENT_PROXIES) if arguments.gradients else PROXIES
    for name in names:
        forward = Forward(1, memory, batch)
        scorers[name] = make_scorer(name, arguments.device, objective, forward)
    synflow = scorers["synflow"]
    assert isinstance(synflow, Proxy)
    device = synflow.device
    # as many structures at once as there are lanes, so that none idles
    group = synflow._lanes.count
    groups = [structures[i : i + group] for i in range(0, len(structures), group)]
    clock = process_time if device.type == "cpu" else perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in scorers}
    for scorer in scorers.values():
        scorer.score(structures[:1])
    for members in groups:
        least = dict.fromkeys(scorers, float("inf"))
        for _ in range(arguments.rounds):
            for name, scorer in scorers.items():
                start = clock()
                scorer.score(members)
                settle(device)
                least[name] = min(least[name], clock() - start)
        for name, value in least.items():
            seconds[name].append(value / len(members))
    print(f"{len(structures)} structures, resolution {arguments.resolution}, {device}")
    single, several = list(seconds)[:2]
    print(f"{'':<20}{'ms each':>10}{'x entropy':>12}   (target: at most 2)")
    for name, values in seconds.items():
        against = single if name in (single, "synflow") else several
        ratio = median(a / b for a, b in zip(values, seconds[against]))
        print(f"{name:<20}{1e3 * median(values):>10.0f}{ratio:>12.2f}")
    for name in names:
        print(scorers[name].detail)


if __name__ == "__main__":
    main()
