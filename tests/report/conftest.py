"""Two short searches that every test of reports looks at, and nobody writes into."""

import shutil

import pytest

from tests.store.conftest import QUICK, lasting, searched


@pytest.fixture(scope="session")
def _searched(tmp_path_factory):
    runs = tmp_path_factory.mktemp("reported") / "runs"
    for seed in (3, 4):
        searched(lasting(400, QUICK, seed=seed), runs, f"seed-{seed}")
    return runs


@pytest.fixture
def runs(_searched, tmp_path, monkeypatch):
    """A folder of two finished runs of one's own, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(_searched, tmp_path / "runs")
