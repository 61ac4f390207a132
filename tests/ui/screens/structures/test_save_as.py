"""Saving under a name: what is written, what is said, and what happens when it cannot be."""

import ast
import errno
import os
from threading import Event
from types import SimpleNamespace

import pytest
from textual.widgets import Input, OptionList

from engine.formats import structure_yaml
from engine.structure import Block, Structure
from maedet_tui import export
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.structures.save_as import SaveAs
from maedet_tui.screens.structures.structure import StructureScreen
from tests.ui import factory
from tests.waiting import PATIENCE

SMALL = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        *(Block("ResBlock", 3, 8, 8, 2, 8, depth) for depth in (1, 2, 3, 2)),
    )
)
SNAPSHOT = factory.finished(best=factory.candidate(SMALL))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def opened(w, **fields):
    """The dialog, with something typed into its fields."""
    await w.press("S")
    await w.until(lambda: isinstance(w.app.screen, SaveAs))
    for name, value in fields.items():
        w.app.screen.query_one(f"#{name}", Input).value = value
    return w.app.screen


def choose(dialog, format_):
    formats = dialog.query_one(OptionList)
    formats.highlighted = list(export.FORMATS).index(format_)


async def said(w, *texts):
    """Wait until the toasts say all of it; the first check of a module imports torch."""
    await w.until(
        lambda: all(any(text in toast.message for toast in w.app._notifications) for text in texts)
    )


async def trouble(w, *texts):
    """Wait until the dialog says all of it, however its lines are broken."""

    def told():
        assert isinstance(w.app.screen, SaveAs)
        return " ".join(str(w.app.screen.query_one("#trouble").render()).split())

    await w.until(lambda: all(text in told() for text in texts))


async def test_yaml_in_four_keys(watch, folder):
    async with watch(SNAPSHOT) as w:
        dialog = await opened(w)
        target = dialog.query_one("#target")
        await w.until(lambda: str(folder / "maedet-m-best.yaml") in str(target.render()))
        await w.press("enter")
        await said(w, str(folder / "maedet-m-best.yaml"), "checked: 5 blocks read back the same")
        assert isinstance(w.app.screen, Dashboard)
    assert structure_yaml.loads((folder / "maedet-m-best.yaml").read_text()) == SMALL


async def test_markdown_from_the_structure_on_show(watch, folder):
    async with watch(SNAPSHOT) as w:
        await w.press("v")
        dialog = await opened(w, name="table.md")  # an ending that is typed is not added again
        choose(dialog, "markdown")
        await w.press("ctrl+s")
        await said(w, str(folder / "table.md"))
        assert isinstance(w.app.screen, StructureScreen)
    assert "| ResBlock | 3 | 8 | 8 | 2 | 8 | 3 | C4 |" in (folder / "table.md").read_text()


async def test_python_is_checked_before_it_is_done(watch, folder):
    async with watch(SNAPSHOT) as w:
        dialog = await opened(w, name="3 levels")
        choose(dialog, "python")
        await w.press("ctrl+s")
        await said(w, "parameters, as the cost model counts", str(folder / "3 levels.py"))
    tree = ast.parse((folder / "3 levels.py").read_text())
    assert "backbone_3_levels" in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


async def test_every_format_is_offered_with_what_it_is(watch):
    async with watch(SNAPSHOT, size=(120, 40)) as w:
        await opened(w)
        await w.sees(*export.FORMATS, *(one.summary for one in export.FORMATS.values()))


async def test_what_to_install_is_said_before_one_tries(watch, monkeypatch, folder):
    from maedet_tui.export import source

    monkeypatch.setattr(source, "find_spec", lambda name: None if "onnx" in name else True)
    async with watch(SNAPSHOT, size=(120, 40)) as w:
        dialog = await opened(w)
        await w.sees("onnx, onnxscript and onnxruntime are not installed", "'maedet-tui[onnx]'")
        choose(dialog, "onnx")
        await w.press("ctrl+s")
        await trouble(w, "onnxscript and onnxruntime are not installed")
    assert list(folder.iterdir()) == []


