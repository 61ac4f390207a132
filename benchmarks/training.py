"""Backbones trained on the synthetic set: equal steps, equal budget, several seeds.

    python -m benchmarks.training [--steps 300] [--seeds 3] [--size 64x64] [--output FILE]

ResNet-50, the paper's MAE-DET-M and the best of our own search of its preset, each as an
FCOS detector on `maedet-tui shapes`, whose images are the same for all. A seed decides the
initial weights and the order of images. Each finished run is a line of FILE, and runs that
are there already are not made again, so a cut costs one run at most. Steps of 8 images of
64x64 take about half a second of one core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import torch

from engine.costs import total_cost
from engine.formats import structure_yaml
from engine.run.runner import Runner
from engine.structure import Structure
from engine.training.annotations import read_annotations
from engine.training.processes import processes
from engine.training.settings import Settings
from engine.training.shapes import write_shapes
from engine.training.trainer import Trainer
from engine.zoo import ZOO
from maedet_tui.presets import load
from maedet_tui.presets.quantities import format_image_size, parse_image_size

#: sides between small, medium and large objects, as shares of an image's; COCO's bounds
#: would call all of them small
SIDES = (0.2, 0.35)
COLUMNS = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
NAMES = ("ResNet-50", "MAE-DET-M", "our search, seed 0")


def searched() -> Structure:
    """The best of the search of the preset maedet-m, seed 0."""
    overrides = {
        "scorer": ("closed-form", "benchmark"),
        "audit": (False, "benchmark"),
        "search.seed": (0, "benchmark"),
    }
    runner = Runner(load("maedet-m", overrides))
    runner.start()
    runner.join()
    best = runner.snapshot.best
    assert best is not None
    return best.structure


def run(
    data: Path, name: str, structure: Structure, settings: Settings, threads: int
) -> dict[str, Any]:
    """Train one backbone and evaluate it."""
    torch.set_num_threads(threads)
    train, val = (
        read_annotations(data / f"{split}.json", data / "images") for split in ("train", "val")
    )
    small, large = (share * min(settings.size) for share in SIDES)
    with processes("cpu") as alone:
        trainer = Trainer(structure, settings, train, alone)
        seconds, losses, last = [], [], time.perf_counter()
        for step in trainer.steps():
            now = time.perf_counter()
            seconds.append(now - last)
            losses.append(step.loss)
            last = now
        precision = trainer.evaluate(val, (small, large))
    return {
        "backbone": name,
        "seed": settings.seed,
        "settings": settings.as_dict(),
        "images": [len(train.pictures), len(val.pictures)],
        "structure": structure_yaml.dumps(structure),
        "seconds_per_step": median(seconds),
        "loss": mean(losses[-max(1, len(losses) // 10) :]),
        **precision,
    }


def table(rows: list[dict[str, Any]], size: tuple[int, int]) -> str:
    """Mean and standard deviation over seeds, in percent, as a table in Markdown."""
    lines = [
        f"| | params | FLOPs at 1280x800 | FLOPs at {format_image_size(size)} | AP of each seed | "
        + " | ".join(column.replace("_", " ") for column in COLUMNS)
        + " | loss | s/step |",
        "|---" * (len(COLUMNS) + 7) + "|",
    ]
    rows = sorted(rows, key=lambda row: row["seed"])
    for name in NAMES:
        own = [row for row in rows if row["backbone"] == name]
        if not own:
            continue
        structure = structure_yaml.loads(own[0]["structure"])
        cells = [", ".join(f"{100 * row['AP']:.1f}" for row in own)]
        cells += [_spread([100 * row[column] for row in own], ".1f") for column in COLUMNS]
        cells.append(_spread([row["loss"] for row in own], ".3f"))
        cells.append(_spread([row["seconds_per_step"] for row in own], ".2f"))
        paper, here = total_cost(structure), total_cost(structure, size)
        lines.append(
            f"| {name} | {paper.params / 1e6:.1f}M | {paper.flops / 1e9:.1f}G "
            f"| {here.flops / 1e9:.2f}G | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def _spread(values: list[float], form: str) -> str:
    if len(values) == 1:
        return format(values[0], form)
    return f"{mean(values):{form}} ± {stdev(values):{form}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=parse_image_size, default=(64, 64), metavar="WIDTHxHEIGHT")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--images", type=int, default=1000, help="to train on")
    parser.add_argument("--validation", type=int, default=200, help="images to evaluate on")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of each run")
    parser.add_argument("--output", type=Path, default=Path("training.jsonl"))
    parser.add_argument("--table", action="store_true", help="print what FILE has, train nothing")
    options = parser.parse_args()
    base = Settings(
        steps=options.steps,
        batch=options.batch,
        size=options.size,
        least=0.75,
        most=1.0,  # more would pad 64 pixels to 96
        lr=options.lr,
        warmup=options.steps // 10,
        decays=(0.75, 0.92),
        channels=64,
        depth=2,
    )
    asked = [replace(base, seed=seed) for seed in range(options.seeds)]
    if not options.table:
        train_all(asked, options)
    plain = [settings.as_dict() for settings in asked]
    print(table([row for row in _rows(options.output) if row["settings"] in plain], options.size))


def train_all(asked: list[Settings], options: argparse.Namespace) -> None:
    """Make the runs that FILE does not have yet."""
    structures = (ZOO["resnet-50"].structure, ZOO["maedet-m"].structure, searched())
    there = [(row["backbone"], row["settings"]) for row in _rows(options.output)]
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "shapes"
        write_shapes(data, options.images, options.size, 0, options.validation)
        context = get_context("spawn")  # a fork would inherit torch's threads
        with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
            tasks = [
                pool.submit(run, data, name, structure, settings, options.threads)
                for settings in asked
                for name, structure in zip(NAMES, structures, strict=True)
                if (name, settings.as_dict()) not in there
            ]
            for done in as_completed(tasks):
                row = done.result()
                with options.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                precision = f"AP {100 * row['AP']:.1f}"
                print(f"{row['backbone']}, seed {row['seed']}: {precision}", flush=True)


def _rows(output: Path) -> list[dict[str, Any]]:
    if not output.exists():
        return []
    return [json.loads(line) for line in output.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
