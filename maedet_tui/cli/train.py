"""`maedet-tui train`: a detector on a backbone, from images with boxes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.costs import total_cost
from engine.training.annotations import Annotations, read_annotations
from engine.training.errors import TrainingError, need
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.train_options import MOST_STEPS, settings, settings_options
from maedet_tui.export.source import Source, read_source
from maedet_tui.terminal import echo

if TYPE_CHECKING:
    from engine.training.trainer import Trainer
    from maedet_tui.cli.training import Outcome

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("source")
@click.option("--data", type=_FILE, required=True, help="Annotations in COCO's format.")
@click.option("--images", type=_FILE, required=True, help="Folder of the images.")
@click.option("--val-data", type=_FILE, help="Annotations to evaluate on.")
@click.option("--val-images", type=_FILE, help="Folder of their images.  [default: --images]")
@click.option(
    "--output",
    type=_FILE,
    help="Folder for checkpoint and result.  [default: training-NAME, after SOURCE]",
)
@click.option("--resume", is_flag=True, help="Go on with the training in --output.")
@click.option("--weights", type=_FILE, help="The backbone's at the start (.pth, .safetensors).")
@settings_options
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to train; auto takes a GPU if there is one.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    default=0,
    show_default=True,
    metavar="N",
    help="Processes that load images.",
)
@click.option(
    "--evaluate-every",
    type=click.IntRange(0, MOST_STEPS),
    default=0,
    show_default=True,
    metavar="N",
    help="Steps between evaluations; 0 for one at the end.",
)
@click.option(
    "--save-every",
    type=click.IntRange(1, MOST_STEPS),
    default=500,
    show_default=True,
    metavar="N",
    help="Steps between checkpoints.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def train(
    source: str,
    data: Path,
    images: Path,
    val_data: Path | None,
    val_images: Path | None,
    output: Path | None,
    resume: bool,
    weights: Path | None,
    device: str,
    workers: int,
    evaluate_every: int,
    save_every: int,
    as_json: bool,
    **given: Any,
) -> None:
    """Train an FCOS detector on SOURCE with images and boxes in COCO's format.

    SOURCE is a run's folder, a file with a structure, or a name from `maedet-tui zoo`,
    resnet-50 among them. Ctrl+C saves; --resume goes on to the result that there would have
    been. On several GPUs: torchrun --nproc-per-node GPUS -m maedet_tui train SOURCE ...
    """
    if val_images and not val_data:
        raise Failure("--val-images needs --val-data, which says what is in them", USAGE)
    # torch comes with these, for which help and wrong usage need not wait
    from engine.training import checkpoint
    from engine.training.processes import processes
    from engine.training.trainer import Trainer
    from maedet_tui.cli import training

    with failures(), training_failures():
        need("PIL", *(["pycocotools"] if val_data else []))
        found = read_source(source)
        folder = output or Path(f"training-{found.name}")
        path = folder / training.CHECKPOINT
        with processes(device) as together:
            saved = checkpoint.read(path) if resume else None
            chosen = settings(given, together.device.type, saved["settings"] if saved else None)
            annotations = read_annotations(data, images)
            validation = read_annotations(val_data, val_images or images) if val_data else None
            if validation:
                _same_categories(annotations, validation)
            trainer = Trainer(
                found.structure, chosen, annotations, together, weights, workers=workers
            )
            if saved:
                trainer.restore(path, saved)
                del saved
            together.wait()  # nobody makes the folder before all have looked
            training.prepare(folder, resume=resume, first=together.rank == 0)
            together.wait()
            stream = training.stream_for(as_json)
            if together.rank == 0:
                for one in filter(None, (annotations, validation)):
                    _tell_left_out(one, stream)
            outcome = training.train(
                trainer,
                validation,
                folder,
                evaluate_every=evaluate_every,
                save_every=save_every,
                stream=stream,
            )
            if together.rank == 0:
                values = _values(found, trainer, outcome, path)
                training.write_result(folder, values)
                _print(values, outcome, as_json)
    if outcome.signal:
        click.get_current_context().exit(128 + outcome.signal)


@contextmanager
def training_failures() -> Iterator[None]:
    """Turn what a user can put right into a Failure."""
    from engine.backbone.checkpoint import CheckpointError

    try:
        yield
    except TrainingError as error:
        if len(error.problems) == 1:
            raise Failure(error.problems[0]) from None
        listed = "\n  ".join(error.problems)
        raise Failure(f"{error.count:,} problems:\n  {listed}") from None
    except CheckpointError as error:
        raise Failure(str(error)) from None
    except RuntimeError as error:
        if "out of memory" not in str(error) and "allocate memory" not in str(error):
            raise
        raise Failure("not enough memory; lower --batch, --size or --fpn-channels") from None


def _same_categories(annotations: Annotations, validation: Annotations) -> None:
    unlearnt = set(validation.categories) - set(annotations.categories)
    if unlearnt:
        number, name = min(unlearnt)
        raise TrainingError(
            f"{validation.path}: category {name} (id {number}) is not in {annotations.path}, "
            "so it could not be learnt; both files need the same categories"
        )


def _tell_left_out(annotations: Annotations, stream: TextIO) -> None:
    if ids := annotations.left_out:
        echo(
            f"{annotations.path}: {len(ids)} annotations without an area are left out "
            f"(id {ids[0]}{', …' * (len(ids) > 1)})",
            file=stream,
        )


def _values(found: Source, trainer: Trainer, outcome: Outcome, path: Path) -> dict[str, Any]:
    last = outcome.step._asdict() if outcome.step else {}
    last.pop("number", None)
    return {
        "name": found.name,
        "title": found.title,
        **total_cost(found.structure)._asdict(),
        "state": "interrupted" if outcome.signal else "finished",
        "steps": trainer.step,
        "seconds_per_step": outcome.seconds / outcome.steps if outcome.steps else None,
        **last,
        **outcome.precision,
        "settings": trainer.settings.as_dict(),
        "device": str(trainer.processes.device),
        "processes": trainer.processes.size,
        "checkpoint": str(path),
    }


def _print(values: dict[str, Any], outcome: Outcome, as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    word = "Interrupted after" if outcome.signal else "Finished:"
    echo(f"{word} {values['steps']:,} of {values['settings']['steps']:,} steps.")
    echo(f"Saved: {values['checkpoint']}")
    if outcome.signal:
        folder = os.path.dirname(values["checkpoint"])
        echo(f"Go on: the same command with --resume --output {folder}")
