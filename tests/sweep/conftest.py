"""Presets that search in a moment, and sweeps of them."""

import pytest

from maedet_tui.sweep.begin import new_sweep
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.varied import parse_varied

QUICK = """\
reference: maedet-m
budget: {flops: 91G, layers: 91}
search: {population: 16, iterations: 300, keep: 4}
scorer: closed-form
audit: true
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder with quick.yaml in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.yaml").write_text(QUICK)
    return tmp_path


@pytest.fixture
def made(folder):
    """Makes a sweep of quick.yaml, of which nothing is searched; returns its folder."""

    def make(*vary, seeds=None, name="family"):
        wanted = Wanted(("quick.yaml",), tuple(map(parse_varied, vary)), seeds)
        return new_sweep(wanted, plan(wanted), folder / "runs", name)

    return make
