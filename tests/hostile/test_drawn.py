"""What a damaged database still tells is drawn, however odd its numbers are."""

import contextlib
import random
import sqlite3

import pytest

from maedet_tui.runs.local import LocalRun
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from tests.hostile.damage import copied
from tests.hostile.test_fuzz import COLUMNS
from tests.store.conftest import lasting, searched, stopped
from tests.ui.conftest import _patient, watch  # noqa: F401 # fixtures

#: numbers that a column may hold, though none of ours does
ODD = [0, 1, 2, 7, 10**6, 10**12, 2**53, 0.5, 1e-300, 1e99, -1e99, 253402300799.0, None, "", "x"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Folders of two runs."""
    runs = tmp_path_factory.mktemp("sound")
    finished = searched(lasting(1000), runs, "finished").run_dir
    return finished, stopped(LocalRun(lasting(1500), runs, "unfinished")).run_dir


def odd_snapshots(count, sound, folder):
    """What is read of so many databases with a few odd values each."""
    rng, number = random.Random(5), 0
    while count:
        number += 1
        path = copied(rng.choice(sound), folder / str(number))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            for _ in range(rng.choice([1, 2, 4])):
                table, column = rng.choice(COLUMNS)
                with contextlib.suppress(sqlite3.Error):
                    statement = f"UPDATE OR IGNORE {table} SET {column} = ?"
                    database.execute(statement, (rng.choice(ODD),))
                for key in ("population", "audit"):
                    where = f"$.{key}.{rng.choice(['size', 'best', 'worst', 'mean', 'measured'])}"
                    with contextlib.suppress(sqlite3.Error):
                        database.execute(
                            "UPDATE status SET findings = json_replace(findings, ?, ?)",
                            (where, rng.choice(ODD)),
                        )
        with contextlib.suppress(StoreError), contextlib.closing(RunReader(path.parent)) as reader:
            yield reader.record.preset, reader.snapshot()
            count -= 1


@pytest.mark.parametrize("count", [3, pytest.param(150, marks=pytest.mark.nightly)])
async def test_odd_numbers_are_drawn(count, sound, tmp_path, watch):  # noqa: F811
    found = list(odd_snapshots(count, sound, tmp_path))
    async with watch(found[0][1], preset=found[0][0]) as w:
        for number, (_, snapshot) in enumerate(found):
            w.run.snapshot = snapshot
            w.app.screen.poll()
            await w.settle()
            if number % 20 == 0:
                await w.press("z", "z")
        assert w.text
