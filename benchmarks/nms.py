"""Suppression without torchvision: seconds and memory, beside torchvision's where there is one.

    python -m benchmarks.nms [--rounds 25]

Boxes are spread over an image of 1280x800; sides are drawn evenly from 8 pixels to the most.
The two take turns, so that other work on the machine meets both. torchvision sets classes apart
by adding to their coordinates, which rounds them: near the threshold a box or two may differ.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from engine.detection.nms import by_blocks

#: boxes, classes, longest side
CASES = ((5000, 80, 128), (5000, 80, 600), (5000, 1, 128), (5000, 1, 600), (10_000, 1, 128))
THRESHOLD = 0.6
Suppression = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def drawn(number: int, classes: int, longest: int) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (N, 4), scores and labels."""
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(number, 2, generator=generator) * torch.tensor([1280.0, 800.0])
    sides = torch.rand(number, 2, generator=generator) * (longest - 8) + 8
    boxes = torch.cat([corners, corners + sides], 1)
    scores = torch.rand(number, generator=generator)
    return boxes, scores, torch.randint(classes, (number,), generator=generator)


def seconds(
    functions: list[Suppression], case: tuple[Tensor, Tensor, Tensor], rounds: int
) -> list[float]:
    taken: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, times in zip(functions, taken, strict=True):
            began = time.perf_counter()
            function(*case, THRESHOLD)
            if turn:  # the first warms up
                times.append(time.perf_counter() - began)
    return [median(times) for times in taken]


def megabytes(case: tuple[Tensor, Tensor, Tensor]) -> float:
    """At most held at once by numpy, beyond what was there."""
    tracemalloc.start()
    by_blocks(*case, THRESHOLD)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    functions: list[Suppression] = [by_blocks]
    try:
        from torchvision.ops import batched_nms

        functions.append(batched_nms)
    except (ImportError, RuntimeError, OSError):
        print("torchvision: not installed beside this torch")
    print("boxes   classes  sides to   kept     ours   memory   torchvision   ratio    differ")
    for number, classes, longest in CASES:
        case = drawn(number, classes, longest)
        kept = by_blocks(*case, THRESHOLD)
        ours, *theirs = seconds(functions, case, rounds)
        beside = f"{theirs[0] * 1e3:8.1f} ms {ours / theirs[0]:9.1f}" if theirs else ""
        if functions[1:]:
            others = functions[1](*case, THRESHOLD)
            beside += f" {len(set(kept.tolist()) ^ set(others.tolist())):9}"
        print(
            f"{number:6,} {classes:8} {longest:9} {len(kept):6,} {ours * 1e3:5.1f} ms"
            f" {megabytes(case):5.1f} MB {beside}"
        )


if __name__ == "__main__":
    main()
