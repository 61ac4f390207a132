"""Finished trainings as lines of one small file, so that no later validation repeats them.

Unlike the database of a validation, the file outlives changes of what is compared: more
structures, more seeds, another machine. One training a line, in JSON.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from engine.files import Unreadable, read_regular
from engine.formats.rows import shown
from engine.formats.structure_yaml import from_rows, to_rows
from engine.structure import Structure
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.store import cells, codec
from maedet_tui.validate.asked import Asked
from maedet_tui.validate.predictors import Predicted
from maedet_tui.validate.store import MEASURES, Trained
from maedet_tui.validate.subjects import KINDS, Subject

#: bytes of a file: a training takes about 2,000
_MOST_BYTES = 1 << 28


class Kept(NamedTuple):
    """A line: a training, and all that it was made of. preset: "" in lines that do not say."""

    key: str
    name: str
    kind: str
    preset: str
    seed: int
    structure: Structure
    predicted: Predicted
    settings: dict[str, Any]
    digests: tuple[str, str]
    trained: Trained


def known(path: Path) -> dict[str, Trained]:
    """The trainings in a file by their keys; none where there is no file yet.

    Raises SaveError for a file of something else, or one with a line that was cut short.
    """
    return {one.key: one.trained for one in lines(path)} if path.exists() else {}


def lines(path: Path) -> list[Kept]:
    """All that a file holds. Raises SaveError."""
    try:
        found = read_regular(path, _MOST_BYTES).decode("utf-8").splitlines()
    except Unreadable as error:
        raise SaveError(f"{path}: {error}; name another file with --keep") from None
    except UnicodeDecodeError:
        raise SaveError(f"{path}: is no file of trainings; name another with --keep") from None
    every = []
    for number, line in enumerate(found, 1):
        try:
            every.append(_read(codec.loads(line)))
        except codec.DAMAGE as error:
            raise SaveError(
                f"{path}: line {number} is no training ({error}); mend it, or name another file "
                "with --keep"
            ) from None
    return every


def keep(
    path: Path, preset: str, subject: Subject, seed: int, asked: Asked, trained: Trained
) -> None:
    """Add a finished training to a file. preset: whose Z it has. Raises SaveError."""
    values = {
        "key": asked.key(subject.structure, seed),
        "preset": preset,
        "name": subject.name,
        "kind": subject.kind,
        "seed": seed,
        **dict(zip(MEASURES, trained.precision, strict=True)),
        "step": trained.step,
        "seconds": round(trained.seconds, 2),
        "losses": [round(loss, 5) for loss in trained.losses],
        **subject.predicted._asdict(),
        "structure": to_rows(subject.structure),
        "settings": asked.of_seed(seed),
        "data": list(asked.data.digests),
    }
    line = (json.dumps(values, allow_nan=False) + "\n").encode()
    try:
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise save_error(path, error, "--keep") from None


def _read(values: Any) -> Kept:
    """Raises one of `codec.DAMAGE`."""
    precision = tuple(
        cells.maybe(cells.real, values[name], name, 0.0, 1.0) for name in MEASURES
    )  # fmt: skip
    if precision[0] is None:
        raise ValueError("it has no AP")
    trained = Trained(
        "finished",
        cells.whole(values["step"], "step"),
        cells.seconds(values["seconds"], "seconds"),
        precision,
        tuple(cells.real(loss, "loss") for loss in values["losses"]),
    )
    if values["kind"] not in KINDS:
        raise ValueError(f"the kind of its structure is {shown(values['kind'])}")
    settings = values["settings"]
    if not isinstance(settings, dict):
        raise ValueError(f"its settings are {shown(settings)}")
    first, second = (cells.text(one, "digest") for one in values["data"])
    return Kept(
        cells.text(values["key"], "key"),
        cells.text(values["name"], "name"),
        values["kind"],
        cells.text(values.get("preset", ""), "preset"),
        cells.whole(values["seed"], "seed"),
        from_rows(values["structure"]),
        Predicted.checked(values),
        settings,
        (first, second),
        trained,
    )
