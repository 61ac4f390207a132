"""Searches from Python: watched, stopped, interrupted, failing, and what they return."""

import pytest

from engine.formats import saved_yaml
from engine.run import runner as running
from engine.run.runner import Runner
from engine.scorers.base import ScoringError
from engine.scorers.closed_form import ClosedForm
from maedet_tui import PresetError, design, preset, search
from tests.api.test_designs import Printer

QUICK = preset(
    name="quick",
    budget={"flops": "91G", "layers": 91},
    search={"population": 16, "iterations": 300, "keep": 4},
    scorer="closed-form",
    audit=False,
)
#: goes on until it is told not to
ENDLESS = preset(QUICK, search={"iterations": 10**9})


def test_a_search_finds_what_the_engine_finds(tmp_path):
    found = search(QUICK)
    runner = Runner(QUICK)
    runner.start()
    assert runner.join()
    best = runner.snapshot.best
    assert (found.structure, found.z, found.cost) == (best.structure, best.score.z, best.cost)
    assert found.state == "finished" and found.preset == QUICK
    assert found.history[-1].z == found.z and found.best.preset == QUICK

    path = found.save(tmp_path / "best.yaml")
    saved = saved_yaml.loads(path.read_text())
    assert saved.structure == found.structure and saved.score == found.best.score
    assert saved.search["preset"] == "quick" and saved.search["iteration"] == 300
    assert design(path).structure == found.structure
    assert found.export("yaml", tmp_path) == tmp_path / "quick_best.yaml"
    assert len(found.module(out_indices=(4,)).feature_info) == 1


def test_a_result_shows_itself_as_a_table():
    found = search(QUICK)
    assert str(found).startswith("Finished: 300 iterations in ") and "C5" in str(found)
    assert repr(found).startswith("<SearchResult of quick, finished: <Design quick-best: ")
    html = found._repr_html_()
    assert html.startswith("<div>Finished: 300") and "<th>bottleneck</th>" in html
    assert Printer(found).said == str(found)


def test_progress_is_told_and_may_stop_it():
    seen = []
    found = search(ENDLESS, progress=seen.append, stop=lambda: len(seen) > 2)
    assert found.state == "stopped" and found.z >= seen[-1].best.score.z
    assert [one.iteration for one in seen] == sorted(one.iteration for one in seen)


def test_an_interrupt_keeps_the_best():
    def interrupt(snapshot):
        if snapshot.best is not None:
            raise KeyboardInterrupt

    found = search(ENDLESS, progress=interrupt)
    assert found.state == "stopped" and found.best.structure.blocks


def test_an_interrupt_before_there_is_a_best_is_one(monkeypatch):
    monkeypatch.setattr(Runner, "start", lambda self: None)
    monkeypatch.setattr(Runner, "join", lambda self, timeout=None: False)

    def interrupt(snapshot):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(ENDLESS, progress=interrupt)
    with pytest.raises(ScoringError, match="stopped before the first structure was scored"):
        search(ENDLESS, stop=lambda: True)


def test_what_a_caller_raises_ends_the_search():
    runners = []

    def fail(snapshot):
        raise ZeroDivisionError

    class Seen(Runner):
        def start(self):
            runners.append(self)
            super().start()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maedet_tui.api.searches.Runner", Seen)
        with pytest.raises(ZeroDivisionError):
            search(ENDLESS, progress=fail)
    assert runners[0].join(60) and runners[0].snapshot.state == "stopped"


def test_a_search_that_fails_warns_and_keeps_the_best(monkeypatch):
    score, left = ClosedForm.score, [100]

    def failing(self, structures, cancelled=lambda: False):
        left[0] -= 1
        if left[0] < 0:
            raise ScoringError("no more of this")
        return score(self, structures, cancelled)

    monkeypatch.setattr(ClosedForm, "score", failing)
    with pytest.warns(RuntimeWarning, match="no more of this"):
        found = search(ENDLESS)
    assert found.state == "failed" and found.z
    left[0] = 0
    with pytest.raises(ScoringError, match="no more of this"):
        search(ENDLESS)


def test_a_pass_without_end_is_left_alone(monkeypatch):
    monkeypatch.setattr("maedet_tui.api.searches.PATIENCE", 0.01)
    monkeypatch.setattr(running.Runner, "stop", lambda self: stopped.append(self))
    stopped = []
    found = search(ENDLESS, stop=lambda: bool(stopped) or stopped.append(None) or False)
    assert found.state == "stopped"
    monkeypatch.undo()
    stopped[-1].stop()
    assert stopped[-1].join(60)


def test_an_unknown_preset_is_told_with_the_nearest():
    with pytest.raises(PresetError, match=r"maedet-n: no such preset; did you mean maedet-s\?"):
        search("maedet-n")
