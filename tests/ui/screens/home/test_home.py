"""Home: presets and runs, what keys do to them, and whatever is wrong with either."""

import pytest
from textual.widgets import Input

from maedet_tui.app import MaedetApp
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.screen import Home
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from tests.store.conftest import QUICK, Standing, searched
from tests.ui.conftest import Desk, Watch, marked

MINE = "budget: {flops: 50G, params: 26M, latency: 25ms}\ndescription: half of it\n"
BROKEN = "budget:\n  flopps: 91G\n"


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24)])
async def test_pick_and_start(home, size):
    async with home(size) as w:
        await w.sees("latency", "153G", "InvertedBlock 3/5", "49G FLOPs at 1280x800", "auto")
        await w.press("down", "enter")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        assert [preset.name for preset in w.desk.started] == ["maedet-m"]


async def test_ones_own_presets_are_listed_with_every_budget(home, own_presets):
    (own_presets / "mine.yaml").write_text(MINE)
    async with home((80, 24)) as w:
        await w.sees("mine *", "50G", "26M", "25ms")
        await marked(w, PresetTable, "mine")
        await w.sees("half of it", "≤ 25ms, batch 1")
        # presets for other budgets stand together, below the paper's
        await marked(w, PresetTable, "mobile-1g")
        await w.sees("For other budgets", "1G FLOPs at 1280x800, mobile")
        await w.press("up")
        assert w.app.screen.marked_entry.name == "zen-score"
        await marked(w, PresetTable, "mine")
        await w.press("enter")
        await w.until(lambda: w.desk.started)
        assert w.desk.started[0].budget.latency == 0.025


async def test_enter_before_the_files_are_read(home, monkeypatch):
    monkeypatch.setattr(Home, "_begin", lambda self: None)
    async with home() as w:
        assert "91G" not in w.text
        await w.press("down", "enter")
        await w.until(lambda: w.desk.started)
        assert [preset.name for preset in w.desk.started] == ["maedet-m"]


