"""`maedet-tui bench`: how fast backbones run, side by side."""

from __future__ import annotations

import os
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

import click

from engine.costs import total_cost
from maedet_tui import formatting
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures, family_option, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.files import read_structures
from maedet_tui.presets.quantities import parse_image_size
from maedet_tui.terminal import echo

if TYPE_CHECKING:
    from engine.backbone.bench import Bench, Timing


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the backbones run; auto takes a GPU if there is one.",
)
@click.option("--batch", type=click.IntRange(1, 4096), default=1, show_default=True, metavar="B")
@click.option(
    "--size", default="1280x800", show_default=True, metavar="WIDTHxHEIGHT", help="Image size."
)
@click.option(
    "--rounds",
    type=click.IntRange(2, 100_000),
    default=10,
    show_default=True,
    metavar="N",
    help="Times that each backbone is measured.",
)
@click.option("--compiled", is_flag=True, help="Also with torch.compile, where it works.")
@click.option(
    "--runtime",
    type=click.Choice(["torch", "onnx"]),
    default="torch",
    show_default=True,
    help="onnx: also as graphs in onnxruntime, on a CPU.",
)
@family_option
@click.option("--reference", default="resnet-50", show_default=True, help="SOURCE to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def bench(
    sources: tuple[str, ...],
    device: str,
    batch: int,
    size: str,
    rounds: int,
    compiled: bool,
    runtime: str,
    family: str | None,
    reference: str,
    as_json: bool,
) -> None:
    """Latency, throughput and memory of backbones, side by side with ResNet-50.

    SOURCE is a run's folder, a file with a structure, or a name from `maedet-tui zoo`.
    Backbones run in float32 and take turns; times are medians with their quartiles.
    """
    # the profiler that counts memory would write its stages to standard error
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    # after that, and neither for help nor for wrong usage
    import torch

    from engine.backbone.bench import bench as measure

    try:
        image_size = parse_image_size(size)
    except ValueError as error:
        raise click.BadParameter(f"{size!r} {error}", param_hint="--size") from None
    chosen = "cuda" if device == "auto" and torch.cuda.is_available() else device
    chosen = "cpu" if chosen == "auto" else chosen
    if runtime == "onnx":
        from maedet_tui.export import FORMATS
        from maedet_tui.export.source import broken

        if chosen == "cuda":
            raise Failure("--runtime onnx: graphs are measured on a CPU; use --device cpu")
        if trouble := FORMATS["onnx"].lacks or broken(FORMATS["onnx"].packages):
            raise Failure(f"--runtime onnx: {trouble}")
    if chosen == "cuda" and not torch.cuda.is_available():
        raise Failure("--device cuda: torch finds no GPU here; use --device cpu")
    with failures():
        found = read_structures(dict.fromkeys((*sources, reference)), family)
    structures = [one.structure for one in found]
    # what is told: memory, compiling or graph of each backbone, and the rounds after a first one
    modes = 1 + compiled + (runtime == "onnx")
    steps, of = count(), (len(structures) + rounds + 1) * modes
    try:
        with shown_on(sys.stderr) as display:
            results = measure(
                structures,
                torch.device(chosen),
                batch,
                image_size,
                rounds=rounds,
                compiled=compiled,
                onnx=runtime == "onnx",
                progress=lambda text: display.show(Row(text, next(steps), of), at_once=True),
            )
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise Failure(
            f"not enough memory for {batch} images of {size} on {chosen}; lower --batch or --size"
        ) from None
    costs = [total_cost(structure, image_size) for structure in structures]
    where = f"cpu ({torch.get_num_threads()} threads)"
    if chosen == "cuda":
        where = torch.cuda.get_device_name()
    if as_json:
        rows = [
            {"name": one.title, **cost._asdict(), **_values(result, batch)}
            for one, cost, result in zip(found, costs, results, strict=True)
        ]
        settings = {"device": where, "batch": batch, "size": size, "rounds": rounds}
        threads = torch.get_num_threads() if chosen == "cpu" else None
        versions = {"torch": torch.__version__}
        if runtime == "onnx":
            import onnxruntime

            versions["onnxruntime"] = onnxruntime.__version__
        print_json({**settings, "threads": threads, **versions, "results": rows})
        return
    _print_table(found, costs, results, batch)
    echo(f"\nOn {where}, {batch} x {size}, float32, {rounds} rounds in turns.")


def _values(result: Bench, batch: int) -> dict[str, Any]:
    def values(timing: Timing | None) -> dict[str, Any] | None:
        if timing is None:
            return None
        return {
            "latency_ms": 1e3 * timing.median,
            "latency_ms_quartiles": [1e3 * timing.low, 1e3 * timing.high],
            "images_per_second": timing.images_per_second(batch),
        }

    return {
        "eager": values(result.eager),
        "compiled": values(result.compiled),
        "onnx": values(result.onnx),
        "compile_error": result.compile_error or None,
        "memory_bytes": result.memory,
    }


def _print_table(found: Any, costs: Any, results: list[Bench], batch: int) -> None:
    width = max(len(one.title) for one in found)
    echo(
        f"{'':{width}}  {'params':>7} {'FLOPs':>7} {'mode':>9} {'latency':>10} {'quartiles':>19} "
        f"{'images/s':>9} {'memory':>8}"
    )
    for one, cost, result in zip(found, costs, results, strict=True):
        modes = (("eager", result.eager), ("compiled", result.compiled), ("onnx", result.onnx))
        for mode, timing in modes:
            if timing is None:
                continue
            echo(
                f"{one.title:{width}}  {formatting.quantity(cost.params):>7} "
                f"{formatting.quantity(cost.flops):>7} {mode:>9} {1e3 * timing.median:>7.1f} ms "
                f"{1e3 * timing.low:>7.1f} - {1e3 * timing.high:>6.1f} ms "
                f"{timing.images_per_second(batch):>8.2f} {result.memory / 1e6:>5.0f} MB"
            )
    for one, result in zip(found, results, strict=True):
        if result.compile_error:
            echo(f"{one.title}: torch.compile does not work here: {result.compile_error}")
