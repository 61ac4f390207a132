"""Every screen as it looks, at four sizes, in both themes and with plain characters, against
pictures kept beside.

After a change of looks, `pytest tests/ui/test_looks.py -n 0 --snapshot-update` draws them
anew; look at them then.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from engine.settings import PROXIES
from engine.snapshot import Snapshot
from maedet_tui.app import MaedetApp
from maedet_tui.machine.load import Load, LoadMeter
from maedet_tui.presets import builtin_names
from maedet_tui.screens.dashboard.load_panel import LoadPanel
from maedet_tui.screens.dashboard.reference_view import ReferenceView
from maedet_tui.widgets.glyphs import PLAIN, UNICODE, Glyphs
from tests.ui import factory
from tests.ui.conftest import Watch
from tests.ui.screens.dashboard.test_course import LINEAGE, TALLY
from tests.ui.screens.sweep.test_sweep import sweep  # noqa: F401

pytest.importorskip("pytest_textual_snapshot")
DRAWN_WITH = "8.2.8"
pytestmark = pytest.mark.skipif(
    version("textual") != DRAWN_WITH, reason=f"the pictures are of Textual {DRAWN_WITH}"
)

ANYWHERE = Path("/home/ada/backbones")


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """Nothing on the screens that differs from machine to machine, or blinks."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda self: None)
    monkeypatch.setattr(LoadMeter, "look", lambda self: Load(1.2, 2, 340 << 20, 16 << 30))
    monkeypatch.setattr("maedet_tui.machine.device.found", lambda: "a processor, 2 cores, no GPU")
    monkeypatch.setattr("maedet_tui.export.source.find_spec", lambda package: None)
    names = [name for name in builtin_names() if name not in PROXIES]
    monkeypatch.setattr("maedet_tui.presets.library.builtin_names", lambda: names)


def pytest_generate_tests(metafunc):
    if "size" in metafunc.fixturenames:
        sizes = [(80, 24), (120, 40), (160, 48), (200, 60)]
        looks = []
        for width, height in sizes:
            for theme in ("dark", "light", "plain"):
                # themes differ in colours alone, which the smallest size shows as well
                by_day = (width, theme) in ((80, "light"), (80, "plain"), (120, "dark"))
                marks = [] if by_day else [pytest.mark.nightly]
                name = f"{width}x{height}-{theme}"
                looks.append(pytest.param((width, height), theme, id=name, marks=marks))
        metafunc.parametrize(("size", "theme"), looks)


@pytest.fixture
def characters(theme):
    """Those that the screen is drawn with; plain ones are as poor terminals have them."""
    return PLAIN if theme == "plain" else UNICODE


@pytest.fixture
def looks(snap_compare, size, theme, characters, tmp_path, monkeypatch):
    """Compares an app, after keys and once texts are on its screen, with its picture."""
    monkeypatch.chdir(tmp_path)  # whatever runs whoever tests has made are not in it

    def compare(app: MaedetApp | Snapshot, *keys: str, sees: tuple[str, ...]) -> bool:
        if isinstance(app, Snapshot):  # a dashboard's
            app = dashboard(app, characters)

        async def arrive(pilot: Pilot) -> None:
            if theme == "light":
                app.action_theme()
            watch = Watch(app, None, pilot)
            for key in keys:
                if key.startswith("wait:"):
                    await watch.sees(key.removeprefix("wait:"))
                else:
                    await watch.press(key)
            await watch.sees(*sees)
            # a dashboard shows these two after its first frame
            for view in app.screen.query(ReferenceView):
                await watch.until(lambda view=view: view.border_subtitle)
            for panel in app.screen.query(LoadPanel):
                await watch.until(lambda panel=panel: "cores" in panel.text or not panel.display)
            await watch.rest()
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=arrive)

    return compare


def dashboard(snapshot: Snapshot, characters: Glyphs) -> MaedetApp:
    return factory.app_for(factory.FakeRun(snapshot), characters)


def test_dashboard_of_a_search_under_way(looks):
    assert looks(factory.fine(), sees=("maedet-m", "running"))


def test_dashboard_at_the_end(looks):
    assert looks(factory.finished(audit=factory.AUDIT), sees=("finished",))


@pytest.fixture
def home(tmp_path, monkeypatch, characters) -> MaedetApp:
    """With presets of one's own, one of them wrong, and paths that say nothing of the machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAEDET_PRESETS", "own")
    Path("own").mkdir()
    Path("own/mine.yaml").write_text("budget: {flops: 50G, params: 26M, latency: 25ms}\n")
    Path("own/wrong.yaml").write_text("budget: {flopps: 91G, layers: 0}\n")
    return MaedetApp(start=None, resume=None, runs_dir=Path("runs"), characters=characters)


def test_home(looks, home):
    assert looks(home, sees=("maedet-s", "mine", "2 cores"))


def test_editor(looks, home):
    assert looks(home, "wait:wrong", "down", "e", sees=("Problems", "line 1  "))


def test_numbers_before_a_search(looks, home):
    assert looks(home, "wait:mine", "f", sees=("Search mine with", "Most FLOPs"))


def test_a_name_for_a_copy(looks, home):
    assert looks(home, "wait:mine", "c", sees=("Copy mine to",))


def test_what_works(looks):
    assert looks(factory.fine(tally=TALLY), "w", sees=("What works", "tried", "kernel"))


def test_lineage(looks):
    assert looks(factory.fine(lineage=LINEAGE), "l", sees=("C3 out 59 -> 60",))


def test_population(looks):
    assert looks(factory.fine(), "8", "f", sees=("Z of the population by FLOPs",))


def test_sweep(looks, sweep, characters):  # noqa: F811
    app = MaedetApp(start=None, runs_dir=sweep.parent, sweep=sweep, characters=characters)
    assert looks(app, sees=("out of luck", "MAE-DET-L"))


def test_structure(looks):
    assert looks(factory.fine(), "v", sees=("Follows the best",))


def test_list_of_structures(looks):
    assert looks(factory.fine(), "b", sees=("The paper", "MAE-DET-S"))


def test_comparison(looks):
    keys = ("b", "down", "space", "down", "space", "c")
    assert looks(factory.fine(), *keys, sees=("MAE-DET-S",))


def test_saving(looks, monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: ANYWHERE)
    assert looks(factory.fine(), "S", sees=("Save", "Folder"))


def test_leaving(looks, characters):
    app = dashboard(factory.fine(), characters)
    app.shown_run.detachable = True
    assert looks(app, "q", sees=("Detach (d)",))


def test_help(looks):
    assert looks(factory.finished(), "question_mark", sees=("esc closes",))
