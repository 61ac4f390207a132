"""Whatever a database or a name says, the terminal only shows it; and the screen as a file."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Static

from maedet_tui.runs.watched import WatchedRun
from maedet_tui.styles.printable import Printable
from tests.store.conftest import QUICK, searched
from tests.store.test_from_elsewhere import BAIT, OBEYED, hostile
from tests.ui import factory

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links")


def drawn(w):
    """Every character that goes to the terminal as text."""
    return "".join(
        segment.text
        for strip in w.app.screen._compositor.render_strips()
        for segment in strip
        if not segment.control
    )


async def test_a_hostile_run_is_shown_as_text(watch, tmp_path):
    folder = searched(QUICK, tmp_path, "one").run_dir
    hostile(folder)
    run = WatchedRun(folder)
    snapshot = run.snapshot
    run.close()
    assert OBEYED & set(snapshot.notices[0])
    async with watch(snapshot, size=(200, 60)) as w:
        await w.sees("owned")
        assert not OBEYED & set(drawn(w))


@pytest.mark.parametrize("no_color", [False, True])
async def test_no_widget_can_forget_it(watch, monkeypatch, no_color):
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    async with watch(factory.snapshot()) as w:
        await w.app.screen.mount(Static(f"bait {BAIT} end", markup=False, id="bait"))
        await w.until(lambda: "backwards" in drawn(w) or "bait" in drawn(w))
        await w.settle()
        assert "bait" in drawn(w) and not OBEYED & set(drawn(w))


def test_what_has_no_width_is_left_out():
    from rich.cells import cell_len
    from rich.segment import Segment
    from textual.color import Color

    before = [Segment(f"a{character}b") for character in (*OBEYED, "\x00", "\u200b", "é")]
    after = Printable().apply(before, Color(0, 0, 0))
    for old, new in zip(before, after, strict=True):
        assert new.text.isprintable() and cell_len(new.text) == cell_len(old.text)
    plain = [Segment("plain")]
    assert Printable().apply(plain, Color(0, 0, 0)) is plain


# --- screenshots --------------------------------------------------------------------


def said_of(w, picture):
    return any(picture.name in toast.message for toast in w.app._notifications)


def pictures(folder):
    return [path for path in Path(folder).iterdir() if path.name.startswith("screenshot-")]


async def test_a_screenshot_goes_to_the_folder_of_the_run(watch, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "no home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    async with watch(factory.snapshot()) as w:
        w.run.run_dir = tmp_path / "run"
        for folder in ("here", "run"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (command,) = [
                one for one in w.app.get_system_commands(w.app.screen) if one.title == "Screenshot"
            ]
            command.callback()
            (picture,) = pictures(tmp_path / folder)
            assert picture.read_text().startswith("<svg")
            await w.until(partial(said_of, w, picture))


async def test_a_screenshot_that_cannot_be_written_says_why(watch, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    async with watch(factory.snapshot()) as w:
        w.run.run_dir = tmp_path
        monkeypatch.setattr("engine.outputs.os.replace", full)
        w.app.keep_screenshot()
        await w.until(lambda: list(w.app._notifications))
        (toast,) = w.app._notifications
        assert toast.title == "No screenshot" and "no space left" in toast.message
    assert pictures(tmp_path) == []


def test_a_screenshot_is_a_part_of_its_run(tmp_path):
    from maedet_tui.store.folders import remove_run

    folder = searched(QUICK, tmp_path, "one").run_dir
    (folder / "screenshot-20260101-120000.svg").write_text("<svg/>")
    remove_run(folder)
    assert not folder.exists()


# --- the order of runs ---------------------------------------------------------------


def test_runs_are_in_the_order_of_their_last_search_everywhere(tmp_path, monkeypatch):
    import sqlite3

    from click.testing import CliRunner

    from maedet_tui.cli import cli
    from maedet_tui.screens.home.looking import Runs

    for number, name in enumerate("abc"):
        folder = searched(replace(QUICK, name=name), tmp_path, name).run_dir
        file = sqlite3.connect(folder / "run.db")
        file.execute("UPDATE run SET created = ?", (1000.0 + number,))
        file.execute("UPDATE status SET updated = ?", ((3000.0, 5000.0, 4000.0)[number],))
        file.commit()
        file.close()
    # looked at last: what is read is not searched
    WatchedRun(tmp_path / "a").close()
    os.utime(tmp_path / "a/run.db")
    lines, _ = Runs(tmp_path).read(None)
    assert [line.name for line in lines] == ["b", "c", "a"]
    listed = CliRunner().invoke(cli, ["runs", "--runs-dir", str(tmp_path)]).stdout
    assert [line[0] for line in listed.splitlines()[1:]] == ["b", "c", "a"]
