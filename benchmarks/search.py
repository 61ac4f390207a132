"""The closed-form search: its rate, against building each candidate, and how fast it obeys.

    python -m benchmarks.search [--iterations 96000]

The released code builds every candidate as a module before it applies its formula;
building one, with the weights left undrawn, is timed here in turns with the search.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from statistics import median
from time import perf_counter, process_time, sleep

from engine.blocks import units
from engine.run.runner import Runner
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import Budget, Preset, Schedule
from engine.snapshot import RunState
from engine.structure import Structure
from engine.zoo import ZOO

PRESET = Preset(
    "m",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    scorer="closed-form",
    audit=False,
)


def search(iterations: int, seed: int = 0) -> tuple[Evolution, float]:
    """A whole M search, and the seconds of processor time it took."""
    schedule = Schedule(iterations=iterations, seed=seed)
    preset = replace(PRESET, schedule=schedule)
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    began = process_time()
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
    return evolution, process_time() - began


def build(structure: Structure) -> float:
    """Seconds to build the structure's layers as modules, as the released code does."""
    from torch import nn

    began = process_time()
    layers: list[nn.Module] = []
    for block in structure.blocks:
        for unit, count in units(block):
            for _ in range(count):
                for layer in unit.layers:
                    if layer.op != "conv":
                        continue
                    layers.append(
                        nn.Conv2d(
                            layer.in_channels,
                            layer.out_channels,
                            layer.kernel,
                            layer.stride,
                            layer.kernel // 2,
                            bias=False,
                        )
                    )
                    layers.append(nn.BatchNorm2d(layer.out_channels))
    nn.Sequential(*layers)
    return process_time() - began


def obedience(times: int = 20) -> tuple[float, float]:
    """Longest seconds from `pause` to holding, and from `stop` to the thread's end."""
    pauses: list[float] = []
    stops: list[float] = []
    for _ in range(times):
        runner = Runner(replace(PRESET, schedule=Schedule(iterations=10**9)))
        runner.start()
        while runner.snapshot.iteration < 1000:
            sleep(0.001)
        began = perf_counter()
        runner.pause()
        _until(runner, "paused")
        pauses.append(perf_counter() - began)
        runner.resume()
        _until(runner, "running")
        began = perf_counter()
        runner.stop()
        runner.join()
        stops.append(perf_counter() - began)
    return max(pauses), max(stops)


def _until(runner: Runner, state: RunState) -> None:
    while runner.snapshot.state != state:
        sleep(0.0002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=Schedule().iterations)
    arguments = parser.parse_args()
    reference = ZOO["maedet-m"].structure
    rates, builds = [], []
    for seed in range(3):
        evolution, seconds = search(arguments.iterations, seed)
        rates.append(arguments.iterations / seconds)
        builds += [build(reference) for _ in range(3)]
        z = ClosedForm(PRESET.objective).score([reference])[0].z
        best = evolution.best
        assert best is not None
        print(
            f"seed {seed}: {seconds:.2f} s, {rates[-1]:,.0f} iterations/s, Z {best.score.z:.2f}, "
            f"{best.score.z / z:.4f} of Table 12's"
        )
    pause, stop = obedience()
    per_second, module = median(rates), median(builds)
    print(f"{'rate, one core':34}{per_second:>12,.0f} /s   target: 8,000")
    print(f"{'building a module':34}{1 / module:>12,.1f} /s")
    print(f"{'ratio':34}{per_second * module:>12,.0f}")
    print(f"{'pause to hold, longest of 20':34}{pause * 1e3:>12,.1f} ms  target: 200")
    print(f"{'stop to end, longest of 20':34}{stop * 1e3:>12,.1f} ms  target: 200")


if __name__ == "__main__":
    main()
