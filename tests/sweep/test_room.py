"""Searches with workers of their own: never more processes than there are processors."""

import pytest

from maedet_tui.sweep import room
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.room import at_once, most_workers
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import SweepError, parse_varied
from tests.sweep.test_processes import run


@pytest.fixture(autouse=True)
def eight(monkeypatch):
    """A machine of eight processors without a GPU."""
    monkeypatch.setattr(room, "processors", lambda: 8)
    monkeypatch.setattr(room, "cuda_available", lambda: False)


@pytest.mark.parametrize(
    ("jobs", "searches", "workers", "found"),
    [
        (None, 20, 1, 8), (None, 3, 1, 3), (None, 20, 3, 2), (None, 20, 20, 1), (None, 0, 1, 1),
        (12, 20, 1, 12), (4, 20, 2, 4), (1, 20, 20, 1),
    ],
)  # fmt: skip
def test_searches_at_a_time(jobs, searches, workers, found):
    assert at_once(jobs, searches, workers) == found


def test_more_workers_than_processors_are_refused_with_what_fits():
    with pytest.raises(SweepError) as error:
        at_once(4, 20, 3)
    assert str(error.value) == (
        "--jobs 4 with 3 workers of each search are 12 processes, but this machine has 8 "
        "processors; write --jobs 2, or fewer workers"
    )


@pytest.mark.parametrize(
    ("vary", "found"),
    [
        (("scorer=forward", "workers=2,3"), 3),
        (("scorer=zen-score", "workers=2,4"), 4),
        (("scorer=auto", "workers=2,4"), 1),  # which is the closed form on a CPU
        (("scorer=forward,closed-form",), 1),
        (("scorer=forward", "device=cuda", "workers=2,4"), 1),  # they share GPUs
    ],
)
def test_workers_of_a_plan_are_those_of_the_search_with_most(folder, vary, found):
    planned = plan(Wanted(("quick.yaml",), tuple(map(parse_varied, vary))))
    assert not planned.bad
    assert most_workers(one.text for one in planned.searches) == found


def test_it_is_said_before_anything_starts_and_where_a_sweep_goes_on(folder, made):
    vary = ("--vary", "scorer=forward", "--vary", "workers=2,4")
    refused = run("sweep", "quick.yaml", *vary, "--jobs", "4", "--headless", "--name", "new")
    assert refused.exit_code == 2 and "16 processes" in refused.stderr
    assert "--jobs 2" in refused.stderr and not (folder / "runs").exists()
    assert "2 searches, 2 at a time" in run("sweep", "quick.yaml", *vary, "--plan").stdout
    sweep = made("scorer=forward", "workers=2,4")
    with SweepStore(sweep) as store:
        assert len(store.texts_with("workers")) == 2 and not store.texts_with("nothing")
    again = run("sweep", "resume", "family", "--headless", "--jobs", "8")
    assert again.exit_code == 2 and "32 processes" in again.stderr
