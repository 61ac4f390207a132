"""`maedet-tui voc`: Pascal VOC's annotations in COCO's format, whole or cut into tiles."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click

from engine.training.annotations import read_annotations
from engine.training.errors import need
from engine.training.voc import from_voc, listed
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.cli.train import training_failures
from maedet_tui.cli.train_options import image_size
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error, write_atomically
from maedet_tui.terminal import echo

_FOLDER = click.Path(path_type=Path)
#: in the folder that tiles are written into
TILES, IMAGES = "annotations.json", "images"


def _names(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise click.BadParameter(f"{value!r}: write names with commas between, such as cat,dog")
    return names


@click.command()
@click.argument("annotations", type=_FOLDER)
@click.argument("images", type=_FOLDER)
@click.argument("output", type=_FOLDER)
@click.option("--list", "chosen", type=_FOLDER, metavar="FILE",
              help="Names of the images that belong to it, such as "
              "ImageSets/Main/trainval.txt.  [default: all]")  # fmt: skip
@click.option("--classes", callback=_names, metavar="A,B,…",
              help="These and no others, in this order; what is trained on and what is evaluated "
              "on need the same.  [default: all that there are, sorted]")  # fmt: skip
@click.option("--tiles", callback=image_size, metavar="WIDTHxHEIGHT",
              help="Cut the images into tiles of this size; OUTPUT is then a folder.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def voc(
    annotations: Path,
    images: Path,
    output: Path,
    chosen: Path | None,
    classes: list[str] | None,
    tiles: tuple[int, int] | None,
    as_json: bool,
) -> None:
    """Write Pascal VOC's ANNOTATIONS, a folder of XML files, to OUTPUT in COCO's format.

    `train` and `validate` take OUTPUT as --data, and IMAGES as --images. Objects marked as
    difficult become crowds, which do not count.
    """
    with failures(), training_failures():
        need("PIL")
        found = from_voc(annotations, images, None if chosen is None else listed(chosen), classes)
        text = json.dumps(found.document)
        if tiles is None:
            write_atomically(output, text, named=True, option=None)
            document, place = output, images
        else:
            document, place = output / TILES, output / IMAGES
            found = found._replace(document=_tiled(text, images, tiles, output))
    counts = {key: len(found.document[key]) for key in ("images", "annotations", "categories")}
    if as_json:
        print_json(
            {
                "output": str(document),
                "images": str(place),
                **{f"{key}_count": count for key, count in counts.items()},
                "left_out": found.left_out,
            }
        )
        return
    what = ", ".join(f"{count:,} {key}" for key, count in counts.items())
    note = f"; {found.left_out:,} objects of other classes are left out" if found.left_out else ""
    echo(f"Saved: {document}, {what}{note}")
    echo(f"Use: --data {document} --images {place}")


def _tiled(text: str, images: Path, size: tuple[int, int], output: Path) -> dict[str, object]:
    """Cut all images; the folder appears when it is whole. Raises SaveError, TrainingError."""
    from engine.training.tiles import cut  # brings torch, which reading XML does without

    if output.exists():
        raise SaveError(f"{output}: is there already, and not overwritten; name another folder")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=output.parent, prefix=".tiles-"))
        try:
            whole = scratch / TILES
            whole.write_text(text, "utf-8")
            (scratch / IMAGES).mkdir()
            with shown_on(sys.stderr) as display:
                document = cut(read_annotations(whole, images), size, scratch / IMAGES,
                               lambda made, of: display.show(Row("images", made, of)))  # fmt: skip
            whole.write_text(json.dumps(document), "utf-8")
            scratch.chmod(0o755)
            scratch.rename(output)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise save_error(output, error, "another OUTPUT") from None
    return document
