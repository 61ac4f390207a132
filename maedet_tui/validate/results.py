"""What a validation has shown so far: APs beside predictors, and how far one tells the other."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from engine.formats.structure_yaml import to_rows
from maedet_tui.validate import statistics
from maedet_tui.validate.asked import Asked
from maedet_tui.validate.predictors import NAMES, RIVALS, alike
from maedet_tui.validate.statistics import Agreement, Interval, NoCorrelation, Noise
from maedet_tui.validate.store import MEASURES, Trained, Training, ValidationStore
from maedet_tui.validate.subjects import RANDOM, Subject


class Row(NamedTuple):
    """A structure with its finished trainings, (seed, Trained) by seed."""

    subject: Subject
    trained: tuple[tuple[int, Trained], ...]

    @property
    def aps(self) -> tuple[float, ...]:
        """Of each seed, from 0 to 1."""
        return tuple(one.ap for _, one in self.trained if one.ap is not None)

    @property
    def ap(self) -> float:
        """The mean over seeds. Raises StatisticsError before a training has finished."""
        return mean(self.aps)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over seeds; None of one."""
        return stdev(self.aps) if len(self.aps) > 1 else None

    def mean_of(self, measure: str) -> float | None:
        """The mean of one of MEASURES over seeds; None where there is none."""
        place = MEASURES.index(measure)
        values = [one.precision[place] for _, one in self.trained]
        known = [value for value in values if value is not None]
        return mean(known) if known else None

    def value(self, predictor: str) -> float | None:
        """One of `predictors.NAMES`."""
        found: float | None = getattr(self.subject.predicted, predictor)
        return found


@dataclass(frozen=True)
class Results:
    """A validation as far as it has come. folder: or the file that all is from. preset: whose
    budget it is, by name."""

    folder: Path
    preset: str
    asked: Asked
    subjects: tuple[Subject, ...]
    trainings: tuple[Training, ...]
    notes: tuple[str, ...]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Structures with finished trainings, best AP first."""
        rows = []
        for subject in self.subjects:
            trained = tuple(
                (one.seed, one.trained)
                for one in sorted(self.trainings, key=lambda one: one.seed)
                if one.subject == subject.number and one.trained.state == "finished"
            )
            if trained:
                rows.append(Row(subject, trained))
        return tuple(sorted(rows, key=lambda row: -row.ap))

    @property
    def finished(self) -> int:
        """Trainings that have."""
        return sum(one.trained.state == "finished" for one in self.trainings)

    @property
    def failed(self) -> tuple[Training, ...]:
        """Trainings that did not work."""
        return tuple(one for one in self.trainings if one.trained.state == "failed")

    @cached_property
    def noise(self) -> Noise | None:
        """How much AP scatters over seeds."""
        return statistics.noise([row.aps for row in self.rows])

    @cached_property
    def agreements(self) -> dict[str, Agreement | str]:
        """Of each predictor with AP, over all structures; a sentence where there is none."""
        return {name: _agreement(self.rows, name) for name in NAMES}

    @cached_property
    def among_random(self) -> dict[str, Agreement | str]:
        """The same over the structures drawn at random alone, which nobody chose by their Z."""
        return {name: _agreement(self._random, name) for name in NAMES}

    @cached_property
    def advantages(self) -> dict[str, Interval]:
        """By how much Z's rho is above that of each rival, where both are known."""
        found = {}
        for name in RIVALS:
            rows = _with(self.rows, name)
            with contextlib.suppress(NoCorrelation):
                found[name] = statistics.advantage(
                    _values(rows, "z"), _values(rows, name), [row.ap for row in rows]
                )
        return found

    @property
    def _random(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.subject.kind == RANDOM)

    def verdicts(self) -> list[str]:
        """What can be said, the most important first, a sentence each."""
        told = self.agreements["z"]
        if isinstance(told, str):
            return [f"Nothing can be said of Z yet: {told}."]
        rho = told.spearman
        sure = "predicts" if rho.low > 0 else "does not tell"
        lines = [f"Z {sure} AP here: rho {interval(rho)} over {told.structures} structures."]
        lines += self._against_rivals()
        if (same := alike([row.subject.predicted for row in self.rows])) is not None:
            lines.append(same)
        if self.noise is not None:
            lines.append(
                f"AP scatters by {points(self.noise.seeds)} over seeds and by "
                f"{points(self.noise.between)} between structures (standard deviations, in points)."
            )
        if self.finished < len(self.trainings):
            lines.append(f"{self.finished} of {len(self.trainings)} trainings have finished.")
        return lines

    def _against_rivals(self) -> list[str]:
        better = [NAMES[name] for name, found in self.advantages.items() if found.low > 0]
        worse = [NAMES[name] for name, found in self.advantages.items() if found.high < 0]
        alike = [NAMES[name] for name, found in self.advantages.items()
                 if found.low <= 0 <= found.high]  # fmt: skip
        lines = []
        if worse:
            lines.append(f"It predicts worse than {', '.join(worse)}.")
        if alike:
            lines.append(f"It cannot be told apart from {', '.join(alike)} as a predictor.")
        if better:
            lines.append(f"It predicts better than {', '.join(better)}.")
        return lines

    def values(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "validation": str(self.folder),
            "preset": self.preset,
            "trainings": len(self.trainings),
            "finished": self.finished,
            "notes": list(self.notes),
            "noise": None if self.noise is None else self.noise._asdict(),
            "correlations": {
                name: {"all": _plain(self.agreements[name]),
                       "random": _plain(self.among_random[name])}
                for name in NAMES
            },
            "advantage_of_z": {name: found._asdict() for name, found in self.advantages.items()},
            "verdicts": self.verdicts(),
            "structures": [
                {
                    "name": row.subject.name, "kind": row.subject.kind,
                    **row.subject.predicted._asdict(),
                    "seeds": [seed for seed, _ in row.trained], "APs": list(row.aps),
                    **{measure: row.mean_of(measure) for measure in MEASURES},
                    "structure": to_rows(row.subject.structure),
                }
                for row in self.rows
            ],
            "failed": [
                {"structure": one.subject, "seed": one.seed, "error": one.trained.error}
                for one in self.failed
            ],
        }  # fmt: skip


