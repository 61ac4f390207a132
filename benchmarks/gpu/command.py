"""The command: stages in order, each with its share of the time, and their results as files."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from time import monotonic

import torch

from benchmarks.gpu import (
    correctness,
    environment,
    latency,
    report,
    throughput,
    validation,
    warm,
    whole,
)
from benchmarks.gpu.course import Course, Stage
from benchmarks.gpu.report import Results
from benchmarks.gpu.stand_in import standing_in

STAGES: tuple[Stage, ...] = (
    environment.STAGE,
    correctness.STAGE,
    throughput.STAGE,
    whole.STAGE,
    warm.STAGE,
    latency.STAGE,
    validation.STAGE,
)
#: minutes of the stand-in, which at its size are not needed
ENOUGH = 30.0


def main() -> None:
    """Run the stages asked for. Ends with 1 if a check failed or a target was missed."""
    options = _options()
    if not options.stand_in and not torch.cuda.is_available():
        sys.exit(
            "torch finds no NVIDIA GPU here, so there is nothing to measure; "
            "`--stand-in` walks through the stages on the processor"
        )
    stages = [stage for stage in STAGES if stage.name in options.stages]
    with standing_in() if options.stand_in else nullcontext():
        kept = run(stages, options.output, 60 * options.minutes, options.stand_in)
    if not kept:
        sys.exit(1)


def run(stages: list[Stage], folder: Path, seconds: float, small: bool) -> bool:
    """Run stages in order; whether all that they found keeps to its target."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = monotonic() + seconds
    results = [Results.read(folder, stage, small) for stage in stages]
    for number, (stage, result) in enumerate(zip(stages, results)):
        shares = sum(one.share for one in stages[number:])
        until = monotonic() + max(0.0, ends - monotonic()) * stage.share / shares
        course = Course(torch.device("cuda"), small, until, result.notes)
        print(f"\n== {stage.title}", flush=True)
        alive = _run(stage, course, result)
        (folder / "gpu.md").write_text(report.markdown(results), "utf-8")
        if not alive:
            print("the device does not answer any more: call again, to go on behind this")
            return False
    print(f"\nresults are in {folder}")
    return all(result.kept for result in results)


def _run(stage: Stage, course: Course, result: Results) -> bool:
    """Run the parts that are not there yet; whether the device is still of use."""
    for name, part in stage.parts.items():
        if name in result.parts:
            print(f"{name}: measured before")
            continue
        if course.left <= 0:
            result.left_out.append(name)
            print(f"{name}: no time left")
            continue
        began = monotonic()
        result.begin(name)
        failed = False
        try:
            for row in part(course):
                result.add(name, row)
                print("  {:<36}  {:<36}  {}".format(*row), flush=True)
        except Exception as error:  # what a card may do is not known, and others are to be run
            failed = True
            result.fail(name, error)
        result.end(name, monotonic() - began)
        if failed and not _answers(course):
            return False
    return True


def _answers(course: Course) -> bool:
    try:
        course.settle()
    except RuntimeError:  # an error that the device cannot leave behind in this process
        return False
    return True


def _options() -> argparse.Namespace:
    names = [stage.name for stage in STAGES]
    parser = argparse.ArgumentParser(description="The GPU path, proven and measured on a card.")
    parser.add_argument("--minutes", type=float, default=None, help="in all; 9 by default")
    parser.add_argument("--output", type=Path, default=Path("gpu-benchmark"), metavar="FOLDER")
    parser.add_argument("--stages", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--stand-in", action="store_true", help="small, and on the processor")
    options = parser.parse_args()
    if options.minutes is None:
        options.minutes = ENOUGH if options.stand_in else 9.0
    return options
