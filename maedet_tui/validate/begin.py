"""The folder of a validation: made, found, and taken by the one process that drives it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from engine.settings import Preset
from maedet_tui.files import save_error
from maedet_tui.store import driven
from maedet_tui.validate import store
from maedet_tui.validate.asked import IMAGES, SHARES, VALIDATION, Asked, Data, data_of
from maedet_tui.validate.subjects import Subject

#: the synthetic set, in the folder of a validation that trains on it
DATA = "data"


def new_folder(runs_dir: Path, preset: str, name: str | None) -> Path:
    """An empty folder for a validation. name: the user's, refused if taken. Raises SaveError."""
    return driven.new_folder(runs_dir, "validate", preset, name)


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A new folder, which is gone again if what is done within fails."""
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def synthetic(
    folder: Path,
    size: tuple[int, int],
    told: Callable[[int, int], None],
    images: int = IMAGES,
    validation: int = VALIDATION,
) -> Data:
    """Draw the synthetic set into a validation's folder; size: (height, width) of the images.

    told: of so many images so many are drawn. Raises TrainingError, SaveError.
    """
    from engine.training import scenes
    from engine.training.shapes import write_shapes

    place = folder / DATA
    try:
        write_shapes(
            place, images, size, 0, validation,
            lambda made: told(made, images + validation), scenes.draw,
        )  # fmt: skip
    except OSError as error:
        raise save_error(place, error) from None
    small, large = (share * min(size) for share in SHARES)
    files = (place / "train.json", place / "images", place / "val.json", place / "images")
    return data_of(*files, (small, large))


def begin(
    folder: Path, preset: Preset, asked: Asked, subjects: Sequence[Subject], notes: Sequence[str]
) -> None:
    """Write down what is to be trained; nothing is trained yet. Raises StoreError."""
    store.create(folder, preset, asked, subjects, notes)


def driving(folder: Path) -> AbstractContextManager[store.ValidationStore]:
    """The database of a validation, to write, while this process alone drives it.

    Raises StoreError.
    """
    return driven.driven(
        folder,
        lambda: store.ValidationStore(folder, write=True),
        "is trained by {who} already; `maedet-tui validate show {folder}` says where it stands",
    )


def find_validation(ref: str, runs_dir: Path) -> Path:
    """The folder of the validation that a user names: by its name in runs_dir, or by its path.

    Raises StoreError.
    """
    return driven.find_folder(ref, runs_dir, store.FILE, "validation")
