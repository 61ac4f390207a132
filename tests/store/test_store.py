"""What a run's database holds, and that a search goes on from it exactly."""

import contextlib
import json
import os
import sqlite3
import stat
from dataclasses import replace
from math import isnan, nan

import pytest

from engine.run.runner import Runner
from engine.snapshot import LatencyResult, Portion
from maedet_tui.presets import parse
from maedet_tui.presets.write import dump
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import codec, database, schema
from maedet_tui.store.begin import branch_run
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import lasting, resumed, searched, stopped
from tests.waiting import PATIENCE


def rows(folder, query):
    connection = sqlite3.connect(folder / "run.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def reference(preset):
    runner = Runner(preset)
    runner.start()
    assert runner.join(PATIENCE)
    return runner


def bare(members):
    """Members as they are read back: what made them is a text by then."""
    return [
        member._replace(proposal=member.proposal._replace(origin=str(member.origin)))
        for member in members
    ]


def test_a_checkpoint_reads_back_exactly(quick, tmp_path):
    run = searched(quick, tmp_path, "one")
    expected = reference(quick).checkpoint
    found = RunReader(run.run_dir).checkpoint()
    assert found.history == expected.history
    assert list(found.bests) == bare(expected.bests)
    state, before = found.evolution, expected.evolution
    assert list(state.members) == bare(before.members)
    assert state.rng == before.rng and state.counts == before.counts
    assert (state.iteration, state.switched_at) == (before.iteration, before.switched_at)
    assert state.tally == before.tally and len(state.tally) > 20
    assert state.ancestors == before.ancestors and len(state.ancestors) > 5


def test_a_snapshot_reads_back(quick, tmp_path):
    run = searched(quick, tmp_path, "one")
    found, shown = RunReader(run.run_dir).snapshot(), run.snapshot
    assert found.state == "finished"
    for name in ("best", "history", "population", "phase", "iteration", "seconds", "scorer",
                 "tally", "lineage"):  # fmt: skip
        assert getattr(found, name) == getattr(shown, name), name
    assert found.lineage[0].origin == "initial structure"
    assert found.lineage[-1].born == found.best_iteration
    assert dict(found.counts) == dict(shown.counts)
    assert found.bests[-100:] == shown.bests
    assert list(found.members) == bare(shown.members)


def test_members_are_read_once(tmp_path):
    run = stopped(LocalRun(lasting(4000), tmp_path, "one"))
    reader = RunReader(run.run_dir)
    before = {member.born: member for member in reader.snapshot().members}
    after = resumed(run.run_dir).snapshot
    shown = reader.snapshot().members
    assert shown == RunReader(run.run_dir).snapshot().members
    assert reader.snapshot().lineage == RunReader(run.run_dir).snapshot().lineage == after.lineage
    assert all(before[one.born] is one for one in shown if one.born in before)


def test_a_latency_and_a_proxy_read_back(quick, tmp_path):
    shown = searched(quick, tmp_path, "one").snapshot
    latency = LatencyResult(0.02, 0.021, 0.025, "somewhere")
    score = replace(shown.best.score, entropies=(nan,) * 5, z_std=nan, method="naswot")
    shown = replace(shown, latency=latency, best=replace(shown.best, score=score))
    text = codec.dumps(codec.findings(shown))
    found = codec.read_findings(text, quick.budget.image_size)
    assert found["latency"] == latency
    read = found["best"].score
    assert read.method == "naswot" and read.z == score.z
    assert all(map(isnan, (*read.entropies, read.z_std)))
    older = {key: value for key, value in codec.findings(shown).items() if key != "latency"}
    assert codec.read_findings(codec.dumps(older), quick.budget.image_size)["latency"] is None


def test_a_stopped_search_goes_on_to_the_same_end(tmp_path):
    preset = lasting(20_000)
    part = stopped(LocalRun(preset, tmp_path, "one"), 2000)
    assert 2000 < part.snapshot.iteration < 20_000
    whole = resumed(part.run_dir)
    expected = reference(preset)
    assert whole.snapshot.best == expected.snapshot.best
    assert whole.snapshot.history == expected.snapshot.history
    assert whole.snapshot.counts == expected.snapshot.counts
    assert whole.snapshot.tally == expected.snapshot.tally
    assert whole.snapshot.lineage == expected.snapshot.lineage
    # what was the best then is known of a run that is searched and of one that is read
    changes = expected.checkpoint.bests
    with contextlib.closing(RunReader(part.run_dir)) as reader:
        for i in (0, len(changes) // 2, len(changes) - 2):
            between = (changes[i].born + changes[i + 1].born) // 2
            for read in (whole.best_at(between), reader.best_at(between)):
                assert [read] == bare([changes[i]]) or read == changes[i]
        assert reader.best_at(-1) is None is whole.best_at(-1)
    assert rows(part.run_dir, "SELECT from_iteration FROM sessions")[0] == (0,)
    assert len(rows(part.run_dir, "SELECT * FROM sessions")) == 2


def test_a_larger_t_is_a_new_run_that_knows_its_parent(quick, tmp_path):
    first = searched(quick, tmp_path, "one")
    before = (first.run_dir / "run.db").read_bytes()
    store = branch_run(
        first.run_dir, {"search.iterations": (3000, "--iterations")}, tmp_path, "two"
    )
    assert store.record.parent == str(first.run_dir.resolve())
    assert store.record.parent_iteration == 1500
    assert store.record.preset.schedule.iterations == 3000
    second = searched(store.record.preset, tmp_path, None, store)
    assert second.snapshot.iteration == 3000 and second.snapshot.state == "finished"
    assert second.snapshot.best.score.z >= first.snapshot.best.score.z
    assert second.snapshot.history[: len(first.snapshot.history)] == first.snapshot.history
    assert (first.run_dir / "run.db").read_bytes() == before


def test_a_changed_budget_is_a_new_run_within_it(quick, tmp_path):
    first = searched(quick, tmp_path, "one")
    overrides = {"search.iterations": (3000, "--iterations"), "budget.flops": ("60G", "--flops")}
    store = branch_run(first.run_dir, overrides, tmp_path, None)
    second = searched(store.record.preset, tmp_path, None, store)
    assert second.snapshot.best.cost.flops <= 60e9
    assert second.snapshot.history[0].iteration >= 1500
    # and goes on itself
    assert (
        RunReader(second.run_dir).checkpoint().evolution.best
        == RunReader(second.run_dir).checkpoint().bests[-1]
    )


def test_nothing_to_go_on_with_is_said(quick, tmp_path):
    first = searched(quick, tmp_path, "one")
    with pytest.raises(StoreError, match=r"iteration 1,500 already; choose more .*--iterations"):
        branch_run(first.run_dir, {"search.iterations": (1500, "--iterations")}, tmp_path, "two")
    assert not (tmp_path / "two").exists()
    fresh = RunStore.create(_folder(tmp_path / "new"), quick, dump(quick))
    fresh.close()
    with pytest.raises(StoreError, match="has not begun"):
        branch_run(tmp_path / "new", {}, tmp_path, "two")


def _folder(path):
    path.mkdir()
    return path


def test_refusals_and_parentage_can_be_queried(quick, tmp_path):
    folder = searched(quick, tmp_path, "one").run_dir
    counts = dict(rows(folder, "SELECT * FROM counts"))
    assert sum(counts.values()) == 1500 and counts["duplicate"] > 0
    z = [r[0] for r in rows(folder, "SELECT z FROM bests ORDER BY iteration")]
    assert len(z) > 5 and z == sorted(z)
    parents = rows(folder, "SELECT iteration, parent, origin FROM bests ORDER BY iteration")
    assert parents[0] == (0, None, "initial structure")
    assert all(parent < iteration for iteration, parent, _ in parents[1:])
    (layers,) = rows(folder, "SELECT SUM(layers) FROM stages WHERE iteration = 0")
    assert layers[0] > 0
    (environment,) = rows(folder, "SELECT environment FROM sessions")[0]
    values = json.loads(environment)
    assert values["seed"] == 3 and {"python", "numpy"} <= values["versions"].keys()
    (text,) = rows(folder, "SELECT preset FROM run")[0]
    assert parse(text, name="quick").schedule == quick.schedule


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_files_are_for_their_owner_alone(quick, tmp_path):
    run = LocalRun(quick, tmp_path / "runs", "one")
    run.start()
    assert run.wait(PATIENCE)
    names = {path.name for path in run.run_dir.iterdir()}
    assert {"run.db", "run.db-wal", "run.lock", "preset.yaml", "best.yaml", "best.txt"} <= names
    for path in run.run_dir.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    run.close()
    assert stat.S_IMODE(run.run_dir.stat().st_mode) == 0o700


def test_two_processes_cannot_write_one_run(quick, tmp_path):
    run = LocalRun(quick, tmp_path, "one")
    run.start()
    with pytest.raises(StoreError, match=rf"is being searched by process {os.getpid()} on"):
        RunStore.reopen(run.run_dir)
    run.wait(PATIENCE)
    run.close()
    RunStore.reopen(run.run_dir).close()


def test_an_older_schema_is_migrated_step_by_step(quick, tmp_path, monkeypatch):
    folder = searched(quick, tmp_path, "one").run_dir
    monkeypatch.setattr(
        schema, "STEPS", (*schema.STEPS, "ALTER TABLE run ADD COLUMN note TEXT DEFAULT 'new'")
    )
    connection = database.open_to_read(folder / "run.db")
    assert database.value(connection, "SELECT note FROM run") == "new"
    assert database.version(connection) == len(schema.STEPS)
    connection.close()


def test_a_run_of_version_1_opens_and_goes_on(tmp_path):
    run = stopped(LocalRun(lasting(4000), tmp_path, "one"))
    path, old = run.run_dir / "run.db", tmp_path / "old.db"
    connection = sqlite3.connect(old)
    connection.executescript(schema._TABLES)
    connection.execute("ATTACH ? AS new", (str(path),))
    for (table,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type='table'"):
        columns = ",".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
        connection.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table}")
    connection.execute(f"PRAGMA main.application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA main.user_version = 1")
    connection.commit()
    connection.close()
    for file in run.run_dir.glob("run.db*"):
        file.unlink()
    old.rename(path)

    before = RunReader(run.run_dir).snapshot()
    assert before.best == run.snapshot.best
    assert [(p.iteration, p.stage_costs) for p in before.history] == [
        (p.iteration, p.stage_costs) for p in run.snapshot.history
    ]
    assert all(p.accepted is None and p.parts == () for p in before.history)
    assert all(p.spread is None for p in before.history)
    # nobody counted mutations then, and lineages are known as far as their steps were bests
    assert before.tally == () and before.lineage[-1].born == before.best_iteration
    after = resumed(run.run_dir).snapshot
    assert after.state == "finished"
    assert after.history[: len(before.history)] == before.history
    last = RunReader(run.run_dir).snapshot().history[-1]
    assert last == after.history[-1]
    assert 0 < last.accepted <= after.counts["accepted"]
    counted = sum(one.children for one in after.tally if one.fate == "accepted")
    assert counted == after.counts["accepted"] - run.snapshot.counts["accepted"]
    assert list(last.spread) == sorted(last.spread) and last.spread.upper <= last.z
    assert sum(last.parts) == pytest.approx(last.z)


def test_a_step_that_fails_leaves_the_database_as_it_was(quick, tmp_path, monkeypatch):
    folder = searched(quick, tmp_path, "one").run_dir
    steps = schema.STEPS
    monkeypatch.setattr(schema, "STEPS", (*steps, "CREATE TABLE a (b); SELECT nonsense FROM a"))
    with pytest.raises(StoreError):
        database.open_to_write(folder / "run.db")
    monkeypatch.setattr(schema, "STEPS", steps)
    assert RunReader(folder).snapshot().state == "finished"
    assert rows(folder, "SELECT name FROM sqlite_master WHERE name = 'a'") == []


def test_a_database_of_a_newer_version_is_refused(quick, tmp_path):
    folder = searched(quick, tmp_path, "one").run_dir
    rows(folder, "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer version of maedet-tui; update"):
        RunReader(folder)


def test_a_measuring_of_latencies_reads_back_and_an_unknown_phase_is_damage(quick, tmp_path):
    run = searched(quick, tmp_path, "one")
    timing = replace(run.snapshot, state="running", phase="timing", progress=Portion(3, 35))
    store = RunStore.reopen(run.run_dir)
    store.write(None, timing)
    store.close()
    found = RunReader(run.run_dir).snapshot()
    assert (found.phase, found.progress) == ("timing", (3, 35))
    # the column holds what it always did, so that older and newer runs read alike
    with contextlib.closing(sqlite3.connect(run.run_dir / "run.db")) as file:
        assert file.execute("SELECT phase FROM status").fetchone() == ("timing 3/35",)
        for phase in ("resting", "timing 3", "timing a/b", ""):
            file.execute("UPDATE status SET phase = ?", (phase,))
            file.commit()
            with pytest.raises(StoreError, match="is damaged"):
                RunReader(run.run_dir).status()
