"""A disk of two megabytes: the log beside the database does not fill it, nor does a full one
lose a run."""

import contextlib
import os
import subprocess
import sys

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import database
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import QUICK, lasting
from tests.waiting import PATIENCE, until

#: what may lie beside a database: the log's own limit, and one transaction above it
LIMIT = 2 * database._LOG_BYTES


def mounted(place):
    """Whether a small disk of its own could be put there."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    if sys.platform != "linux" or not mounted(place):
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place):
    """Take every block that is left."""
    with open(place / "filler", "ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def recorded(folder):
    with contextlib.closing(RunReader(folder)) as reader:
        checkpoint = reader.checkpoint()
        return -1 if checkpoint is None else checkpoint.iteration


def test_a_run_on_a_full_disk_is_gone_on_with_once_something_is_freed(disk):
    run = LocalRun(lasting(100_000_000), disk, "one")
    run.start()
    until(lambda: recorded(run.run_dir) > 0)
    fill(disk)
    at = run.snapshot.iteration
    until(lambda: run.snapshot.iteration > at + 500)
    fill(disk)
    run.stop()
    assert run.wait(PATIENCE)
    left = {path.name: path.stat().st_size for path in run.run_dir.iterdir()}
    assert left["run.db-wal"] <= LIMIT
    run.close()
    before = recorded(run.run_dir)
    fill(disk)
    with contextlib.suppress(StoreError):  # a sentence, where not even this fits
        RunStore.reopen(run.run_dir).close()
    assert recorded(run.run_dir) == before
    os.truncate(disk / "filler", (disk / "filler").stat().st_size - (1 << 17))
    again = LocalRun.of(RunStore.reopen(run.run_dir))
    again.start()
    until(lambda: recorded(run.run_dir) > before)
    again.stop()
    assert again.wait(PATIENCE) and again.trouble is None
    again.close()


def test_a_disk_that_is_full_from_the_beginning_is_told_in_a_sentence(disk):
    fill(disk)
    with pytest.raises(SaveError, match="no space left"):
        LocalRun(QUICK, disk, "one")
    assert [path.name for path in disk.iterdir()] == ["filler"]


def test_the_log_beside_a_database_stays_short(tmp_path):
    store = LocalRun(QUICK, tmp_path, "one")._store
    for number in range(400):
        with database.transaction(store._connection):
            row = (number, "x" * 20_000)
            store._connection.execute("INSERT INTO wishes VALUES (?, 0, ?, 0)", row)
    assert (tmp_path / "one/run.db-wal").stat().st_size <= LIMIT
    store.close()
