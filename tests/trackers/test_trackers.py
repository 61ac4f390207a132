"""Trackers: each gets the whole history once, and none can end a search."""

import csv
import stat
import struct

import pytest

from maedet_tui import trackers
from maedet_tui.errors import SaveError
from maedet_tui.runs.local import LocalRun
from maedet_tui.store.folders import remove_run
from maedet_tui.store.writer import RunStore
from maedet_tui.trackers.history_csv import CsvSink
from tests.store.conftest import lasting, stopped
from tests.waiting import PATIENCE


def tracked(run):
    run.start()
    assert run.wait(PATIENCE)
    run.close()
    return run


def test_csv_holds_the_history_also_after_resuming(tmp_path):
    run = LocalRun(lasting(20_000), tmp_path, "one", track=["csv"])
    stopped(run, 2000)
    assert len(run.snapshot.history) > 5
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

    monkeypatch.setattr(CsvSink, "add", full)
    run = tracked(LocalRun(quick, tmp_path, "one", track=["csv"]))
    assert run.snapshot.state == "finished" and run.trouble is None
    assert any("csv was given up" in notice for notice in run.snapshot.notices)


def leveldb_log(data):
    """The records of a log in LevelDB's format, after W&B's header of 7 bytes."""
    at, record = 7, b""
    while at + 7 <= len(data):
        if (left := 32768 - at % 32768) < 7:  # no room for a header: the block is padded
            at += left
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        record += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b""


def test_wandb_reads_the_history_and_says_nothing(tmp_path, quick, capfd):
    pytest.importorskip("wandb")
    from wandb.proto.wandb_internal_pb2 import Record

    run = tracked(LocalRun(quick, tmp_path, "one", track=["wandb"]))
    assert run.snapshot.notices == () and capfd.readouterr() == ("", "")
    (path,) = run.run_dir.glob("wandb/offline-run-*/run-*.wandb")
    rows, name = [], None
    for record in map(Record.FromString, leveldb_log(path.read_bytes())):
        if record.HasField("history"):
            rows.append(
                {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
            )
        elif record.HasField("run"):
            name = record.run.display_name
    points = run.snapshot.history
    assert [int(row["_step"]) for row in rows] == [point.iteration for point in points]
    assert float(rows[-1]["Z"]) == points[-1].z and name == "one"
    remove_run(run.run_dir)
    assert not run.run_dir.exists()


def test_mlflow_reads_the_history_and_says_nothing(tmp_path, quick, capfd, monkeypatch):
    pytest.importorskip("mlflow")
    pytest.importorskip("alembic")
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = tracked(LocalRun(quick, tmp_path, "one", track=["mlflow"]))
    assert run.snapshot.notices == () and capfd.readouterr() == ("", "")
    client = MlflowClient(f"sqlite:///{run.run_dir}/mlflow.db")
    experiment = client.get_experiment_by_name("maedet-tui").experiment_id
    (found,) = client.search_runs([experiment])
    points = run.snapshot.history
    z = client.get_metric_history(found.info.run_id, "Z")
    assert [(metric.step, metric.value) for metric in z] == [(p.iteration, p.z) for p in points]
    assert found.info.run_name == "one" and found.info.status == "FINISHED"
    assert found.data.params["search.iterations"] == str(quick.schedule.iterations)
    remove_run(run.run_dir)
    assert not run.run_dir.exists()


def test_a_tracker_that_is_not_installed_is_refused_before_anything_is_made(
    tmp_path, quick, monkeypatch
):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    with pytest.raises(SaveError, match=r"pip install 'maedet-tui\[tensorboard\]'"):
        LocalRun(quick, tmp_path, "one", track=["tensorboard"])
    assert list(tmp_path.iterdir()) == []
