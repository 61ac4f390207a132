"""`maedet-tui validate`: structures of one budget, each trained: does Z tell the better ones?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.lazy import StartingGroup
from maedet_tui.cli.numbers import FiniteRange
from maedet_tui.cli.output import failures, load_preset, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.presets.quantities import parse_quantity
from maedet_tui.terminal import echo
from maedet_tui.validate import defaults

_FILE = click.Path(path_type=Path)
#: what a number can sensibly be at most
_MOST_STRUCTURES, _MOST_SEEDS, _MOST_SEED = 10_000, 1000, 2**31


def _band(read: Callable[[str], float], what: str, example: str) -> Any:
    def parse(_: Any, __: click.Parameter, value: str | None) -> tuple[float, float] | None:
        if value is None:
            return None
        least, sign, most = value.partition("-")
        try:
            low, high = read(least.strip()), read(most.strip())
        except ValueError:
            sign = ""
        if not sign or not 0 <= low <= high:
            raise click.BadParameter(f"{value!r}: write LEAST-MOST, {what}, such as {example}")
        return low, high

    return parse


def _alphas(_: Any, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    from maedet_tui.structures.known import parse_alphas

    try:
        return tuple(map(parse_alphas, values))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add where and how many at a time to a command."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one line of JSON."),
        click.option("--keep", type=_FILE, metavar="FILE",
                     help="Take trainings that FILE has from there, and add new ones to it."),
        click.option("--threads", type=click.IntRange(1, 1024), metavar="N",
                     help="Of each training.  [default: the cores, shared out among --jobs]"),
        click.option("--jobs", type=click.IntRange(1, 1024), metavar="N",
                     help="Trainings at a time, each in a process of its own.  "
                     "[default: one a core]"),
    ):  # fmt: skip
        command = option(command)
    return runs_dir_option(command)


def _whole(
    option: str, default: int, least: int, most: int, metavar: str, text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(option, type=click.IntRange(least, most), default=default,
                        show_default=True, metavar=metavar, help=text)  # fmt: skip


@click.group(cls=StartingGroup, context_settings={"help_option_names": ["-h", "--help"]})
def validate() -> None:
    """Train structures of one budget side by side: does Z tell which detectors are better?

    \b
    maedet-tui validate PRESET --structures 17 --seeds 3
    is short for `maedet-tui validate start PRESET ...`, which --help explains.
    """


@validate.command()
@click.argument("preset")
@_whole("--structures", defaults.RANDOM, 0, _MOST_STRUCTURES, "N", "Structures drawn at random.")
@_whole("--along", defaults.ALONG, 0, _MOST_STRUCTURES, "N", "Structures met along the search.")
@click.option(
    "--alphas",
    multiple=True,
    callback=_alphas,
    metavar="A,B,C,D,E",
    help="Also the best of a search by these weights of C1-C5, such as 0,0,0,0,1. May be given "
    "several times.",
)
@click.option(
    "--flops-band",
    callback=_band(float, "shares of the budget", "0.85-1"),
    metavar="LEAST-MOST",
    help="FLOPs of random structures, as shares of the budget.  [default: 0.85-1]",
)
@click.option(
    "--params-band",
    callback=_band(parse_quantity, "params", "1M-3M"),
    metavar="LEAST-MOST",
    help="Their params.  [default: from half the baseline's to twice those]",
)
@click.option(
    "--optimum",
    type=FiniteRange(0, 1e9),
    default=defaults.PROOF,
    show_default=True,
    metavar="SECONDS",
    help="That a proof of the best structure may take; 0 for none.",
)
@_whole("--seeds", defaults.SEEDS, 1, _MOST_SEEDS, "N", "Trainings of each structure.")
@_whole("--seed", 0, 0, _MOST_SEED, "S", "The first of them; random structures are drawn by it.")
@click.option("--data", type=_FILE, help="Annotations in COCO's format.  [default: drawn scenes]")
@click.option("--images", type=_FILE, help="Folder of their images.")
@click.option("--val-data", type=_FILE, help="Annotations to evaluate on.")
@click.option("--val-images", type=_FILE, help="Folder of their images.  [default: --images]")
@_whole("--steps", defaults.STEPS, 1, 10**9, "N", "Steps of each training.")
@_whole("--batch", defaults.BATCH, 1, 65_536, "B", "Images of a step.")
@click.option(
    "--lr",
    type=float,
    metavar="RATE",
    help="Learning rate after the warm-up.  [default: 0.02 for 16 images, in proportion]",
)
@_whole("--fpn-channels", defaults.CHANNELS, 8, 8192, "N", "Channels of pyramid and head.")
@_whole("--head-depth", defaults.DEPTH, 0, 16, "N", "Convolutions of each of the head's towers.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--name", help="Folder of this validation in RUNS_DIR.  [default: preset and time]")
@click.option("--plan", "plan_only", is_flag=True, help="Show the structures and stop there.")
@_training_options
def start(
    preset: str,
    structures: int,
    along: int,
    alphas: tuple[tuple[float, ...], ...],
    flops_band: tuple[float, float] | None,
    params_band: tuple[int, int] | None,
    optimum: float,
    seeds: int,
    seed: int,
    data: Path | None,
    images: Path | None,
    val_data: Path | None,
    val_images: Path | None,
    steps: int,
    batch: int,
    lr: float | None,
    fpn_channels: int,
    head_depth: int,
    device: str,
    name: str | None,
    plan_only: bool,
    runs_dir: Path,
    jobs: int | None,
    threads: int | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Train structures within PRESET's budget, and compare AP with Z and its rivals.

    There are structures drawn at random, met along a search, its best, the proven optimum and a
    baseline of ResNet's or MobileNetV2's proportions. Each is trained from scratch with the same
    FCOS detector, data and steps. Ctrl+C saves; `maedet-tui validate resume` goes on.
    """
    _refuse_half_data(data, images, val_data)
    from maedet_tui.validate.subjects import Bands, Wanted

    usual = Bands()
    bands = Bands(flops_band or usual.flops, params_band)
    wanted = Wanted(structures, along, alphas, bands, optimum, seed)
    # torch comes with these, for which help and wrong usage need not wait
    from engine.training.errors import need
    from maedet_tui.cli.train import training_failures
    from maedet_tui.validate import begin
    from maedet_tui.validate.asked import Asked, data_of, settings_of
    from maedet_tui.validate.subjects import chosen

    stream = sys.stderr if as_json else sys.stdout
    with failures(), training_failures():
        need("PIL", "pycocotools")
        _refuse_absent(device)
        found = load_preset(preset, {})
        chosen_settings = settings_of(
            found,
            steps=steps,
            batch=batch,
            lr=lr,
            channels=fpn_channels,
            depth=head_depth,
            seed=seed,
        )
        with shown_on(stream) as display:
            subjects = chosen(found, wanted, lambda what: display.show(Row(what), at_once=True))
        if plan_only:
            _print_plan(subjects, as_json)
            return
        with begin.made_whole(begin.new_folder(runs_dir, found.name, name)) as folder:
            if data is None:
                size = found.budget.image_size
                with shown_on(stream) as display:
                    used = begin.synthetic(
                        folder, size, lambda made, of: display.show(Row("images", made, of))
                    )
            else:
                assert images is not None and val_data is not None
                from engine.training.evaluate import SIDES

                used = data_of(data, images, val_data, val_images or images, SIDES)
            asked = Asked(chosen_settings.as_dict(), seeds, used, device)
            begin.begin(folder, found, asked, subjects, subjects.notes)
    _go(folder, jobs, threads, keep, as_json)


