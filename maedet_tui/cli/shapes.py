"""`maedet-tui shapes`: a synthetic set to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.training.errors import TrainingError
from engine.training.scenes import draw as draw_scene
from engine.training.shapes import write_shapes
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.cli.train_options import MOST_SEED, image_size
from maedet_tui.files import save_error
from maedet_tui.terminal import echo

#: largest side of an image: it is drawn four times as large, in memory
MOST_SIDE = 4096


def _moderate(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    """(height, width) of an image that is drawn."""
    size = image_size(context, parameter, value)
    if size is None or max(size) > MOST_SIDE:
        raise click.BadParameter(f"{value!r}: sides are at most {MOST_SIDE}; write such as 128x128")
    return size


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--images",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Images to train on.",
)
@click.option(
    "--validation",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Images to evaluate on.  [default: a fifth of --images]",
)
@click.option(
    "--size",
    default="128x128",
    show_default=True,
    metavar="WIDTHxHEIGHT",
    callback=_moderate,
    help="Of each image.",
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, metavar="S"
)
@click.option(
    "--scenes",
    is_flag=True,
    help="Harder: sides from 1/16 to 3/4 of the image's, clutter, and shapes that hide others.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def shapes(
    folder: Path,
    images: int,
    validation: int | None,
    size: tuple[int, int],
    seed: int,
    scenes: bool,
    as_json: bool,
) -> None:
    """Write a synthetic set in COCO's format into DIR: circles, squares, triangles, crosses.

    The same seed writes the same set. DIR gets images/, train.json and val.json.
    """
    validation = validation or max(1, images // 5)
    every = images + validation
    try:
        with shown_on(sys.stderr) as display:
            write_shapes(
                folder, images, size, seed, validation,
                lambda made: display.show(Row("images", made, every)),
                draw_scene if scenes else None,
            )  # fmt: skip
    except TrainingError as error:
        raise Failure(str(error), USAGE if folder.exists() else 1) from None
    except OSError as error:
        raise Failure(str(save_error(folder, error, "another DIR"))) from None
    if as_json:
        print_json({"folder": str(folder), "train": images, "val": validation, "seed": seed})
        return
    echo(f"Saved: {folder}, {images:,} images to train on and {validation:,} to evaluate on")
    echo(
        f"Train: maedet-tui train SOURCE --data {folder}/train.json --images {folder}/images "
        f"--val-data {folder}/val.json --size {size[1]}x{size[0]} --fpn-channels 64"
    )
