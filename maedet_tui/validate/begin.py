"""The folder of a validation: made, found, and taken by the one process that drives it."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from engine.formats.rows import closest
from engine.settings import Preset
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.store.claim import refuse_bad_name
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import Held, RunLock
from maedet_tui.validate import store
from maedet_tui.validate.asked import IMAGES, SHARES, VALIDATION, Asked, Data, data_of
from maedet_tui.validate.subjects import Subject

#: the synthetic set, in the folder of a validation that trains on it
DATA = "data"


def new_folder(runs_dir: Path, preset: str, name: str | None) -> Path:
    """An empty folder for a validation. name: the user's, refused if taken. Raises SaveError."""
    if name is not None:
        refuse_bad_name(name)
        names = [name]
    else:
        stem = re.sub(r"[^\w.-]+", "-", preset).strip(".-") or "preset"
        stem = f"validate-{stem[:50]}-{datetime.now():%Y%m%d-%H%M%S}"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
    for one in names:
        folder = runs_dir / one
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    raise SaveError(f"{runs_dir / names[0]}: is there already; choose another --name")


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


@contextlib.contextmanager
def driving(folder: Path) -> Iterator[store.ValidationStore]:
    """The database of a validation, to write, while this process alone drives it.

    Raises StoreError.
    """
    lock = RunLock(folder)
    try:
        lock.take()
    except Held as held:
        raise StoreError(
            f"{folder}: is trained by {held.holder or 'another process'} already; "
            f"`maedet-tui validate show {folder}` says where it stands"
        ) from None
    try:
        with store.ValidationStore(folder, write=True) as opened:
            yield opened
    finally:
        lock.release()


def find_validation(ref: str, runs_dir: Path) -> Path:
    """The folder of the validation that a user names: by its name in runs_dir, or by its path.

    Raises StoreError.
    """
    for folder in (runs_dir / ref, Path(ref)):
        try:
            if ref and (folder / store.FILE).exists():
                return folder
        except (OSError, ValueError):  # a name that no folder can have
            continue
    said = ref if ref.isprintable() and 0 < len(ref) <= 200 else repr(ref[:60])
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = sorted(one.name for one in runs_dir.iterdir() if (one / store.FILE).exists())
    hint = closest(ref, names[-20:]) if names else f"there are no validations in {runs_dir}"
    raise StoreError(f"{said}: no such validation; {hint}")
