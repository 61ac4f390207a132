"""What a file of kept trainings says by itself, where its validation's folder is not at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maedet_tui.errors import SaveError
from maedet_tui.store import codec
from maedet_tui.validate import kept
from maedet_tui.validate.asked import Asked, Data
from maedet_tui.validate.kept import Kept
from maedet_tui.validate.results import Results
from maedet_tui.validate.store import Training
from maedet_tui.validate.subjects import Subject


def of_file(path: Path) -> list[Results]:
    """The trainings of a file as validations: those of one preset, on the same data and with the
    same settings but for the seed, belong together. Raises SaveError.

    preset: the file's name where lines do not say it.
    """
    groups: dict[str, list[Kept]] = {}
    for one in kept.lines(path):
        settings = {name: value for name, value in one.settings.items() if name != "seed"}
        alike = codec.dumps([one.preset or path.stem, sorted(settings.items()), one.digests])
        groups.setdefault(alike, []).append(one)
    if not groups:
        raise SaveError(f"{path}: has no training yet")
    return [_together(path, lines) for lines in groups.values()]


def _together(path: Path, lines: Sequence[Kept]) -> Results:
    """Trainings that compare, numbered in the order of the file."""
    subjects: dict[str, Subject] = {}
    trainings = []
    for number, one in enumerate(lines, 1):
        text = codec.structure_text(one.structure)
        subject = subjects.setdefault(
            text, Subject(len(subjects) + 1, one.name, one.kind, one.structure, one.predicted)
        )
        trainings.append(Training(number, subject.number, one.seed, one.trained))
    first = lines[0]
    seeds = len({one.seed for one in lines})
    nowhere = Data("", "", "", "", (0.0, 0.0), first.digests)
    asked = Asked(first.settings, seeds, nowhere)
    return Results(
        path, first.preset or path.stem, asked, tuple(subjects.values()), tuple(trainings), ()
    )
