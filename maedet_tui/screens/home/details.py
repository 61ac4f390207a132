"""What the marked row of the home screen stands for, in words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content

from maedet_tui import formatting
from maedet_tui.formatting import printable
from maedet_tui.presets.problems import tally
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph, row

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from engine.settings import Preset
    from engine.snapshot import Candidate
    from maedet_tui.presets.library import Entry
    from maedet_tui.store.listing import Line
    from maedet_tui.widgets.curve import CurvePanel
    from maedet_tui.widgets.structure_view import StructureView

#: problems of a preset that are listed here; the editor has them all
_MOST = 4


def budget_line(preset: Preset, glyphs: Glyphs) -> str:
    """The limits of a preset: <= 91G FLOPs at 1280x800, <= 91 layers."""
    from maedet_tui.presets.glance import latency

    budget = preset.budget
    limits = []
    if budget.flops is not None:
        size = formatting.image_size(budget.image_size)
        flops = formatting.short_quantity(budget.flops)
        limits.append(f"{glyphs.at_most} {flops} FLOPs at {size}")
    if budget.params is not None:
        limits.append(f"{glyphs.at_most} {formatting.short_quantity(budget.params)} params")
    if budget.layers is not None:
        limits.append(f"{glyphs.at_most} {budget.layers} layers")
    if budget.latency is not None:
        limits.append(f"{glyphs.at_most} {latency(budget.latency)}, batch {preset.timing.batch}")
    return ", ".join(limits) or "no limits"


class DetailPanel(Panel["Entry | Line"]):
    """A preset's settings, or where a run stands."""

    def __init__(self, characters: Glyphs, runs_dir: Path, id: str | None = None):
        super().__init__(id=id)
        self._glyphs, self._runs_dir = characters, runs_dir

    def parts(self, shown: Entry | Line, width: int) -> list[Part]:
        if _is_run(shown):
            return self._run(shown, width)
        parts = self._problems(shown, width)
        if shown.draft is not None:
            parts += self._preset(shown.draft, width)
        return [*parts, *row("file", shown.source, label_width=7, width=width)]

    def _problems(self, entry: Entry, width: int) -> list[Part]:
        parts: list[Part] = []
        for problem in entry.problems[:_MOST]:
            where = f"line {problem.line}" if problem.line else ""
            text = ": ".join(part for part in (where, problem.key, problem.message) if part)
            parts.append(paragraph(f"{self._glyphs.warning} {text}", width, "$error"))
        if (more := tally(entry.problems) - _MOST) > 0:
            parts.append(paragraph(f"and {more:,} more", width, "$error"))
        if entry.to_edit:
            parts.append(paragraph("`e` opens it in the editor to be put right.", width))
        return parts

    def _preset(self, preset: Preset, width: int) -> list[Part]:
        from maedet_tui.presets.glance import nearest, rules

        objective, space, schedule = preset.objective, preset.space, preset.schedule
        alphas = " ".join(f"{alpha:g}" for alpha in objective.alphas)
        kernels = " or ".join(str(kernel) for kernel in space.kernels)
        depths = " ".join(str(depth) for depth in space.stage_depths)
        fine = formatting.short_quantity(schedule.fine_at * schedule.iterations)
        chosen = " (auto)" if schedule.population == "auto" else ""
        size = f"{schedule.capacity}{chosen}"
        workers = f", {preset.workers} workers" if preset.workers else ""
        parts: list[Part] = [paragraph(preset.description, width)] if preset.description else []
        for label, value in (
            ("budget", budget_line(preset, self._glyphs)),
            ("score", f"alphas {alphas} of C1-C5, {objective.size} sizes"),
            ("", f"at {objective.resolution}x{objective.resolution}, {objective.activation}"),
            ("space", f"{' or '.join(space.blocks)}, kernels {kernels}"),
            ("", f"widths to {space.max_width} by {space.width_step}"),
            ("", f"at most {depths} deep in C1-C5"),
            ("search", f"{formatting.count(schedule.iterations)} iterations, fine from {fine}"),
            ("", f"population {size}, keep {schedule.keep}, seed {schedule.seed}"),
            ("scorer", f"{preset.scorer}, device {preset.device}{workers}"),
        ):
            parts += row(label, value, label_width=7, width=width)
        if said := rules(preset):
            parts += row("rules", said, label_width=7, width=width)
        if (known := nearest(preset)) is not None:
            name, cost = known
            told = (
                f"{name}: {formatting.quantity(cost.flops)} FLOPs, "
                f"{formatting.quantity(cost.params)} params, {cost.layers} layers"
            )
            parts += row("beside", told, label_width=7, width=width)
        return parts

    def _run(self, line: Line, width: int) -> list[Part]:
        if line.problem:
            return [paragraph(f"{self._glyphs.warning} {line.problem}", width, "$error")]
        of = f"{formatting.count(line.iteration)} of {formatting.count(line.iterations)}"
        made = datetime.fromtimestamp(line.created).strftime("%Y-%m-%d %H:%M")
        parts: list[Part] = []
        for label, value in (
            ("state", f"{line.state}, {line.phase}" if line.phase else line.state),
            ("note", line.note),
            ("preset", line.preset),
            ("search", f"iteration {of}"),
            ("best Z", "-" if line.score is None else formatting.score(line.score)),
            ("scorer", line.scorer or "-"),
            ("begun", f"{made}, {formatting.duration(line.seconds)} of search"),
            ("from", line.parent or ""),
            ("folder", str(self._runs_dir / line.name)),
        ):
            if value:
                style = STRONG if label == "state" else ""
                parts += row(label, value, style, label_width=7, width=width)
        return parts