async def test_a_file_that_is_there_is_asked_about(watch, folder):
    (folder / "mine.yaml").write_text("precious")
    async with watch(SNAPSHOT) as w:
        await opened(w, name="mine")
        await w.press("ctrl+s")
        await w.until(lambda: isinstance(w.app.screen, Confirm))
        await w.sees("is there already")
        await w.press("n")
        assert isinstance(w.app.screen, SaveAs) and (folder / "mine.yaml").read_text() == "precious"
        await w.press("ctrl+s", "y")
        await said(w, "read back the same")
    assert structure_yaml.loads((folder / "mine.yaml").read_text()) == SMALL


async def test_a_missing_folder_keeps_what_was_typed(watch, folder):
    async with watch(SNAPSHOT) as w:
        dialog = await opened(w, name="mine", folder=str(folder / "none"))
        await w.press("ctrl+s")
        await trouble(w, "there is no folder", "create it, or choose another")
        assert dialog.query_one("#name", Input).value == "mine"
        (folder / "none").mkdir()
        await w.press("ctrl+s")
        await said(w, str(folder / "none" / "mine.yaml"))


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (errno.ENOSPC, "no space left to write it; free some"),
        (errno.EACCES, "you may not write there; choose another folder"),
        (errno.EROFS, "you may not write there; choose another folder"),
        (errno.ENAMETOOLONG, "cannot be written"),
    ],
)
async def test_a_disk_that_does_not_take_it(watch, folder, monkeypatch, reason, message):
    def refuse(*_, **__):
        raise OSError(reason, os.strerror(reason))

    async with watch(SNAPSHOT) as w:
        await opened(w, name="mine")
        monkeypatch.setattr(export, "tempfile", SimpleNamespace(mkdtemp=refuse))
        await w.press("ctrl+s")
        await trouble(w, message)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "  ", "../mine", ".hidden", "a:b", "x" * 101])
async def test_names_that_are_none(watch, folder, name):
    async with watch(SNAPSHOT) as w:
        await opened(w, name=name)
        await w.press("ctrl+s")
        await trouble(w, "write" if not name.strip() else "cannot name a file")
    assert list(folder.iterdir()) == []


async def test_a_check_that_fails_is_told_and_leaves_nothing(watch, folder, monkeypatch):
    def fail(*_, **__):
        raise export.ExportError("what was written reads back as another structure")

    async with watch(SNAPSHOT) as w:
        await opened(w)
        monkeypatch.setattr("maedet_tui.screens.structures.save_as.export", fail)
        await w.press("ctrl+s")
        await trouble(w, "reads back as another structure")


async def test_an_export_under_way_outlives_the_dialog(watch, folder, monkeypatch):
    started, go_on = Event(), Event()
    real = export.export

    def slow(*args, **kwargs):
        started.set()
        go_on.wait(PATIENCE)
        return real(*args, **kwargs)

    monkeypatch.setattr("maedet_tui.screens.structures.save_as.export", slow)
    async with watch(SNAPSHOT) as w:
        await opened(w)
        await w.press("ctrl+s")
        await trouble(w, "Writing and checking yaml")
        await w.until(started.is_set)
        await w.press("ctrl+s", "escape")
        assert isinstance(w.app.screen, Dashboard)
        go_on.set()
        await said(w, "maedet-m-best.yaml")
    assert [path.name for path in folder.iterdir()] == ["maedet-m-best.yaml"]


async def test_a_failure_after_the_dialog_is_closed_is_said_too(watch, folder, monkeypatch):
    started, go_on = Event(), Event()

    def fail(*_, **__):
        started.set()
        assert go_on.wait(PATIENCE)
        raise export.ExportError("the disk is full")

    monkeypatch.setattr("maedet_tui.screens.structures.save_as.export", fail)
    async with watch(SNAPSHOT) as w:
        dialog = await opened(w)
        await w.press("ctrl+s")
        await w.until(started.is_set)
        await w.pilot.click(dialog.query_one("#no"))
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        go_on.set()
        await said(w, "the disk is full")
        assert [toast.title for toast in w.app._notifications] == ["Not saved"]
    assert list(folder.iterdir()) == []


# --- quitting meanwhile ---------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """Every format writes half of its file, and the rest when `slow.go_on` is set."""
    state = SimpleNamespace(begun=Event(), go_on=Event(), ended=Event())

    def write(source, made):
        try:
            made.write_text("half")
            state.begun.set()
            state.go_on.wait(PATIENCE)
            made.write_text("whole")
            return ["all of it"]
        finally:
            state.ended.set()

    monkeypatch.setattr(export, "_writer", lambda format_: write)
    yield state
    state.go_on.set()


