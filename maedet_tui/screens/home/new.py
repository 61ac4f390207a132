"""A preset for a budget, from home: the budget is asked for, everything else follows by rules,
and what a short search finds is told."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from engine.settings import Preset
from maedet_tui import formatting
from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, advice, folder, library
from maedet_tui.presets import new as fresh
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.home.lists import row_id
from maedet_tui.widgets.thread import in_thread

QUESTION = (
    "A preset for a budget: FLOPs, then an image size if it is not 1280x800, and resnet, "
    "mobile or a preset's name to be like, such as 10G, or 2G 640x640 mobile:"
)
SUGGESTED = "10G"


def wishes_of(line: str) -> fresh.Wishes:
    """FLOPs, image size and likeness in a line. Raises NotPossible."""
    words = line.split()
    if not words:
        raise fresh.NotPossible("write a budget of FLOPs, such as 10G")
    sizes = [word for word in words[1:] if word[:1].isdigit()]
    likes = [word for word in words[1:] if not word[:1].isdigit()]
    if len(sizes) > 1 or len(likes) > 1:
        raise fresh.NotPossible("write one image size and one name, such as 2G 640x640 mobile")
    return fresh.parsed(
        words[0], None, None, (sizes or ["1280x800"])[0], likes[0] if likes else None
    )


def new_preset(screen: Screen[None], made: Callable[[str], object]) -> None:
    """Ask for a budget, save a preset for it, and tell what it comes to; `made` takes its row."""
    app = screen.app

    def refuse(line: str) -> None:
        fresh.proposed(wishes_of(line))

    def write(line: str | None) -> None:
        if line is None:
            return
        try:
            wishes = wishes_of(line)
            proposal = fresh.proposed(wishes)
            name = folder.free_name(fresh.name_of(wishes, proposal.preset))
            path = folder.save(name, proposal.text)
        except (SaveError, PresetError) as error:
            app.notify(str(error), title="Not made", severity="error", markup=False)
            return
        made(row_id(library.Entry(name, False, str(path))))
        low, high = map(formatting.quantity, proposal.range)
        size = formatting.image_size(wishes.image_size)
        app.notify(
            f"{proposal.preset.description}\nFrom {low} to {high} make sense at {size}. "
            "Press e to edit it.",
            title=f"Made {name}", markup=False,
        )  # fmt: skip
        in_thread(screen, lambda: tell(name, proposal.preset), "The short search failed",
                  group="trial", exclusive=True)  # fmt: skip

    def tell(name: str, preset: Preset) -> None:
        from textual.worker import get_current_worker

        from maedet_tui.presets import trial

        worker = get_current_worker()
        best = trial.found(preset, lambda: worker.is_cancelled)
        if worker.is_cancelled:
            return
        widths = "-".join(map(str, best.structure.widths))
        lines = [
            f"Widths {widths}, {formatting.quantity(best.cost.params)} params, "
            f"{best.cost.layers} layers, Z {formatting.score(best.score.z)}",
            *advice.lines(best.structure, preset),
        ]
        app.call_from_thread(
            app.notify, "\n".join(lines), title=f"{name}: a short search finds", timeout=10,
            markup=False,
        )  # fmt: skip

    app.push_screen(Ask(QUESTION, SUGGESTED, refuse, (SaveError, PresetError)), write)
