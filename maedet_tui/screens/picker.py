"""The first screen without a preset on the command line: choose one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from engine.settings import Preset
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph, row
from maedet_tui.widgets.structure_view import StructureView, View


def budget_line(preset: Preset, glyphs: Glyphs) -> str:
    """The limits of a preset: <= 91G FLOPs at 1280x800, <= 91 layers."""
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
    return ", ".join(limits) or "no limits"


def search_line(preset: Preset) -> str:
    """How a preset searches, in one line."""
    alphas = " ".join(f"{alpha:g}" for alpha in preset.objective.alphas)
    iterations = formatting.short_quantity(preset.schedule.iterations)
    return f"{iterations} iterations, scorer {preset.scorer}, alphas {alphas}"


class PresetPanel(Panel[Preset]):
    """Everything that a preset says, in words."""

    def parts(self, shown: Preset, width: int) -> list[Part]:
        objective, space, schedule = shown.objective, shown.space, shown.schedule
        alphas = " ".join(f"{alpha:g}" for alpha in objective.alphas)
        kernels = " or ".join(str(kernel) for kernel in space.kernels)
        depths = " ".join(str(depth) for depth in space.stage_depths)
        fine = formatting.short_quantity(schedule.fine_at * schedule.iterations)
        parts: list[Part] = []
        if shown.description:
            parts += [paragraph(shown.description, width), ("\n", "")]
        for label, value in (
            ("score", f"alphas {alphas} of C1-C5, {objective.size} sizes"),
            ("", f"at {objective.resolution}x{objective.resolution}, {objective.activation}"),
            ("space", f"kernels {kernels}, widths to {space.max_width} by {space.width_step}"),
            ("", f"at most {depths} bottlenecks in C1-C5"),
            ("search", f"{formatting.count(schedule.iterations)} iterations, fine from {fine}"),
            ("", f"population {schedule.population}, keep {schedule.keep}, seed {schedule.seed}"),
            ("scorer", f"{shown.scorer}, device {shown.device}"),
            ("source", shown.source or "-"),
        ):
            parts += row(label, value, label_width=7, width=width)
        return parts


class PresetList(OptionList):
    """The list itself; its keys are named here so that the help can explain them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Start the search", tooltip="Search with the marked preset"),
        Binding("down", "cursor_down", "Next preset", show=False, tooltip="Mark the next preset"),
        Binding("up", "cursor_up", "Preset before", show=False, tooltip="Mark the preset before"),
    ]


class Picker(Screen[None]):
    """A list of presets; Enter starts the search of the one that is marked."""

    def __init__(
        self,
        presets: Callable[[], Sequence[Preset]],
        start: Callable[[Preset], None],
        characters: Glyphs,
    ):
        super().__init__()
        self._read, self._start, self._glyphs = presets, start, characters
        self._presets: Sequence[Preset] = ()

    def compose(self) -> ComposeResult:
        yield Static(" Pick a preset for the search", id="title", markup=False)
        with Container(id="choice"):
            presets = PresetList(id="presets")
            presets.border_title = "Presets"
            yield presets
            with VerticalScroll(id="details"):
                yield PresetPanel(id="preset")
                yield StructureView(id="initial")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#initial").border_title = "Initial structure"
        self.query_one(PresetList).focus()
        # reading the files takes as long as all the rest of the start, so it is painted first
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        self._presets = list(self._read())
        presets = self.query_one(PresetList)
        for preset in self._presets:
            presets.add_option(
                Option(
                    Content.assemble(
                        (f"{preset.name}\n", "bold"),
                        (f"  {budget_line(preset, self._glyphs)}\n", ""),
                        (f"  {search_line(preset)}", MUTED),
                    )
                )
            )
        if not self._presets:
            self.query_one("#title", Static).update(" There is no preset to choose from")
            return
        presets.highlighted = 0

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < 110 or event.size.height < 24, "-single")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        preset = self._presets[event.option_index]
        panel = self.query_one(PresetPanel)
        panel.border_title = preset.name
        panel.show(preset)
        self.query_one(StructureView).show(View(preset, preset.initial))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._start(self._presets[event.option_index])
