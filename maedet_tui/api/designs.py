"""A backbone to look at and to use: its structure, what it costs, and what it scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from engine import settings
from engine.costs import Cost, total_cost
from engine.scorers.base import Score, ScoringError
from engine.structure import Structure
from maedet_tui import formatting, summary
from maedet_tui.api.presets import preset as preset_of
from maedet_tui.api.shown import html_table, pretty

if TYPE_CHECKING:
    from engine.backbone import Backbone


@dataclass(frozen=True, repr=False)
class Design:
    """A structure with what is known of it; IPython shows it as a table.

    preset: by whose image size costs are counted, and whose objective Z is. score: Z, the
    entropies of C1-C5 and how they were obtained; None before `score`.
    """

    name: str
    structure: Structure
    preset: settings.Preset
    score: Score | None = None

    @property
    def cost(self) -> Cost:
        """Params, FLOPs at the preset's image size, and layers."""
        return total_cost(self.structure, self.preset.budget.image_size)

    @property
    def z(self) -> float:
        """Z (Eq. 5), or the value of a proxy. Raises ScoringError before `score`."""
        return self._known().z

    @property
    def entropies(self) -> tuple[float, ...]:
        """H of C1-C5, in nats. Raises ScoringError before `score`."""
        return self._known().entropies

    def module(self, **options: Any) -> Backbone:
        """The backbone as a torch module with fresh weights.

        options: those of `engine.backbone.Backbone`, such as out_indices=(1, 2, 3, 4).
        """
        from engine.backbone import build

        return build(self.structure, **options)

    def export(
        self,
        format: str,
        path: str | PathLike[str] | None = None,
        *,
        weights: str | PathLike[str] | None = None,
        **options: Any,
    ) -> Path:
        """Write the backbone for another program, loaded back and checked; where it is.

        format: one of `maedet_tui.export.FORMATS`, as of `maedet-tui export`. path: a file or a
        folder; by default, a file named after the design in the current folder. weights: a
        state dict, for formats that hold weights. options: `opset` of onnx, `names` of state-dict.
        Raises ExportError, SaveError.
        """
        from engine.formats.rows import closest
        from maedet_tui.export import FORMATS, ExportError, export, source_of

        if format not in FORMATS:
            raise ExportError(f"{format!r} is no format; {closest(format, FORMATS)}")
        source = source_of(self.name, self.name, self.structure)
        place, held = (None if one is None else Path(one) for one in (path, weights))
        return export(source, format, place, held, option=None, **options).path

    def save(self, path: str | PathLike[str]) -> Path:
        """Write structure, costs and score as YAML, which `design` and `maedet-tui score` read.

        Raises SaveError, and ScoringError before `score`.
        """
        from engine.formats.saved_yaml import Saved, dumps
        from maedet_tui.files import write_atomically
        from maedet_tui.runs.described import now, versions

        score, size = self._known(), self.preset.budget.image_size
        how = {"preset": self.preset.name, "versions": versions(score.method)}
        saved = Saved(self.structure, score, self.preset.objective, size, how, now())
        write_atomically(Path(path), dumps(saved), named=True, option=None)
        return Path(path)

    def _known(self) -> Score:
        if self.score is None:
            raise ScoringError(f"{self.name} has no score yet; score(design) returns it with one")
        return self.score

    def _lines(self) -> list[str]:
        size = formatting.image_size(self.preset.budget.image_size)
        lines = [f"{self.name}: {summary.costs(self.cost)} at {size}"]
        if self.score is not None:
            lines.append(f"{summary.value(self.score)}, by {self.score.detail}")
            if self.score.is_entropy:
                lines.append(f"Entropies: {summary.entropies(self.score)}")
        return lines

    def __repr__(self) -> str:
        value = "" if self.score is None else f", {summary.value(self.score)}"
        return f"<Design {self.name}: {summary.costs(self.cost)}{value}>"

    def __str__(self) -> str:
        return "\n".join([*self._lines(), "", summary.table(self.structure)])

    _repr_pretty_ = pretty

    def _repr_html_(self) -> str:
        return html_table(summary.rows(self.structure), self._lines())


#: what may stand for a structure: a name of the zoo, a file, a run's folder, a list of blocks
StructureLike: TypeAlias = "str | PathLike[str] | Structure | Design | Sequence[Mapping[str, Any]]"


def design(
    structure: StructureLike,
    preset: str | PathLike[str] | settings.Preset = "maedet-m",
    *,
    name: str | None = None,
) -> Design:
    """A structure to look at and to use: `design("resnet-50")`, `design("runs/NAME")`.

    structure: a name of the zoo, a saved file or a run's folder, blocks as a preset's `initial`
    lists them, or a Structure. preset: by which it is judged. name: for its headings and files.
    Raises StructureFileError, StructureError, PresetError.
    """
    judge = preset_of(preset)
    if isinstance(structure, Design):
        known = structure.score if judge == structure.preset else None
        return Design(name or structure.name, structure.structure, judge, known)
    if isinstance(structure, (str, PathLike)):
        from maedet_tui.files import read_structure

        title, found = read_structure(fspath(structure))
        return Design(name or title, found, judge)
    if not isinstance(structure, Structure):
        from engine.formats.structure_yaml import from_rows

        return Design(name or "backbone", from_rows(list(structure)), judge)
    from engine.checks import check

    return Design(name or "backbone", check(structure), judge)


def score(
    structure: StructureLike,
    preset: str | PathLike[str] | settings.Preset = "maedet-m",
    *,
    scorer: str | None = None,
    repeats: int | None = None,
    name: str | None = None,
) -> Design:
    """A structure with its score: `score("resnet-50").z`.

    structure, preset, name: as for `design`. scorer: in place of the preset's, one of
    `engine.settings.SCORERS`. repeats: forward passes, for a standard error.
    Raises ScoringError besides what `design` raises.
    """
    from engine.scorers.base import close
    from engine.scorers.factory import make_scorer

    changed: dict[str, Any] = {} if scorer is None else {"scorer": scorer}
    if repeats is not None:
        changed["forward"] = {"repeats": repeats}
    found = design(structure, preset_of(preset, **changed), name=name)
    judge = found.preset
    scoring = make_scorer(judge.scorer, judge.device, judge.objective, judge.forward)
    try:
        (known,) = scoring.score([found.structure])
    finally:
        close(scoring)
    return Design(found.name, found.structure, judge, known)
