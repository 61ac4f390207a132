"""Two to six structures side by side: blocks, costs, entropies, and every score there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Resize
from textual.widgets import Static

from engine.scorers.base import Score
from engine.settings import Objective
from maedet_tui import formatting
from maedet_tui.presets.quantities import parse_image_size
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.structures.comparison_drawing import StageBars, TowersView
from maedet_tui.screens.structures.comparison_view import BlocksView, NumbersView, Sheet
from maedet_tui.screens.structures.measuring import Measuring
from maedet_tui.structures.comparison import MOST, Comparison
from maedet_tui.structures.items import Item
from maedet_tui.structures.known import closed_form, closed_proxies, parse_alphas
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.thread import in_thread

T = TypeVar("T")

#: from this width on, the two tables stand side by side
WIDE = 150
#: smaller than this, a sentence is all that fits
LEAST = (50, 12)


class Compare(Measuring):
    """Shows a comparison; what takes seconds is measured only when asked for."""

    CSS_PATH = "structures.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Back to the screen before"),
        Binding("d", "differing", "Differences",
                tooltip="Show only the blocks' differences, or all of the blocks"),
        Binding("m", "measure", "Measure",
                tooltip="Measure Z by forward passes and nine proxies of each, one by one"),
        Binding("x", "cancel", "Cancel", tooltip="Give up what is being measured"),
        Binding("a", "alphas", "Alphas", tooltip="Other weights of C1-C5 in Z"),
        Binding("z", "image_size", "Image size", tooltip="Count FLOPs at another image size"),
        Binding("r", "rotate", "Rotate",
                tooltip="Make the next structure the first, which the others are compared with"),
        Binding("v", "against", "As differences",
                tooltip="Numbers as differences to the chosen structure's, or as they are"),
        Binding("w", "drawing", "Towers",
                tooltip="Below the tables: towers, bars of each stage, or nothing"),
        *(
            Binding(str(place + 1), f"choose({place})", f"With no. {place + 1}", show=False,
                    tooltip=f"Compare the others with the structure in column {place + 1}")
            for place in range(MOST)
        ),
    ]  # fmt: skip

    def __init__(self, characters: Glyphs, items: Sequence[Item], judge: Item):
        """judge: by whose preset's objective and image size all of them are judged."""
        preset = judge.preset
        size, nothing = preset.budget.image_size, (None,) * len(items)
        super().__init__(Comparison(tuple(items), preset.objective, size, nothing, {}), preset)
        self._glyphs = characters
        self._differing = self._against = False
        self._drawn = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="head", markup=False)
        with VerticalScroll(id="sheets"):
            with Container(id="tables"):
                yield NumbersView(id="numbers")
                yield BlocksView(id="blocks")
            yield TowersView(self._glyphs, id="towers")
            yield StageBars(self._glyphs, id="bars")
        yield Static("", id="small", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self._score()

    def on_unmount(self) -> None:
        self.give_up()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < WIDE, "-single")
        self.set_class(event.size.width < LEAST[0] or event.size.height < LEAST[1], "-tiny")
        self.show_all()

    # --- what is shown ----------------------------------------------------------

    def show_all(self) -> None:
        """Write the comparison anew."""
        shown = self.shown
        sheet = Sheet(shown, self._differing, self._against)
        self.query_one(NumbersView).show(sheet)
        blocks = self.query_one(BlocksView)
        blocks.border_title = "Blocks that differ" if self._differing else "Blocks"
        blocks.show(sheet)
        for number, view in enumerate((self.query_one(TowersView), self.query_one(StageBars))):
            view.display = number == self._drawn
            if view.display:
                view.show(shown)
        names = formatting.printable(", ".join(shown.names))
        self.query_one("#small", Static).update(
            f"{names}: their comparison needs a terminal of {LEAST[0]}x{LEAST[1]}."
        )
        if not self.measuring:
            self.tell(f"{names}")
        self.refresh_bindings()

    def tell(self, text: str) -> None:
        """Say something above the comparison."""
        self.query_one("#head", Static).update(formatting.printable(f" {text}"))

    def _score(self) -> None:
        """Have the closed form of all of them worked out."""
        shown = self.shown
        self.show_all()
        in_thread(self, lambda: self._work_out(shown), "The structures could not be scored",
                  group="score", exclusive=True)  # fmt: skip

    def _work_out(self, shown: Comparison) -> None:
        structures = [item.structure for item in shown.items]
        scores = tuple(closed_form(shown.objective, structures))
        expected = closed_proxies(replace(self._preset, objective=shown.objective), structures)
        self.app.call_from_thread(self._take, shown, scores, expected)

    def _take(
        self,
        shown: Comparison,
        scores: tuple[Score, ...],
        expected: dict[str, tuple[Score, ...]],
    ) -> None:
        if (shown.items, shown.objective) == (self.shown.items, self.shown.objective):
            self.shown = replace(self.shown, scores=scores, expected=expected)
            self.show_all()

    # --- what keys do -----------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is being measured can be given up, and not asked for again."""
        if action == "cancel":
            return self.measuring
        if action == "choose":
            return parameters[0] in range(len(self.shown.items))
        return not (self.measuring and action in ("measure", "alphas", "rotate"))

    def action_back(self) -> None:
        """To the screen below; what is being measured is given up."""
        self.give_up()
        self.dismiss(None)

    def action_differing(self) -> None:
        """Only the differences, or all."""
        self._differing = not self._differing
        self.show_all()

    def action_against(self) -> None:
        """Numbers as differences, or as they are."""
        self._against = not self._against
        self.show_all()

    def action_drawing(self) -> None:
        """Towers, bars, or nothing below the tables."""
        self._drawn = (self._drawn + 1) % 3
        self.show_all()

    def action_choose(self, place: int) -> None:
        """Compare the others with another one."""
        self.shown = replace(self.shown, chosen=place)
        self.show_all()

    def action_rotate(self) -> None:
        """The next one first."""

        def turned(values: tuple[T, ...]) -> tuple[T, ...]:
            return values[1:] + values[:1]

        s = self.shown
        self.shown = replace(
            s,
            chosen=0,
            items=turned(s.items),
            scores=turned(s.scores),
            measured={name: turned(found) for name, found in s.measured.items()},
            expected={name: turned(found) for name, found in s.expected.items()},
        )
        if None in s.scores:  # those on their way are of the order before
            self._score()
        else:
            self.show_all()

    def action_alphas(self) -> None:
        """Ask for the weights of C1-C5."""
        alphas = " ".join(f"{alpha:g}" for alpha in self.shown.objective.alphas)
        dialog = Ask("Weights of C1-C5 in Z", alphas, parse_alphas, (ValueError,))
        self.app.push_screen(dialog, self._weigh)

    def _weigh(self, text: str | None) -> None:
        alphas = None if text is None else parse_alphas(text)
        if alphas is not None and alphas != self.shown.objective.alphas:
            self._judge_by(replace(self.shown.objective, alphas=alphas))

    def _judge_by(self, objective: Objective) -> None:
        # what was measured of Z was under the weights before; proxies know no weights
        measured = {name: f for name, f in self.shown.measured.items() if name != "forward"}
        nothing = (None,) * len(self.shown.items)
        self.shown = replace(
            self.shown, objective=objective, scores=nothing, measured=measured
        )  # fmt: skip
        self._score()

    def action_image_size(self) -> None:
        """Ask for the image size at which FLOPs are counted."""
        size = formatting.image_size(self.shown.image_size)
        dialog = Ask("FLOPs at images of", size, _image_size, (ValueError,))
        self.app.push_screen(dialog, self._count_at)

    def _count_at(self, text: str | None) -> None:
        if text is not None:
            self.shown = replace(self.shown, image_size=_image_size(text))
            self.show_all()


def _image_size(text: str) -> tuple[int, int]:
    try:
        return parse_image_size(text)
    except ValueError as error:
        raise ValueError(f"{text!r} {error}") from None
