"""What a run's database keeps of the bound, and runs that prove their optimum."""

import contextlib
from dataclasses import replace

import pytest
import yaml

from engine.settings import Budget
from engine.snapshot import Bound, Worth
from maedet_tui.presets import parse
from maedet_tui.presets.write import dump
from maedet_tui.runs.described import described
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import codec
from maedet_tui.store.begin import reopen_run
from maedet_tui.store.database import StoreError
from maedet_tui.store.listing import line
from maedet_tui.store.reader import RunReader
from tests.engine.run.test_exact import EXACT as SMALL_EXACT
from tests.store.conftest import QUICK, resumed, searched
from tests.ui import factory
from tests.waiting import PATIENCE, until

#: the initial structure keeps to its budgets, as that of a preset in a file has to
EXACT = replace(SMALL_EXACT, budget=Budget(flops=50_000_000_000, layers=40))
KNOWN = Bound(2316.63, 2260.5, True, True, (Worth("flops", 91 * 10**9, 9.1e8, 2.5),))


def test_a_bound_is_read_as_it_was_written():
    text = codec.dumps(codec.findings(factory.snapshot(bound=KNOWN)))
    assert codec.read_bound(text) == KNOWN
    assert codec.read_bound(codec.dumps(codec.findings(factory.snapshot(bound=None)))) is None
    assert codec.read_bound("{}") is None  # runs of before had none


@pytest.mark.parametrize(
    "damage",
    [{"value": "high"}, {"worth": 3}, {"worth": [["flops", 1]]}, {"working": 1}, {"odd": 2}],
)
def test_a_damaged_bound_is_refused(damage):
    values = codec.findings(factory.snapshot(bound=KNOWN))
    values["bound"] |= damage
    with pytest.raises(codec.DAMAGE):
        codec.read_bound(codec.dumps(values))


def test_a_bound_is_listed_resumed_and_saved(tmp_path):
    run = LocalRun(QUICK, tmp_path, "one")
    run._store.write(None, factory.finished(bound=KNOWN))
    run._store.close()
    found = line(tmp_path / "one")
    assert found.bound == 2316.63 and found.gap == pytest.approx(100 * KNOWN.gap)
    with contextlib.closing(RunReader(tmp_path / "one")) as reader:
        assert reader.snapshot().bound == KNOWN
    saved = described(QUICK, factory.finished(bound=KNOWN), factory.candidate()).search["bound"]
    assert saved["value"] == 2316.63 and saved["gap"] == pytest.approx(100 * KNOWN.gap)
    assert saved["without_latency"] and not saved["proven"]


def test_the_keys_of_the_bound_read_back():
    schedule = replace(EXACT.schedule, stop_gap=0.0005, time_limit=90.0)
    preset = replace(EXACT, bound=False, schedule=schedule)
    text = dump(preset)
    assert yaml.safe_load(text)["search"]["stop_gap"] == "0.05%"
    again = parse(text, source="")
    assert (again.schedule, again.bound) == (schedule, False)


def test_an_exact_run_is_recorded_and_has_nothing_left_to_do(tmp_path):
    run = searched(EXACT, tmp_path, "exact")
    assert run.snapshot.state == "finished" and run.snapshot.bound.proven
    with contextlib.closing(RunReader(tmp_path / "exact")) as reader:
        assert reader.snapshot().bound == run.snapshot.bound
        assert reader.checkpoint().bound.value == run.snapshot.bound.value
    assert line(tmp_path / "exact").gap == 0
    with pytest.raises(StoreError, match="has found what it was to find"):
        reopen_run(tmp_path / "exact")


def test_an_exact_run_goes_on_where_it_was_stopped(tmp_path):
    run = LocalRun(EXACT, tmp_path, "part")
    run.start()
    until(lambda: run.snapshot.best)
    run.stop()
    assert run.wait(PATIENCE)
    run.close()
    again = resumed(tmp_path / "part")
    assert again.snapshot.state == "finished" and again.snapshot.bound.proven
    assert again.snapshot.best.score.z >= run.snapshot.best.score.z