def read(store: ValidationStore) -> Results:
    """What an open database holds by now. Raises StoreError."""
    return Results(
        store.folder,
        store.preset().name,
        store.asked(),
        store.subjects(),
        store.trainings(),
        store.notes(),
    )


def of(folder: Path) -> Results:
    """What the validation in a folder holds by now. Raises StoreError."""
    with ValidationStore(folder) as store:
        return read(store)


def points(value: float) -> str:
    """An AP from 0 to 1 in points: 23.4."""
    return f"{100 * value:.1f}"


def interval(found: Interval) -> str:
    """0.52 (0.10 to 0.81)."""
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def csv_text(results: Results) -> str:
    """One line a finished training, with the predictors of its structure."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["name", "kind", *NAMES, "seed", *MEASURES, "loss", "steps", "seconds"])
    for row in results.rows:
        for seed, trained in row.trained:
            writer.writerow([
                row.subject.name, row.subject.kind, *row.subject.predicted, seed,
                *trained.precision, trained.losses[-1] if trained.losses else None, trained.step,
                round(trained.seconds, 1),
            ])  # fmt: skip
    return file.getvalue()


def _agreement(rows: Sequence[Row], predictor: str) -> Agreement | str:
    rows = _with(rows, predictor)
    try:
        return statistics.agreement(_values(rows, predictor), [row.ap for row in rows])
    except NoCorrelation as error:
        return str(error)


def _with(rows: Sequence[Row], predictor: str) -> Sequence[Row]:
    return [row for row in rows if row.value(predictor) is not None]


def _values(rows: Sequence[Row], predictor: str) -> list[float]:
    return [value for row in rows if (value := row.value(predictor)) is not None]


def _plain(found: Agreement | str) -> Any:
    if isinstance(found, str):
        return {"problem": found}
    return {
        "structures": found.structures,
        "spearman": found.spearman._asdict(),
        "kendall": found.kendall._asdict(),
    }
