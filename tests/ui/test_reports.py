"""A report from the screen."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.conftest import QUICK, lasting, searched


@pytest.fixture
def reported(home, tmp_path):
    """The home screen above one finished run."""
    searched(lasting(60, replace(QUICK, reference="maedet-m")), tmp_path / "runs", "mine")
    return home


async def test_of_the_marked_run_and_of_the_one_on_show(reported, tmp_path):
    path = tmp_path / "runs" / "mine" / "report.html"
    async with reported((140, 44)) as w:
        await w.sees("mine")
        await w.press("tab", "R")
        await w.sees("Wrote a report", "report.html")
        assert "<h1>mine</h1>" in path.read_text()
        path.unlink()
        await w.press("enter")
        await w.sees("R writes a report")
        await w.press("R")
        await w.until(path.exists)


async def test_why_there_is_none_is_said(reported, tmp_path, monkeypatch):
    async with reported((140, 44)) as w:
        await w.sees("mine")
        (tmp_path / "runs" / "mine" / "run.db").write_text("foreign")
        await w.press("tab", "R")
        await w.sees("No report")
    assert not Path(tmp_path / "runs" / "mine" / "report.html").exists()