async def test_corrupt_presets_show_as_such_and_break_nothing(home, own_presets, monkeypatch):
    (own_presets / "broken.yaml").write_text(BROKEN)
    (own_presets / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (own_presets / "mine.yaml").write_text(MINE)
    async with home() as w:
        await w.sees("line 2: budget.flopps: is not a known key; did you mean flops?")
        await w.sees("is not text in UTF-8", "50G")
        await marked(w, PresetTable, "broken")
        await w.sees("`e` opens it in the editor")
        await w.press("enter")
        await w.sees("broken has a problem", "broken.yaml:2")
        assert not w.desk.started


async def test_a_built_in_preset_with_mistakes_shows_as_such(home, tmp_path, monkeypatch):
    from maedet_tui.presets import library

    (tmp_path / "bad.yaml").write_text(BROKEN)
    real = library.builtin_file
    monkeypatch.setattr(
        library,
        "builtin_file",
        lambda name: tmp_path / "bad.yaml" if name == "maedet-m" else real(name),
    )
    async with home() as w:
        await w.sees("budget.flopps", "153G")
        await w.press("enter")
        await w.until(lambda: w.desk.started)


async def test_an_unreadable_folder_of_presets_is_said(home, own_presets, monkeypatch):
    (own_presets / "file").write_text("")
    monkeypatch.setenv("MAEDET_PRESETS", str(own_presets / "file"))
    async with home() as w:
        await w.sees("MAEDET_PRESETS names another folder", "maedet-l")


async def test_copy_asks_for_a_name_and_refuses_taken_ones(home, own_presets):
    (own_presets / "mine.yaml").write_text(MINE)
    async with home() as w:
        await marked(w, PresetTable, "built-in maedet-m")
        await w.press("c")
        await w.sees("Copy maedet-m to:", "maedet-m-2")
        for name, words in (("maedet-s", "is a built-in"), ("mine", "yours already"), ("a/b", "'")):
            w.app.screen.query_one(Input).value = name
            await w.sees(words)
            await w.press("enter")
        assert [path.name for path in own_presets.iterdir()] == ["mine.yaml"]
        w.app.screen.query_one(Input).value = "other"
        await w.press("enter")
        await w.sees("other *", "Copied maedet-m", "Press e to edit it")
        assert "91G" in (own_presets / "other.yaml").read_text()
        assert w.app.screen.query_one(PresetTable).marked == "own other"
        await w.press("c", "escape")
        assert len(list(own_presets.iterdir())) == 2


async def test_copy_into_a_place_that_cannot_be_written(home, own_presets, monkeypatch):
    monkeypatch.setenv("MAEDET_PRESETS", str(own_presets / "later"))
    async with home() as w:
        await w.press("c")
        await w.sees("maedet-s-2")
        (own_presets / "later").write_text("in the way")
        monkeypatch.setattr("maedet_tui.screens.ask.Ask._wrong", lambda self, name: "")
        await w.press("enter")
        await w.sees("Not copied", "MAEDET_PRESETS")


async def test_delete_asks_and_never_takes_a_built_in(home, own_presets):
    (own_presets / "mine.yaml").write_text(MINE)
    async with home() as w:
        await marked(w, PresetTable, "built-in maedet-s")
        await w.press("d")
        await w.sees("maedet-s comes with the program")
        await marked(w, PresetTable, "mine")
        await w.press("d")
        await w.sees("Delete your preset mine for good?")
        await w.press("escape")
        assert (own_presets / "mine.yaml").exists()
        await w.press("d", "y")
        await w.until(lambda: "mine *" not in w.text)
        assert not list(own_presets.iterdir())


# --- runs ---------------------------------------------------------------------------


async def test_a_finished_run_opens_with_its_history_and_leads_back(home, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    async with home((80, 24)) as w:
        await w.sees("✓ finished", "100 %", "quick")
        await w.press("tab")
        await w.sees("iteration 1,500 of 1,500")
        await w.press("enter")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        await w.sees("The search finished")
        await w.press("n")
        await w.until(lambda: isinstance(w.app.screen, Home))
        assert w.app.screen.focused is w.app.screen.query_one(RunTable)
        assert w.app.shown_run is None
        await w.press("q")
        await w.until(lambda: not w.app.is_running)


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_the_best_of_the_marked_run_and_how_it_came_to_that(home, tmp_path, size):
    run = searched(QUICK, tmp_path / "runs", "one")
    best = run.snapshot.best
    async with home(size) as w:
        await w.sees("✓ finished", "Initial structure")
        await w.press("tab")
        await w.sees("Best structure", f"Z {best.score.z:,.2f}", "Z of the best", "1,500")
        await w.press("shift+tab")
        await w.sees("Initial structure")
        assert "Z of the best" not in w.text


async def test_a_live_run_is_watched_and_left_running(home, tmp_path):
    from maedet_tui.runs.local import LocalRun

    run = LocalRun(QUICK, tmp_path / "runs", "alive")
    run._runner._scorer = Standing(QUICK.objective)
    run.start()
    try:
        async with home() as w:
            await w.sees("▶ running", "alive")
            await marked(w, RunTable, "alive")
            await w.press("d")
            await w.sees("alive is under way")
            await w.press("enter")
            await w.until(lambda: isinstance(w.app.screen, Dashboard))
            await w.press("n")
            await w.until(lambda: isinstance(w.app.screen, Home))
            await w.press("enter")
            await w.until(lambda: isinstance(w.app.screen, Dashboard))
            await w.press("q")  # no question: nothing ends with the screen
            await w.until(lambda: not w.app.is_running)
        assert not run.snapshot.ended
    finally:
        run.close()


async def test_new_runs_appear_by_themselves(home, tmp_path, monkeypatch):
    monkeypatch.setattr("maedet_tui.screens.home.screen.LOOK_EVERY", 0.05)
    async with home() as w:
        await w.sees("none in")
        searched(QUICK, tmp_path / "runs", "later")
        await w.sees("later", "finished")


async def test_foreign_and_damaged_runs_show_as_such(home, tmp_path):
    folder = tmp_path / "runs"
    for name in ("junk", "empty", "cut"):
        (folder / name).mkdir(parents=True)
    (folder / "junk/run.db").write_text("what is this")
    (folder / "empty/run.db").write_text("")
    whole = searched(QUICK, folder, "whole").run_dir / "run.db"
    (folder / "cut/run.db").write_bytes(whole.read_bytes()[:2000])
    async with home() as w:
        await w.sees("whole", "✓ finished")
        for name in ("junk", "empty", "cut"):
            await marked(w, RunTable, name)
            await w.sees(f"▲ {folder}"[:8])
            await w.press("enter")
            await w.sees(f"{name} does not open")
            assert isinstance(w.app.screen, Home)
        await w.press("d", "y")
        await w.until(lambda: not (folder / "cut").exists())


async def test_a_run_is_deleted_after_asking(home, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    async with home() as w:
        await w.sees("✓ finished")
        await marked(w, RunTable, "one")
        await w.press("d")
        await w.sees("Remove the run one")
        assert isinstance(w.app.screen, Confirm)
        await w.press("n")
        assert (tmp_path / "runs/one").exists()
        await w.press("d", "y")
        await w.until(lambda: not (tmp_path / "runs/one").exists())
        await w.sees("none in")


async def test_a_stopped_run_is_resumed(home, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    async with home() as w:
        await w.sees("✓ finished")
        await marked(w, RunTable, "one")
        await w.press("r")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        assert w.desk.resumed == [tmp_path / "runs/one"]


async def test_a_search_that_cannot_start_says_why(home):
    class NoDesk(Desk):
        def start(self, preset):
            raise OSError("runs: permission denied")

    async with home(desk=NoDesk()) as w:
        await w.press("enter")
        await w.sees("maedet-s did not start", "runs: permission denied")
        assert isinstance(w.app.screen, Home)


async def test_another_search_after_the_first(home):
    async with home() as w:
        await w.press("enter")
        await w.sees("The search finished")
        await w.press("n")
        await w.until(lambda: isinstance(w.app.screen, Home))
        await w.until(lambda: w.desk.run.orders == ["close"])
        await w.press("down", "down", "enter")
        await w.sees("The search finished")
        assert [preset.name for preset in w.desk.started] == ["maedet-s", "maedet-l"]


# --- terminals ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (1, 1), (300, 12), (30, 80)])
async def test_odd_sizes_do_not_crash(home, tmp_path, own_presets, size):
    (own_presets / "broken.yaml").write_text(BROKEN)
    searched(QUICK, tmp_path / "runs", "one")
    desk = Desk()
    app = MaedetApp(start=desk.start, runs_dir=tmp_path / "runs", characters=UNICODE)
    async with app.run_test(size=size) as pilot:
        w = Watch(app, None, pilot)
        for keys in (("tab", "up"), ("tab", "end"), ("c", "escape"), ("d", "escape")):
            await w.press(*keys)
        assert app.is_running and len(w.text.splitlines()) == size[1]
        await w.press("q")
        await w.rest()


async def test_one_list_at_a_time_at_40x10(home, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    async with home((40, 10)) as w:
        await w.sees("tab shows the other list", "maedet-l", "153G")
        await w.press("tab")
        await w.sees("one", "finished")
        assert "maedet-l" not in w.text
        await w.press("tab", "enter")
        await w.until(lambda: w.desk.started)


async def test_a_click_marks_and_another_chooses(home):
    async with home() as w:
        await w.sees("153G")
        row = next(y for y, line in enumerate(w.text.splitlines()) if "maedet-l" in line)
        await w.pilot.click(offset=(6, row))
        await w.until(lambda: w.app.screen.query_one(PresetTable).marked == "built-in maedet-l")
        assert not w.desk.started
        await w.pilot.click(offset=(6, row))
        await w.until(lambda: w.desk.started)
        assert w.desk.started[0].name == "maedet-l"


async def test_plain_characters(home, tmp_path, own_presets):
    (own_presets / ("very-long-name-" * 4 + ".yaml")).write_text(BROKEN)
    searched(QUICK, tmp_path / "runs", "one")
    async with home((80, 24), characters=PLAIN) as w:
        await marked(w, PresetTable, "built-in maedet-s")
        await w.sees("* finished", "<= 49G FLOPs", "~")
        above = w.text
        assert above.isascii(), [c for c in above if not c.isascii()]


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quit_needs_no_question(home, key):
    async with home() as w:
        await w.press(key)
        await w.until(lambda: not w.app.is_running)


async def test_help_names_the_keys_of_the_list_in_use(home):
    async with home() as w:
        await w.press("question_mark")
        await w.sees("Search with the marked preset", "Copy the marked preset", "What every key")
        await w.press("escape", "tab")
        await w.press("question_mark")
        await w.sees("Go on with a run that was stopped", "Show the marked run")


def without_thumbs(text):
    """The screen without the thumbs of its scroll bars, which end at eighths of a cell."""
    return text.translate(dict.fromkeys(map(ord, "▁▂▃▄▅▆▇█"), " "))


async def test_resizing_leaves_no_trace(home, own_presets):
    (own_presets / "mine.yaml").write_text(MINE)
    async with home() as w:
        await w.rest()
        await w.sees("50G", "total, 25 convolutional layers", "no GPU", "none in", "mine *")
        before = without_thumbs(w.text)
        for size in ((80, 24), (40, 10), (200, 60)):
            await w.pilot.resize_terminal(*size)
            await w.settle()
        await w.pilot.resize_terminal(120, 40)
        await w.until(lambda: without_thumbs(w.text) == before)


async def test_n_makes_a_preset_for_a_budget(home, own_presets, monkeypatch):
    monkeypatch.setattr("maedet_tui.presets.trial.ITERATIONS", 200)
    async with home((120, 40)) as w:
        await w.press("n")
        await w.sees("A preset for a budget", "10G")
        for line, words in (
            ("", "write a budget"), ("3K", "too few"), ("9G 9G 9G", "one image size"),
            ("9G big", "no such preset"), ("3x", "is not a quantity"),
        ):  # fmt: skip
            w.app.screen.query_one(Input).value = line
            await w.sees(words)
            await w.press("enter")
        assert list(own_presets.iterdir()) == []
        w.app.screen.query_one(Input).value = "2G 640x640 mobile"
        await w.press("enter")
        await w.sees("Made mobile-2g-640x640", "make sense at 640x640", "a short search finds")
        assert w.app.screen.query_one(PresetTable).marked == "own mobile-2g-640x640"
        await w.press("n", "escape")
        assert [path.name for path in own_presets.iterdir()] == ["mobile-2g-640x640.yaml"]
