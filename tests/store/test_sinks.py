"""Trackers: each gets the whole history once, and none can end a search."""

import csv
import stat

import pytest

from maedet_tui.local_run import LocalRun
from maedet_tui.run import SaveError
from maedet_tui.store import sinks
from maedet_tui.store.folders import remove_run
from maedet_tui.store.writer import RunStore
from tests.store.conftest import lasting


def tracked(run):
    run.start()
    assert run.wait(60)
    run.close()
    return run


def test_csv_holds_the_history_also_after_resuming(tmp_path):
    run = LocalRun(lasting(50_000), tmp_path, "one", track=["csv"])
    run.start()
    while len(run.snapshot.history) < 5:
        pass
    run.stop()
    run.wait(30)
    run.close()
    run = tracked(LocalRun.of(RunStore.reopen(run.run_dir), ["csv"]))
    path = run.run_dir / "history.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    history = run.snapshot.history
    assert [int(row["iteration"]) for row in rows] == [point.iteration for point in history]
    assert float(rows[-1]["z"]) == history[-1].z
    assert int(rows[-1]["layers_C5"]) == history[-1].stage_costs[4].layers
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    remove_run(run.run_dir)
    assert not run.run_dir.exists()


def test_tensorboard_reads_the_history(tmp_path, quick):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tracked(LocalRun(quick, tmp_path, "one", track=["tensorboard"]))
    events = EventAccumulator(str(run.run_dir / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    points = run.snapshot.history
    z = events.Scalars("Z")
    assert [event.step for event in z] == [point.iteration for point in points]
    assert z[-1].value == pytest.approx(points[-1].z)
    assert events.Scalars("layers/C4")[-1].value == points[-1].stage_costs[3].layers
    remove_run(run.run_dir)
    assert not run.run_dir.exists()


def test_a_tracker_that_fails_is_given_up_and_the_search_goes_on(tmp_path, quick, monkeypatch):
    def full(self, points):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sinks.CsvSink, "add", full)
    run = tracked(LocalRun(quick, tmp_path, "one", track=["csv"]))
    assert run.snapshot.state == "finished" and run.trouble is None
    assert any("csv was given up" in notice for notice in run.snapshot.notices)


def test_a_tracker_that_is_not_installed_is_refused_before_anything_is_made(
    tmp_path, quick, monkeypatch
):
    monkeypatch.setattr(sinks, "find_spec", lambda name: None)
    with pytest.raises(SaveError, match=r"pip install 'maedet-tui\[tensorboard\]'"):
        LocalRun(quick, tmp_path, "one", track=["tensorboard"])
    assert list(tmp_path.iterdir()) == []
