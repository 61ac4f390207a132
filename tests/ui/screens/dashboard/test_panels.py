"""The dashboard's panels: population, budgets, stages, load; any of them on the whole screen."""

import os
from dataclasses import replace

import pytest

from engine.snapshot import Bound, LatencyResult, NewBest
from maedet_tui.machine.load import Gpu, Load
from maedet_tui.screens.dashboard.load_panel import LoadPanel
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from maedet_tui.widgets.histogram import bars, binned
from tests.ui import factory


def test_a_histogram_counts_every_value_once():
    counts = binned([1, 1.4, 2, 3.9, 4], 3, 1, 4)
    assert counts == [2, 1, 2]
    assert binned([5, 5], 4, 5, 5) == [2, 0, 0, 0]
    assert bars(binned([], 3, 1, 4), 2, PLAIN) == ["   ", "   "]


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
def test_the_highest_bar_is_full_and_the_smallest_can_be_seen(glyphs):
    drawn = bars([1000, 0, 1], 3, glyphs)
    assert [line[0] for line in drawn] == [glyphs.heights[-1]] * 3
    assert [line[1] for line in drawn] == [" "] * 3
    assert [line[2] for line in drawn] == [" ", " ", glyphs.heights[1]]


async def test_distribution_and_age_of_the_population(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("2,229.75 ← worst Z best → 2,260.50", "median age   19,130, oldest 38,255")
        await w.press("f")  # the plot
        await w.press("shift+tab")
        w.app.screen.maximize(w.app.screen.query_one("#population"))
        await w.sees("age in iterations")


async def test_a_latency_budget_has_gauges(watch):
    preset = factory.preset()
    preset = replace(preset, budget=replace(preset.budget, latency=0.025))
    latency = LatencyResult(0.0231, None, 0.025, "by hand")
    async with watch(factory.snapshot(), preset=preset) as w:
        await w.sees("latency", "- of 25ms")
        w.run.snapshot = factory.snapshot(latency=latency)
        await w.sees("23.1ms of 25ms")
        assert "timed" not in w.text
        w.run.snapshot = factory.finished(latency=replace(latency, measured=0.0262))
        await w.sees("timed  ▲━", "26.2ms of 25ms")


async def test_how_far_the_best_is_from_the_best_possible(watch):
    async with watch(factory.fine(bound=Bound(working=True)), size=(120, 40)) as w:
        await w.sees("bound      is being computed")
        await w.press("7")
        await w.sees("The bound on the best possible is being computed.")
        w.run.snapshot = factory.fine()
        await w.sees("best Z is  at most 2.4 % below the", "FLOPs bind: +1 % gives +0.11 % Z",
                     "layers bind: +3 give +1.1 % Z", "Gap 2.4 %")  # fmt: skip
        w.run.snapshot = factory.fine(bound=replace(factory.BOUND, value=2260.5))
        await w.sees("best Z is  the best possible,", "proven  ")
        w.run.snapshot = factory.fine(bound=None)
        await w.until(lambda: "best Z is" not in w.text)
        await w.sees("No bound on the best possible is known of this search.")
        w.run.snapshot = factory.finished(bound=Bound(working=True))
        await w.sees("not found in time")


async def test_what_each_stage_contributes(watch):
    async with watch(factory.snapshot(), size=(120, 60)) as w:
        await w.sees("Z of the best, by stage", "● C5 ━━━━━", " 1,539.60  68.1 %")
        score = replace(factory.candidate().score, method="zen-score")
        w.run.snapshot = factory.snapshot(best=replace(factory.candidate(), score=score))
        await w.sees("This score is no entropy")


async def test_load_of_this_process(watch):
    async with watch(factory.snapshot(), size=(120, 60)) as w:
        await w.sees("Machine", f"of {os.cpu_count()} cores", "B of")


async def test_no_load_where_nobody_searches(watch):
    async with watch(factory.snapshot(), size=(120, 60)) as w:
        w.run.pid = None
        w.run.snapshot = factory.snapshot(state="stopped")
        await w.until(lambda: "Machine" not in w.text)


async def test_a_gpu_has_its_gauges(watch):
    gpu = Gpu("A GPU", 2_000_000_000, 8_000_000_000, 93)
    async with watch(factory.snapshot(), size=(120, 60)) as w:
        panel = w.app.screen.query_one(LoadPanel)
        panel.show(Load(1.0, 2, 300_000_000, 8_000_000_000, gpu))
        assert "A GPU" in panel.text and "93 %" in panel.text and "2.0 GB of 8.0 GB" in panel.text
        panel.show(Load(1.0, 2, 300_000_000, 8_000_000_000, replace(gpu, busy=None)))
        assert "A GPU" in panel.text and "busy" not in panel.text
        panel.show(Load(None, 2, None, None))
        assert "GPU" not in panel.text and "cores" not in panel.text


async def test_every_panel_with_more_to_show_fills_the_screen_in_turn(watch):
    bests = tuple(NewBest(100 * i, 2200.0 + i, f"C4 out {i} -> {i + 1}") for i in range(60))
    async with watch(factory.snapshot(bests=bests)) as w:
        screen = w.app.screen
        await w.press("f")
        assert screen.maximized is screen.query_one("#plot")
        await w.until(lambda: "Best structure" not in w.text)
        seen = []
        for _ in range(4):
            seen.append(screen.maximized.id)
            assert screen.maximized.region.width == 120
            await w.press("tab")
        assert seen == ["plot", "structures", "population", "bests"]
        screen.maximize(screen.query_one("#bests"))
        # as many as there is room for, with their Z
        await w.sees("5,900", "2,259.00", "C4 out 30 -> 31")
        await w.press("escape")
        await w.sees("Best structure", "2,241.25")


async def test_a_long_change_of_the_best_is_wrapped_and_never_cut(watch):
    long = "C3 out 512 -> 1024, C4 kernel 3 -> 5, C5 depth 3 -> 5"
    async with watch(factory.snapshot(bests=(NewBest(100, 2200.0, long),)), size=(120, 70)) as w:
        text = " ".join(w.app.screen.query_one("#bests").text.split())
        assert text == f"100 {long}"


async def test_tab_takes_the_focus_from_panel_to_panel_and_shows_it(watch):
    bests = (NewBest(100, 2200.0, "C4 out 64 -> 72"),)
    async with watch(factory.snapshot(bests=bests), size=(120, 70)) as w:
        screen, seen = w.app.screen, []
        for _ in range(8):
            await w.press("tab")
            seen.append(screen.focused.id)
        assert seen == ["progress", "budget", "population", "stages", "load", "bests", "plot",
                        "structures"]  # fmt: skip
        await w.press("tab")
        assert screen.focused.id == "progress"
        await w.press("shift+tab")
        assert screen.focused.id == "structures"
        frame = screen.query_one("#best").styles.border_top
        assert frame != screen.query_one("#reference").styles.border_top
        await w.press("shift+tab", "f")
        assert screen.maximized.id == "plot"


async def test_the_focused_panel_fills_the_screen_if_it_has_more_to_show(watch):
    async with watch(factory.snapshot()) as w:
        await w.pilot.click("#budget")
        await w.press("f")
        assert w.app.screen.maximized is None
        await w.pilot.click("#population")
        await w.press("f")
        assert w.app.screen.maximized.id == "population"
        await w.sees("age in iterations")
        await w.press("f")
        assert w.app.screen.maximized is None
        await w.pilot.click("#best")
        await w.press("f")
        await w.sees("Best structure", "The paper's MAE-DET-M")
        assert "2,241.25" not in w.text


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_a_panel_of_the_tab_fills_a_small_screen(watch, size):
    async with watch(factory.snapshot(), size=size) as w:
        await w.press("f")
        assert w.app.screen.maximized.id == "population"
        await w.press("escape", "3", "f")
        await w.sees("parameters of each s")
        assert w.app.screen.maximized.id == "plot"
        await w.press("escape")
        assert w.app.screen.maximized is None


async def test_too_small_a_terminal_says_so_and_recovers(watch):
    async with watch(factory.snapshot(), size=(20, 5)) as w:
        await w.sees("80x24 shows")
        await w.pilot.resize_terminal(120, 40)
        await w.sees("Best structure", "2,241.25")
        assert "80x24 shows" not in w.text


async def test_a_panel_that_fills_a_screen_gives_way_where_it_gets_too_small(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("f")
        assert w.app.screen.maximized.id == "plot"
        await w.pilot.resize_terminal(20, 5)
        await w.sees("80x24 shows")
        assert w.app.screen.maximized is None


async def test_a_plot_that_fills_the_screen_does_so_when_it_is_another(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("f", "2")
        await w.sees("FLOPs of each")
        assert w.app.screen.maximized.id == "plot"
        await w.press("escape")
        await w.sees("FLOPs of each", "Best structure")


async def test_a_population_whose_members_are_not_known(watch):
    async with watch(factory.snapshot(members=())) as w:
        await w.sees("256 of 256", "mean Z", "worst Z best")
        assert "median age" not in w.text