async def begun(w, slow):
    await opened(w)
    await w.press("ctrl+s")
    await w.until(slow.begun.is_set)


@pytest.mark.parametrize("closed", [False, True])
async def test_quitting_asks_about_an_export(watch, folder, slow, closed):
    async with watch(SNAPSHOT) as w:
        await begun(w, slow)
        await w.press(*["escape"] * closed, "ctrl+c")
        await w.sees("maedet-m-best.yaml", "no part of it is left", "Give up and quit", "Stay")
        await w.press("n")
        slow.go_on.set()
        await said(w, "checked: all of it")
        assert w.app.exports == []
        await w.press("q" if closed else "ctrl+c")
        await w.until(lambda: not w.app.is_running)
    assert [path.read_text() for path in folder.iterdir()] == ["whole"]


@pytest.mark.parametrize("way", ["y", "ctrl+c", "terminated"])
async def test_an_export_that_is_given_up_leaves_nothing(watch, folder, slow, way):
    (folder / "maedet-m-best.yaml").write_text("of before")
    async with watch(SNAPSHOT) as w:
        await opened(w)
        await w.press("ctrl+s", "y")  # in place of what is there
        await w.until(slow.begun.is_set)
        if way == "terminated":
            w.app.leaving.end()
        else:
            await w.press("ctrl+c", way)
        await w.until(lambda: not w.app.is_running)
    left = [path.read_text() for path in folder.iterdir()]
    slow.go_on.set()
    assert slow.ended.wait(PATIENCE)
    assert left == [path.read_text() for path in folder.iterdir()] == ["of before"]


async def test_quitting_asks_about_search_and_export_at_once(watch, folder, slow):
    running = factory.snapshot(best=SNAPSHOT.best)
    async with watch(running) as w:
        w.run.detachable = True
        await begun(w, slow)
        await w.press("ctrl+c")
        await w.sees("Stop it and quit?", "goes on in the background", "no part of it is left")
        await w.press("d")
        await w.until(lambda: not w.app.is_running)
        assert w.run.orders[0] == "detach"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", [(40, 10), (20, 5)])
async def test_every_size(watch, folder, size):
    async with watch(SNAPSHOT, size=size) as w:
        await opened(w, name="small")
        await w.press("tab", "tab", "down", "up", "t", "ctrl+s")
        await said(w, "small.yaml")
        assert w.app.is_running


async def test_the_mouse(watch, folder):
    async with watch(SNAPSHOT, size=(100, 40)) as w:
        dialog = await opened(w)
        await w.pilot.click(dialog.query_one("#yes"))
        await said(w, "maedet-m-best.yaml")


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+p"])
async def test_an_export_that_ends_under_a_question_closes_its_own_dialog(watch, folder, slow, key):
    async with watch(SNAPSHOT) as w:
        await begun(w, slow)
        dialog = w.app.screen
        await w.press(key)
        above = w.app.screen
        slow.go_on.set()
        await said(w, "checked: all of it")
        assert w.app.screen is above is not dialog
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        assert dialog not in w.app.screen_stack


async def test_what_is_there_is_not_said_to_be_lost(watch, folder, slow, monkeypatch):
    class Unheard(list):
        """Exports of which the app has not heard yet that they are done."""

        def remove(self, _):
            pass

    async with watch(SNAPSHOT) as w:
        w.app.exports = Unheard()
        await begun(w, slow)
        slow.go_on.set()
        await said(w, "checked: all of it")
        ends = []
        with monkeypatch.context() as patch:
            patch.setattr(w.app, "exit", lambda message=None: ends.append(message))
            w.app.leaving.end()
        assert ends == [None]


async def test_arrows_choose_the_format_from_the_field_of_the_name(watch, folder):
    async with watch(SNAPSHOT) as w:
        dialog = await opened(w, name="mine")
        assert dialog.focused.id == "name"
        names = list(export.FORMATS)
        await w.press("up")
        assert dialog.format == names[-1]
        for _ in range(1 + names.index("structure-info")):
            await w.press("down")
        assert dialog.format == "structure-info" and dialog.focused.id == "name"
        await w.press("enter")
        await said(w, "mine")
    ending = export.FORMATS["structure-info"].ending
    assert [path.name for path in folder.iterdir()] == [f"mine{ending}"]