@validate.command()
@click.argument("name")
@_training_options
def resume(
    name: str,
    runs_dir: Path,
    jobs: int | None,
    threads: int | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Go on with the validation NAME: what has finished stays, the rest is trained on."""
    from maedet_tui.validate.begin import find_validation

    with failures():
        folder = find_validation(name, runs_dir)
    _go(folder, jobs, threads, keep, as_json)


@validate.command()
@click.argument("name")
@runs_dir_option
@click.option("--output", type=_FILE, metavar="DIR",
              help="Where table and figure go.  [default: the validation's folder; with a file of "
              "--keep, nowhere]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def show(name: str, runs_dir: Path, output: Path | None, as_json: bool) -> None:
    """Print what the validation NAME has shown so far, and write its table and figure anew.

    NAME may be a file of --keep, whose trainings are compared as far as they can be.
    """
    from maedet_tui.cli.validate_progress import show as shown
    from maedet_tui.validate import results
    from maedet_tui.validate.begin import find_validation
    from maedet_tui.validate.filed import of_file

    with failures():
        if Path(name).is_file():
            for number, one in enumerate(of_file(Path(name)), 1):
                shown(one, output and (output / str(number) if number > 1 else output), as_json)
            return
        folder = find_validation(name, runs_dir)
        shown(results.of(folder), output or folder, as_json)


def _go(
    folder: Path, jobs: int | None, threads: int | None, keep: Path | None, as_json: bool
) -> None:
    """Train what has not finished, and end with the exit code."""
    from maedet_tui.cli.validate_progress import drive

    cores = os.cpu_count() or 1
    jobs = jobs or cores
    with failures():
        code = drive(folder, jobs, threads or max(1, cores // jobs), keep, as_json)
    click.get_current_context().exit(code)


def _refuse_half_data(data: Path | None, images: Path | None, val_data: Path | None) -> None:
    given = {"--data": data, "--images": images, "--val-data": val_data}
    absent = [option for option, value in given.items() if value is None]
    if absent and len(absent) < len(given):
        there = " and ".join(option for option in given if option not in absent)
        raise Failure(f"{there} needs {' and '.join(absent)} beside it", USAGE)


def _refuse_absent(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise Failure("--device cuda: torch finds no GPU here; leave the option out")


def _print_plan(subjects: Any, as_json: bool) -> None:
    from maedet_tui.cli.validate_progress import aligned, plan_rows
    from maedet_tui.validate.predictors import alike

    same = alike([one.predicted for one in subjects])
    if as_json:
        print_json({
            "structures": [{"name": one.name, "kind": one.kind, **one.predicted._asdict()}
                           for one in subjects],
            "notes": subjects.notes,
            "alike": same,
        })  # fmt: skip
        return
    lines = [*aligned(plan_rows(subjects)), *(f"{note}." for note in subjects.notes)]
    echo("\n".join(lines if same is None else [*lines, "", same]))
