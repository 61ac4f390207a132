"""Databases with random damage, and every command on each: a sentence that says which run, what
is wrong and what to do, and never a traceback, a hang, or a list without the other runs."""

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys

import pytest

from maedet_tui.runs.local import LocalRun
from tests.hostile.commands import findings
from tests.hostile.damage import copied, damage
from tests.store.conftest import lasting, searched, stopped
from tests.waiting import PATIENCE

#: databases at night, and of them in one test
MANY, AT_ONCE = 1000, 50


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Folders of two runs: one that has finished, and one that can be gone on with."""
    runs = tmp_path_factory.mktemp("sound")
    finished = searched(lasting(1000), runs, "finished").run_dir
    return finished, stopped(LocalRun(lasting(1500), runs, "unfinished")).run_dir


def all_findings(seeds, sound, folder):
    found = []
    for seed in seeds:
        rng = random.Random(seed)
        runs = folder / f"runs{seed}"
        shutil.copytree(sound[0], runs / "good")
        path = copied(rng.choice(sound), runs / "bad")
        kinds = [damage(path, rng) for _ in range(rng.choice([1, 1, 1, 2]))]
        found += [(seed, kinds, *one) for one in findings(runs, "bad", "good")]
        shutil.rmtree(runs)
    return found


def test_some_damaged_databases(sound, tmp_path):
    assert all_findings(range(2), sound, tmp_path) == []


def test_the_program_itself_on_a_damaged_database(sound, tmp_path):
    copied(sound[0], tmp_path / "good")
    path = copied(sound[0], tmp_path / "bad")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE status SET seconds = 9e999")
    for words in (["runs"], ["resume", "bad", "--headless"]):
        ended = subprocess.run(
            [sys.executable, "-m", "maedet_tui", *words, "--runs-dir", str(tmp_path)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        listed = words == ["runs"]
        assert ended.returncode == (0 if listed else 1), ended
        assert "is damaged (its seconds is inf); put a copy" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr and ("good" in ended.stdout) == listed


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(1000, 1000 + MANY, AT_ONCE))
def test_a_thousand_damaged_databases(sound, tmp_path, first):
    assert all_findings(range(first, first + AT_ONCE), sound, tmp_path) == []
