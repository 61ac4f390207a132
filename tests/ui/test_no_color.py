"""NO_COLOR: no colour on any screen, and nothing that only a colour would have told."""

import re

import pytest

from engine.settings import Budget
from maedet_tui.screens.editor.screen import ProblemList
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.screens.home.screen import Home
from maedet_tui.screens.structures.compare import Compare
from maedet_tui.screens.structures.save_as import SaveAs
from maedet_tui.screens.structures.structure import StructureScreen
from tests.ui import factory
from tests.ui.test_terminal import PRESET, Terminal

#: parameters of SGR that set a colour; 39 and 49 are the terminal's own
COLOURS = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


@pytest.fixture(autouse=True)
def no_color(monkeypatch, tmp_path, own_presets):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


def shown(w):
    """Every segment as the terminal gets it, line by line."""
    ground = w.app.screen.styles.background
    for strip in w.app.screen._compositor.render_strips():
        for filter_ in w.app.get_line_filters():
            if filter_.enabled:
                strip = strip.apply_filter(filter_, ground)
        yield list(strip)


def emphasised(w, text):
    """How the lines with a text are set apart: attributes of the segments that are part of it."""
    found = set()
    for line in shown(w):
        if text in "".join(segment.text for segment in line):
            for segment in line:
                words = segment.text.strip()
                if words and segment.style and (words in text or text in words):
                    style = segment.style
                    found |= {n for n in ("bold", "underline", "reverse") if getattr(style, n)}
    return found


def uncoloured(w):
    styles = [segment.style for line in shown(w) for segment in line if segment.style]
    return styles and not any(style.color or style.bgcolor for style in styles)


async def test_dashboard_tells_what_is_over_budget(watch):
    tight = factory.preset(budget=Budget(flops=50_000_000_000, layers=91))
    async with watch(factory.fine(), preset=tight, size=(80, 24)) as w:
        await w.sees("▶ running", "▲", "88.7G of 50G")
        assert uncoloured(w)
        assert {"reverse"} <= emphasised(w, "Search") and "reverse" not in emphasised(w, "Plots")
        await w.press("tab", "tab")
        await w.sees("○ C1", "● C5")  # the stages' lines have a sign each
        assert uncoloured(w)


@pytest.mark.nightly
async def test_structure_browse_compare_and_save(watch):
    async with watch(factory.fine(), size=(140, 44)) as w:
        await w.press("v")
        await w.until(lambda: isinstance(w.app.screen, StructureScreen))
        await w.sees("Tower", "left: side of the maps")
        assert uncoloured(w)
        await w.press("S")
        await w.until(lambda: isinstance(w.app.screen, SaveAs))
        await w.press("tab", "tab", "down")
        await w.sees("> structure-info")
        assert "underline" in emphasised(w, "> structure-info") and uncoloured(w)
        assert "underline" not in emphasised(w, "structure and costs as tables")
        await w.press("escape", "escape", "b", "down", "space", "down", "space", "up")
        await w.sees("✓ MAE-DET-S", "✓ MAE-DET-M")
        assert "underline" in emphasised(w, "MAE-DET-S  ") and uncoloured(w)
        assert "underline" not in emphasised(w, "MAE-DET-L  ")
        await w.press("c")
        await w.until(lambda: isinstance(w.app.screen, Compare))
        await w.sees("^2,283.67", "*25.8M", "* marks what differs", "^ the best number")
        assert uncoloured(w)


async def test_home_and_editor(home, own_presets):
    (own_presets / "wrong.yaml").write_text("budget: {flops: 91G}\nscorerr: auto\n")
    async with home() as w:
        await w.sees("wrong *", "▲ line 2")
        await w.press("home")
        assert "underline" in emphasised(w, "wrong *") and uncoloured(w)
        assert "underline" not in emphasised(w, "maedet-s  ")
        await w.press("e")
        await w.sees("1 problem", "▲ line 2")
        area = w.app.screen.query_one(YamlArea)
        assert "underline" in emphasised(w, "scorerr") and uncoloured(w)
        assert "underline" not in emphasised(w, "flops")
        area.select_line(0)
        await w.pilot.pause()
        assert "reverse" in emphasised(w, "budget: {flops: 91G}") and uncoloured(w)
        w.app.screen.query_one(ProblemList).focus()
        await w.pilot.pause()
        assert "underline" in emphasised(w, "is not a known key;")
        await w.press("escape", "d")
        await w.sees("for good?")
        assert "reverse" in emphasised(w, "Keep (n)") and "reverse" not in emphasised(
            w, "Delete (y)"
        )
        assert uncoloured(w)
        await w.press("n")
        assert isinstance(w.app.screen, Home)


async def test_light_and_plain_too(watch):
    async with watch(factory.fine(), size=(120, 40)) as w:
        await w.press("t")
        await w.sees("▶ running")
        assert uncoloured(w)


def test_no_colour_reaches_a_real_terminal(tmp_path):
    (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", "300"))
    t = Terminal(tmp_path, "search", "quick.yaml", "--name", "one", NO_COLOR="1")
    try:
        t.sees("The search finished")
        for key, seen in (("v", "Tower"), ("\x1b", "structures"), ("b", "Structures"),
                          (" ", "1 marked"), ("\x1b[B", ""), ("S", ""), ("\x1b", "finished"),
                          ("S", "Folder"), ("\x1b", "structures"), ("h", "Presets"),
                          ("e", "budget"), ("\x1b", "Runs")):  # fmt: skip
            t.child.send(key)
            t.sees(seen)
        t.child.send("q")
        assert t.ends() == 0 and t.given_back
    finally:
        t.child.close(force=True)
    sent = re.findall(rb"\x1b\[([0-9;]*)m", t.output)
    assert sent
    colours = {
        code for codes in sent for code in codes.split(b";") if code and int(code) in COLOURS
    }
    assert not colours
