"""Closed form against the mean of forward passes, kind of block by kind of block.

    python -m benchmarks kinds [KIND ...] [--structures 50] [--passes 32] [--resolution 64]
        [--results FILE]
    python -m benchmarks kinds --draws

Each structure has blocks of one kind behind a stem, with widths, kernels, depths and groups drawn
at random from the ranges of the published spaces; those of the last rows have what stems and
endings of YOLO detectors have. Target: relative error of H at C3, C4 and C5 at most 0.3 % on
average. With --results a kind that FILE has is not measured again. --draws tells instead what the
second order of the logarithm leaves out of one layer of few channels, whose positions are alike.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import numpy as np

from engine.blocks import KINDS
from engine.checks import check
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.search.sampling import Sampler
from engine.settings import Forward, Objective, Space
from engine.structure import Block, Structure

TARGET = 0.003
#: least and largest output width of C1-C5: from C3 on those of TinyNAS's space of K1KX
WIDTHS = ((16, 32), (32, 96), (64, 128), (128, 256), (256, 512))
DEPTHS = (1, 2, 3, 3, 2)
GROUPS = (8, 16, 24, 48)
#: structures whose passes have the same images and weights, which take longest to draw
SHARED = 10


@dataclass(frozen=True)
class Row:
    """Structures that are alike: their kinds of block, and what their spaces limit.

    inside: least and largest hidden width over output width.
    """

    kind: str
    kernels: tuple[int, ...] = (3, 5)
    inside: tuple[float, float] = (0.25, 1.0)
    expansions: tuple[int, ...] = (1, 2, 4, 6)
    stems: tuple[str, ...] = ("Conv", "Focus")
    ending: bool = False


_DEPTHWISE: dict[str, Any] = {"kernels": (3, 5, 7), "inside": (1.5, 6.0)}
ROWS = {
    "K1KXBlock": Row("K1KXBlock"),
    "KXKXBlock": Row("KXKXBlock"),
    "GroupedBlock": Row("GroupedBlock", inside=(0.5, 1.0)),
    "DepthwiseBlock": Row("DepthwiseBlock", **_DEPTHWISE),
    "ZenResBlock": Row("ZenResBlock", (3, 5, 7)),
    "ZenBasicBlock": Row("ZenBasicBlock"),
    "ZenInvertedBlock": Row("ZenInvertedBlock", (3, 5, 7), (1.0, 1.0)),
    # beyond the published ones: hidden widths from 8
    "narrow": Row("ZenInvertedBlock", (3, 5, 7), (0.25, 1.0)),
    "RepK1KXBlock": Row("RepK1KXBlock", (3,)),
    "RepKXKXBlock": Row("RepKXKXBlock", (3,)),
    "CSPK1KXBlock": Row("CSPK1KXBlock", (3,)),
    "CSPKXKXBlock": Row("CSPKXKXBlock", (3,)),
    "MobileBlock": Row("MobileBlock", (5,), (3.5, 5.5)),
    "Focus": Row("K1KXBlock", stems=("Focus", "SiLUFocus")),
    "SPP": Row("RepK1KXBlock", (3,), stems=("SiLUFocus", "SiLUConv"), ending=True),
    # those of the paper and of ResNets, beside the others
    "ResBlock": Row("ResBlock"),
    "BasicBlock": Row("BasicBlock"),
    "InvertedBlock": Row("InvertedBlock"),
}


def structures_of(row: Row, count: int, seed: int = 0) -> Iterator[Structure]:
    """So many structures of a row, the same for the same seed."""
    rng = Random(seed)
    space = Space(
        blocks=(row.kind,), kernels=row.kernels, expansions=row.expansions, width_step=8,
        max_width=6 * WIDTHS[-1][1], bottleneck_ratio=row.inside, stage_depths=DEPTHS,
        widths=WIDTHS,
    )  # fmt: skip
    for _ in range(count):
        blocks = [Block(rng.choice(row.stems), 3, 3, 16, 2)]
        group = rng.choice(GROUPS) if "group" in KINDS[row.kind].fields else 0
        for least, _ in WIDTHS[1:]:
            plain = Block(row.kind, 3, blocks[-1].out_channels, least, 2, group=group)
            blocks.append(KINDS[row.kind].adopt(plain))
        if row.ending:
            width = blocks[-1].out_channels
            blocks.append(Block("SPP", 5, width, width, 1))
        yield check(Sampler(space, Structure(tuple(blocks))).draw(rng))


def measured(
    structures: Sequence[Structure], passes: int, resolution: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Relative errors of the closed form's H of each structure at C3, C4 and C5, the standard
    error of each mean that it is held against, and Z's deviation of a pass over the predicted.
    """
    objective = Objective(resolution=resolution)
    closed = ClosedForm(objective).score(structures)
    scorer = ForwardScorer(objective, "cpu", Forward())
    errors, noise, ratio = [], [], []
    for number, (structure, score) in enumerate(zip(structures, closed)):
        scorer.vanilla.cache.clear()
        # other weights for each few: errors of means over the same ones do not average out
        found = scorer.passes(structure, passes, first=number // SHARED * passes)
        entropies = np.array([one.entropies for one in found])[:, 2:]
        mean = entropies.mean(0)
        errors.append(np.array(score.entropies[2:]) / mean - 1)
        noise.append(entropies.std(0, ddof=1) / sqrt(passes) / mean)
        ratio.append(np.std([one.z for one in found], ddof=1) / score.z_std)
    return np.array(errors), np.array(noise), np.array(ratio)


def figures(name: str, count: int, passes: int, resolution: int) -> dict[str, Any]:
    """What is told of a row, and kept."""
    start = process_time()
    structures = list(structures_of(ROWS[name], count))
    errors, noise, ratio = measured(structures, passes, resolution)
    return {
        "row": name,
        "structures": count,
        "passes": passes,
        "resolution": resolution,
        "error": np.abs(errors).mean(0).tolist(),
        "bias": errors.mean(0).tolist(),
        "worst": float(np.abs(errors).max()),
        "noise": noise.mean(0).tolist(),
        "deviation": float(ratio.mean()),
        "seconds": process_time() - start,
    }


def told(one: dict[str, Any]) -> str:
    """A row of the table."""
    error, bias = (" ".join(f"{value:>8.3%}" for value in one[key]) for key in ("error", "bias"))
    noise = sum(one["noise"]) / len(one["noise"])
    missed = "" if max(one["error"]) <= TARGET else "  missed"
    return (
        f"{one['row']:18}{error}   {bias}{one['worst']:>9.2%}{noise:>9.3%}"
        f"{one['deviation']:>8.2f}{one['seconds']:>7.0f} s{missed}"
    )


def draws(count: int = 40_000) -> None:
    """The mean log of a mean over channels, of rectified squares and of products of two of them
    (a depthwise convolution's), beside what formula (e) of `docs/closed-form.md` takes off."""
    rng = np.random.default_rng(0)

    def squares(width: int) -> np.ndarray:
        return 2 * np.maximum(rng.standard_normal((count, width)), 0) ** 2

    print(f"{count:,} draws{'dense':>17}{'by (e)':>9}{'depthwise':>12}{'by (e)':>9}")
    for width in (16, 24, 32, 48, 64, 96, 128, 192):
        dense = squares(width)
        told = f"{width:4} channels"
        for values, variance in ((dense, 5), (dense * squares(width), 35)):
            mean = values.mean(1)
            told += f"{np.log(mean[mean > 0]).mean():>13.3f}{-variance / width / 2:>9.3f}"
        print(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(ROWS))
    parser.add_argument("--structures", type=int, default=50)
    parser.add_argument("--passes", type=int, default=32)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--results", type=Path, help="file that keeps what has been measured")
    parser.add_argument("--draws", action="store_true", help="of one layer of few channels")
    arguments = parser.parse_args()
    if arguments.draws:
        draws()
        return
    if unknown := set(arguments.kinds) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    asked = (arguments.structures, arguments.passes, arguments.resolution)
    known: dict[str, dict[str, Any]] = {}
    if arguments.results and arguments.results.is_file():
        for line in arguments.results.read_text("utf-8").splitlines():
            one = json.loads(line)
            if (one["structures"], one["passes"], one["resolution"]) == asked:
                known[one["row"]] = one
    print("{} structures of a kind, {} passes at {}; relative error of H".format(*asked))
    print(
        f"{'':18}{'mean C3':>8}{'C4':>9}{'C5':>9}   {'bias C3':>8}{'C4':>9}{'C5':>9}"
        f"{'worst':>9}{'noise':>9}{'std':>8}{'time':>9}"
    )
    for name in arguments.kinds or ROWS:
        if name not in known:
            known[name] = figures(name, *asked)
            if arguments.results:
                with arguments.results.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps(known[name]) + "\n")
        print(told(known[name]), flush=True)


if __name__ == "__main__":
    main()
