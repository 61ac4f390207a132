"""Every key, its effect, and that it is in the help and in the command palette."""

import pytest
from textual.widgets import Button

from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.help import Help, described
from maedet_tui.widgets.plot.plot import Plot
from tests.ui import factory


@pytest.mark.parametrize("key", ["space", "p"])
async def test_pause_and_go_on(watch, key):
    async with watch(factory.snapshot()) as w:
        await w.press(key)
        assert w.run.orders == ["pause"]
        await w.sees("pausing")  # before the engine gets round to it
        w.run.snapshot = factory.snapshot(state="paused")
        await w.sees("‖ paused")
        await w.press(key)
        assert w.run.orders == ["pause", "resume"]
        w.run.snapshot = factory.snapshot()
        await w.sees("▶ running")


async def test_pause_twice_before_the_engine_reacts(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("space", "space")
        assert w.run.orders == ["pause", "resume"]


async def test_the_search_stands_back_while_a_key_takes_effect(watch):
    async with watch(factory.snapshot()) as w:
        before = w.run.ways
        await w.press("2")
        await w.sees("FLOPs of each")
        assert w.run.ways > before


async def test_save(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("s")
        assert w.run.orders == ["save"]
        await w.sees("Saved the best structure", "runs/maedet-m-0/best.yaml")


async def test_what_is_said_twice_is_on_the_screen_once(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("s", "s", "s")
        assert w.run.orders == ["save"] * 3
        await w.sees("Saved the best structure")
        await w.until(lambda: len(w.app.screen.query("Toast")) == 1)


async def test_caps_lock_changes_nothing(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("P")
        assert w.run.orders == ["pause"]
        await w.press("X")
        await w.sees("Stop this search for good?")
        await w.press("N")
        assert w.run.orders == ["pause"]
        # but the capital that has a meaning of its own keeps it
        await w.press("S")
        await w.sees("Folder")


async def test_a_toast_leaves_the_buttons_of_a_question_free(watch):
    async with watch(factory.snapshot(), size=(80, 24)) as w:
        await w.press("s", "S")
        await w.sees("Saved the best structure", "Cancel (esc)", "Save (ctrl+s)")


async def test_save_failed(watch):
    async with watch(factory.snapshot()) as w:
        w.run.save_error = "/nowhere/best.yaml: read-only; choose another folder"
        await w.press("s")
        await w.sees("Not saved", "read-only")


async def test_stop_asks(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("x")
        await w.sees("Stop this search for good?")
        await w.press("n")
        assert w.run.orders == []
        await w.press("x", "y")
        assert w.run.orders == ["stop"]
        await w.sees("stopping")


async def test_the_safe_answer_has_the_focus(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("x", "enter")
        assert w.run.orders == []
        await w.press("x", "left", "enter")
        assert w.run.orders == ["stop"]


async def test_no_stopping_and_pausing_after_the_end(watch):
    async with watch(factory.finished()) as w:
        await w.press("x", "space")
        assert w.run.orders == []
        assert not isinstance(w.app.screen, Confirm)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quit_asks_while_searching(watch, key):
    async with watch(factory.snapshot()) as w:
        await w.press(key)
        await w.sees("Stop it and quit?", "runs/maedet-m-0")
        await w.press("escape")
        assert w.app.is_running and w.run.orders == []
        await w.press(key)
        await w.press("y")
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders == ["stop"]


async def test_ctrl_c_twice_is_a_yes(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("ctrl+c", "ctrl+c")
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders == ["stop"]


@pytest.mark.parametrize("keys", [["d"], ["left", "enter"]])
async def test_quit_offers_to_leave_the_search_running(watch, keys):
    async with watch(factory.snapshot()) as w:
        w.run.detachable = True
        await w.press("q")
        await w.sees("it goes on in the background", "Detach (d)")
        await w.press(*keys)
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders[0] == "detach"


async def test_the_offer_to_leave_the_search_running_can_be_declined(watch):
    async with watch(factory.snapshot(), size=(80, 24)) as w:
        w.run.detachable = True
        await w.press("q")
        await w.sees("Stop (y)", "Detach (d)", "Search on (n)")
        await w.press("enter")
        assert w.app.is_running and w.run.orders == []
        await w.press("q", "y")
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders == ["stop"]


async def test_ctrl_c_over_another_question_asks(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("x", "ctrl+c")
        await w.sees("Stop it and quit?")
        assert w.run.orders == []


async def test_quit_after_the_end(watch):
    async with watch(factory.finished()) as w:
        await w.press("q")
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders == []


@pytest.mark.parametrize(
    ("key", "title"),
    [("2", "FLOPs of each stage"), ("3", "parameters of each stage"), ("4", "Z of the best")],
)
async def test_plots(watch, key, title):
    async with watch(factory.fine()) as w:
        await w.sees("convolutional layers of each stage", "C5 24", "fine")
        await w.press(key)
        await w.sees(title)
        await w.press("1")
        await w.sees("convolutional layers of each stage")


async def test_plot_of_z_marks_the_papers(watch):
    async with watch(factory.fine()) as w:
        await w.press("4")
        await w.sees("paper", "Z 2,260.0")


async def test_clicking_a_plots_name(watch):
    async with watch(factory.fine()) as w:
        await w.sees("3 Params")
        plot = w.app.screen.query_one(Plot).region
        row = plot.bottom - 1
        column = w.text.splitlines()[row].index("3 Params")
        await w.pilot.click(offset=(column + 2, row))
        await w.sees("parameters of each stage")


async def test_help_lists_every_key(watch):
    async with watch(factory.snapshot()) as w:
        sentences = [active.binding.tooltip for active in described(w.app.screen)]
        assert len(sentences) > 12
        await w.press("question_mark")
        assert isinstance(w.app.screen, Help)
        await w.sees(sentences[0])
        seen = w.text
        await w.press("end")  # they are more than the screen has lines
        await w.sees(sentences[-1])
        assert [one for one in sentences if one not in seen + w.text] == []
        await w.press("escape")
        assert not isinstance(w.app.screen, Help)


async def test_every_binding_is_explained(watch):
    async with watch(factory.snapshot()) as w:
        for node in (w.app.screen, w.app):
            for _, binding in node._bindings:
                # Textual's own tab and copy keys have no description either
                assert binding.tooltip or not binding.description or binding.system or (
                    binding.action in ("app.focus_next", "app.focus_previous", "screen.copy_text")
                ), binding  # fmt: skip


async def test_every_action_is_in_the_command_palette(watch):
    async with watch(factory.snapshot()) as w:
        screen = w.app.screen
        commands = {command.title for command in w.app.get_system_commands(screen)}
        palette = "command_palette"
        wanted = {
            active.binding.description
            for active in described(screen)
            if active.enabled and palette not in active.binding.action
        }
        assert wanted <= commands
        await w.press("ctrl+p", *"plot flops", "enter")
        await w.until(lambda: w.app.screen is screen)
        await w.sees("FLOPs of each stage")


async def test_light_and_dark(watch):
    async with watch(factory.snapshot()) as w:
        assert w.app.current_theme.dark
        await w.press("t")
        assert not w.app.current_theme.dark
        await w.sees("41,200 of 96,000")
        await w.press("t")
        assert w.app.current_theme.dark


async def test_pause_and_stop_are_not_offered_after_the_end(watch):
    async with watch(factory.snapshot(), size=(80, 24)) as w:
        await w.sees("Pause", "Stop")
        w.run.snapshot = factory.finished()
        await w.sees("The search finished")
        await w.until(lambda: not {"Pause", "Stop"} & set(w.text.splitlines()[-1].split()))
        await w.press("question_mark")
        await w.sees("esc closes")
        assert "Pause the search" not in w.text


async def test_buttons_answer_to_the_mouse(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("x")
        await w.pilot.click(w.app.screen.query_one("#yes", Button))
        await w.until(lambda: w.run.orders == ["stop"])
