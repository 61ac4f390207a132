"""Two who want one name: one of them gets it whole, and nothing of it is lost to the other."""

import contextlib
import json
import os
import subprocess
import sys
import threading

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.presets import dump
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import lock
from maedet_tui.store.begin import new_run
from maedet_tui.store.claim import claim_folder
from maedet_tui.store.folders import remove_run
from maedet_tui.store.lock import Gone, Held, RunLock, crashed
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import QUICK, searched
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX locks")

#: searches each name that it is told, and says whether it got it
RACER = """
import sys
from pathlib import Path
from maedet_tui.errors import SaveError
from maedet_tui.runs.local import LocalRun
from tests.store.conftest import lasting
print("ready", flush=True)
for name in map(str.strip, sys.stdin):
    try:
        run = LocalRun(lasting(60), Path(sys.argv[1]), name)
    except SaveError as error:
        print("lost", error, flush=True)
    else:
        run.start()
        run.wait()
        run.close()
        print("won", flush=True)
"""


@pytest.mark.parametrize("pairs", [8, pytest.param(100, marks=pytest.mark.nightly)])
def test_of_two_searches_with_one_name_one_is_whole_and_one_is_refused(tmp_path, pairs):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 2
        for number in range(pairs):
            for racer in racers:
                racer.stdin.write(f"run{number}\n")
            said = sorted(racer.stdout.readline() for racer in racers)
            assert said[1] == "won\n", said
            assert said[0].startswith("lost ") and "choose another --name" in said[0], said
            folder = tmp_path / f"run{number}"
            with contextlib.closing(RunReader(folder)) as reader:
                assert reader.snapshot().state == "finished"
            assert {"run.db", "run.lock", "preset.yaml", "best.yaml", "best.txt"} <= {
                path.name for path in folder.iterdir()
            }
    finally:
        for racer in racers:
            racer.communicate()


def test_who_finds_nothing_takes_away_nothing_of_the_next(tmp_path):
    """Claimed, used and given up by several at once, as often as they can."""
    failures, rounds = [], iter(range(300))

    def claim_again_and_again():
        for number in rounds:
            with contextlib.suppress(SaveError):
                claim = claim_folder(tmp_path, "quick", "one")
                mine = claim.folder / "run.db"
                if mine.exists():
                    failures.append("a folder with a run in it was given away")
                mine.write_text(str(number))
                if mine.read_text() != str(number) or not claim.lock.kept:
                    failures.append("two have one folder")
                claim.give_up()

    threads = [threading.Thread(target=claim_again_and_again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    # who has claimed a folder that another made leaves it, as it leaves one of the user's
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "one"])


def half_a_run(folder):
    """What a process leaves that is killed while it begins."""
    folder.mkdir(parents=True)
    (folder / "run.lock").write_text('{"pid": 12345, "host": "far", "since": 1.0}')
    (folder / "preset.yaml").write_text("description: half")
    (folder / ".preset.yaml.x7").write_text("des")
    (folder / ".run.db.new").write_bytes(b"SQLite")
    (folder / ".run.db.new-journal").write_bytes(b"")
    return folder


def test_half_a_run_does_not_keep_its_name(tmp_path):
    folder = half_a_run(tmp_path / "one")
    run = searched(QUICK, tmp_path, "one")
    assert run.snapshot.state == "finished"
    assert {path.name for path in folder.iterdir()} <= {
        "run.db", "run.db-wal", "run.db-shm", "run.lock", "preset.yaml", "best.yaml", "best.txt",
    }  # fmt: skip
    assert (folder / "preset.yaml").read_text() == dump(QUICK)


def test_half_a_run_with_something_else_in_it_stays(tmp_path):
    folder = half_a_run(tmp_path / "one")
    (folder / "best.yaml").write_text("somebody's best")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SaveError, match="holds a run already"):
        claim_folder(tmp_path, "quick", "one")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert crashed(folder).pid == 12345


def test_a_preset_of_the_user_s_is_no_beginning(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/preset.yaml").write_text("mine")
    with pytest.raises(SaveError, match="holds a run already"):
        claim_folder(tmp_path, "quick", "one")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["preset.yaml"]
    assert (tmp_path / "one/preset.yaml").read_text() == "mine"


def test_a_log_of_a_search_that_found_nothing_does_not_keep_its_name(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/run.log").write_text("why")
    claim_folder(tmp_path, "quick", "one").give_up()
    assert (tmp_path / "one/run.log").read_text() == "why"


def test_a_beginning_that_is_interrupted_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new_run(QUICK, tmp_path, "one")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_closed_twice_leaves_alone_what_came_after_it(tmp_path):
    first = LocalRun(QUICK, tmp_path, "one")
    first.close()
    assert list(tmp_path.iterdir()) == []
    second = LocalRun(QUICK, tmp_path, "one")
    first.close()
    assert (tmp_path / "one/run.db").exists() and (tmp_path / "one/preset.yaml").exists()
    second.close()


def test_a_lock_that_was_removed_while_it_was_waited_for_is_made_anew(tmp_path, monkeypatch):
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    first.take()
    monkeypatch.setattr(lock, "PATIENCE", 60.0)
    waits = threading.Thread(target=second.take)
    opened, handles = lock._opened, []

    def noted(path, flags):
        handles.append(path)
        return opened(path, flags)

    monkeypatch.setattr(lock, "_opened", noted)
    waits.start()
    until(lambda: handles)
    first.remove()
    waits.join()
    assert second.kept
    assert json.loads((tmp_path / "run.lock").read_text())["pid"] == os.getpid()
    third = RunLock(tmp_path)
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with pytest.raises(Held):
        third.take()
    second.release()


def test_a_folder_that_is_gone_is_told_from_a_lock_that_is_held(tmp_path):
    with pytest.raises(Gone):
        RunLock(tmp_path / "nowhere").take()


def test_a_link_to_a_run_goes_alone(tmp_path):
    elsewhere = searched(QUICK, tmp_path / "elsewhere", "one").run_dir
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "two").symlink_to(elsewhere)
    said = remove_run(runs / "two")
    assert said == f"Removed the link {runs / 'two'}; the run that it led to stays, in {elsewhere}"
    assert list(runs.iterdir()) == []
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_what_a_link_in_a_run_leads_to_stays(tmp_path, name):
    folder = searched(QUICK, tmp_path, "one").run_dir
    mine = tmp_path / "mine"
    (mine / "offline-run-1").mkdir(parents=True)
    for path in ("events.out.tfevents.1", "debug.log", "offline-run-1/x"):
        (mine / path).write_text("mine")
    (folder / name).symlink_to(mine)
    (folder / "history.csv").symlink_to(mine / "debug.log")
    remove_run(folder)
    assert not folder.exists()
    assert sorted(path.name for path in mine.rglob("*") if path.is_file()) == [
        "debug.log", "events.out.tfevents.1", "x",
    ]  # fmt: skip


def test_a_finished_run_that_is_open_elsewhere_says_so(tmp_path):
    run = LocalRun(QUICK, tmp_path, "one")
    run.start()
    assert run.wait()
    with pytest.raises(SaveError, match=rf"has finished, but process {os.getpid()} .* on a screen"):
        remove_run(run.run_dir)
    run.close()
    remove_run(run.run_dir)
    assert list(tmp_path.iterdir()) == []