class Details(Container):
    """The marked row in words, and its initial structure if it is a preset's."""

    def __init__(self, characters: Glyphs, runs_dir: Path, id: str | None = None):
        super().__init__(id=id)
        self._glyphs, self._runs_dir = characters, runs_dir
        self._structure: StructureView | None = None
        self._curve: CurvePanel | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="words", can_focus=False):
            yield DetailPanel(self._glyphs, self._runs_dir, id="detail")
        yield VerticalScroll(id="drawing", can_focus=False)

    def begin(self) -> None:
        """After the first paint: what takes an import."""
        from maedet_tui.widgets.curve import CurvePanel
        from maedet_tui.widgets.structure_view import StructureView

        self._structure = structure = StructureView(id="home-structure")
        self._curve = curve = CurvePanel(self._glyphs, id="home-curve")
        curve.display = False
        self.query_one("#drawing").mount(structure, curve)

    def explain(self, shown: Entry | Line | None, draft: Preset | None) -> None:
        """Show what a row stands for; draft: the preset, as far as it is one."""
        if shown is not None:
            detail = self.query_one(DetailPanel)
            detail.border_title = Content(printable(shown.name))
            detail.show(shown)
        if self._structure is not None and self._curve is not None:
            run = shown if shown is not None and _is_run(shown) else None
            if run is None or self._told != run.name:
                self._structure.display, self._curve.display = draft is not None, False
                self._told = ""
            if draft is not None:
                from maedet_tui.widgets.structure_view import View

                self._structure.border_title = "Initial structure"
                self._structure.show(View(draft, draft.initial))

    #: the run whose best and course are on show
    _told = ""

    def tell(self, name: str, found: Found) -> None:
        """Show the best of a run, and how it came to that."""
        from maedet_tui.widgets.curve import Course
        from maedet_tui.widgets.structure_view import View

        if self._structure is None or self._curve is None:
            return
        best, score = found.best.structure, found.best.score
        self._told = name
        self._structure.display = self._curve.display = True
        self._structure.border_title = "Best structure"
        entropies = score.entropies if score.is_entropy else None
        self._structure.show(View(found.preset, best, score.z, entropies))
        self._curve.show(Course(found.course, found.iteration))


class Found(NamedTuple):
    """What a run has found: its preset, the best, and (iteration, Z) of the best until now."""

    preset: Preset
    best: Candidate
    course: list[tuple[int, float]]
    iteration: int


def _is_run(shown: Entry | Line) -> TypeIs[Line]:
    """Told by what it has, for importing what reads runs would hold up the first paint."""
    return hasattr(shown, "iteration")


class HintPanel(Panel["Entry | Line"]):
    """The same in a line or two, for small terminals."""

    USUAL_WIDTH = 78

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Entry | Line, width: int) -> list[Part]:
        problem = shown.problem if _is_run(shown) else next(iter(map(str, shown.problems)), None)
        if problem:
            return [paragraph(f"{self._glyphs.warning} {problem}", width, "$error")]
        if _is_run(shown):
            of = f"{formatting.count(shown.iteration)} of {formatting.count(shown.iterations)}"
            said = f"{shown.preset}, iteration {of}, {shown.scorer}"
            return [(f"{said}\n", MUTED), (shown.note, "")]
        if shown.draft is None:
            return [("", MUTED)]
        return [
            (f"{shown.draft.description or shown.name}\n", ""),
            (budget_line(shown.draft, self._glyphs), MUTED),
        ]
