"""Passes shared out to workers: what they come to, who gets what, and what happens to the lost."""

import logging
import multiprocessing
import threading
from dataclasses import replace
from itertools import count

import pytest

from engine.run.runner import Runner
from engine.scorers.base import Cancelled, ScoringError
from engine.scorers.room import Room
from engine.scorers.workers.crew import MOST_LOST, Crew
from engine.scorers.workers.homes import Homes
from engine.scorers.workers.places import Here
from engine.scorers.workers.worker import Answer, Known, Order
from engine.settings import Budget, Forward, Objective, Schedule
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.run.quick import QUICK
from tests.engine.scorers.inside import Inside
from tests.waiting import PATIENCE, until

TINY = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        *(Block("ResBlock", 3, w, w + 8, 2, bottleneck=8, depth=1) for w in (8, 16, 24, 32)),
    )
)
SMALL = replace(
    QUICK,
    initial=TINY,
    scorer="forward",
    device="cpu",
    budget=Budget(flops=2_000_000_000, layers=40),
    schedule=Schedule(population=12, iterations=60, keep=3),
    workers=2,
)
ORDER = Order("forward", "cpu", Objective(resolution=64), Forward(), 0)
NAMES = ("initial", "maedet-s", "maedet-m", "maedet-l")
STRUCTURES = [ZOO[name].structure for name in NAMES]


def found(**wishes):
    """What a search comes to, that began with `wishes` of the runner."""
    runner = Runner(replace(SMALL, workers=wishes.pop("workers", 2)), **wishes)
    runner.start()
    assert runner.join(PATIENCE)
    snapshot = runner.snapshot
    assert snapshot.error is None and snapshot.state == "finished"
    ranked = [(one.candidate.structure, one.candidate.score.z) for one in snapshot.recheck]
    return [(one.structure, one.score.z) for one in snapshot.members], ranked, snapshot


def test_a_search_finds_the_same_with_one_worker_or_four_and_whoever_is_lost(monkeypatch):
    # workers of one process would take its memory from each other, as those of several do not
    monkeypatch.setattr(Room, "bytes", lambda self, least: 10**9)
    members, ranked, snapshot = found(workers=1, places=Inside())
    assert len(ranked) == 3 and snapshot.scorer.endswith("on cpu, 1 worker")
    assert not any("was lost" in one for one in snapshot.notices)
    pieces = count()
    lost = Inside(dies=lambda number, at, items: next(pieces) == 4)  # whoever has the fifth
    again = found(workers=4, places=lost)
    assert again[:2] == (members, ranked)
    assert lost.closed == 1 and len(lost.places) > 4
    assert any("was lost" in n for n in again[2].notices)


@pytest.mark.nightly
def test_the_same_with_processes_one_of_which_is_killed():
    results = []
    for workers, kill in ((1, False), (2, False), (4, False), (2, True)):
        crew = Crew(ORDER, workers, Here, dtype="float32")
        preset = replace(SMALL, schedule=replace(SMALL.schedule, iterations=1500))
        runner = Runner(preset, scorer=crew)
        runner.start()
        before = set()
        while kill and not runner.join(0.05):
            if runner.snapshot.iteration > 200 and not before:
                before = set(multiprocessing.active_children())
                next(iter(before)).kill()
        assert runner.join(PATIENCE)
        snapshot = runner.snapshot
        assert (snapshot.state, snapshot.error) == ("finished", None)
        assert bool(before) == kill == any("was lost" in one for one in snapshot.notices)
        results.append([(one.structure, one.score.z) for one in snapshot.members])
        assert not multiprocessing.active_children()
    assert all(one == results[0] for one in results)


# --- with workers that only pretend ----------------------------------------------------------


class Pretender:
    """Scores by the number of blocks; waits for `go`, unless its call is called off."""

    go = threading.Event()
    fails = None

    def __init__(self, off):
        self.off = off

    def prepare(self):
        pass

    def begin(self, order, dtype):
        return Known(f"forward in {dtype or 'float32'}", "float32", 2)

    def work(self, call, task, items, arguments):
        if self.fails is not None:
            raise self.fails
        while not self.go.wait(0.01):
            if self.off() >= call:
                raise Cancelled
        said = ((logging.WARNING, "hot"),)
        return Answer([len(one.blocks) for one in items], ("a smaller batch",), said)


@pytest.fixture
def going(monkeypatch):
    """Pretenders that do not wait."""
    monkeypatch.setattr(Pretender, "go", threading.Event())
    Pretender.go.set()


def crew_of(inside, count=2):
    inside.make = Pretender
    return Crew(ORDER, count, inside)


def test_all_are_scored_in_their_order_and_who_has_the_maps_goes_on_with_them(going, caplog):
    inside = Inside()
    crew = crew_of(inside)
    wanted = [len(one.blocks) for one in STRUCTURES]
    assert crew.detail == "forward, 0 of 2 workers"
    until(lambda: crew.score(STRUCTURES) == wanted and crew.detail.endswith(", 2 workers"))
    assert crew.detail.startswith("forward in float32")
    assert crew.notices == ["a smaller batch"] and "hot" in caplog.text
    homes = {one: crew._homes.of(one) for one in STRUCTURES}
    # each of the two has its own, as far as these come to an equal share
    for place in inside.places:
        place.pieces.clear()
    mine = [one for one in STRUCTURES if homes[one] == homes[STRUCTURES[0]]]
    others = [one for one in STRUCTURES if one not in mine]
    if len(mine) == len(others):
        assert crew.score(STRUCTURES) == wanted
        given = {one: p.number for p in inside.places for piece in p.pieces for one in piece}
        assert given == homes
    crew.close()
    assert crew.score(STRUCTURES[:1]) == wanted[:1]  # they are begun again
    crew.close()
    assert inside.closed == 2


def test_who_gives_up_is_heard_by_all_workers(monkeypatch):
    monkeypatch.setattr(Pretender, "go", threading.Event())
    crew = crew_of(Inside())
    with pytest.raises(Cancelled):
        crew.score(STRUCTURES, lambda: any(post.job for post in crew._posts))
    Pretender.go.set()
    assert crew.score(STRUCTURES[:1]) == [len(STRUCTURES[0].blocks)]
    crew.close()


def test_a_structure_that_kills_whoever_scores_it_is_given_up(going):
    bad = STRUCTURES[2]
    crew = crew_of(Inside(dies=lambda number, at, items: bad in items), 4)
    with pytest.raises(ScoringError, match="enough memory"):
        crew.score(STRUCTURES)
    assert crew.score(STRUCTURES[:1]) == [len(STRUCTURES[0].blocks)]
    crew.close()


def test_workers_that_never_come_up_are_given_up_and_without_any_the_search_is(going):
    ill = []
    inside = Inside(dies=lambda number, at, items: number == 0 and ill)
    crew = crew_of(inside)
    # a lone worker would get what it has lost before
    until(lambda: crew.score(STRUCTURES[:1]) and crew.detail.endswith(", 2 workers"))
    ill.append(True)
    structures = STRUCTURES * 4
    wanted = [len(one.blocks) for one in structures]
    until(lambda: crew.score(structures) == wanted and any("not begun" in n for n in crew.notices))
    assert sum(place.number == 0 for place in inside.places) == MOST_LOST
    crew.close()
    alone = crew_of(Inside(dies=lambda number, at, items: True), 1)
    with pytest.raises(ScoringError):
        alone.score(STRUCTURES[:1])
    with pytest.raises(ScoringError, match="no worker is left"):
        alone.score(STRUCTURES[:1])
    alone.close()


def test_a_mistake_in_a_worker_reaches_the_log(going, monkeypatch, caplog):
    monkeypatch.setattr(Pretender, "fails", ValueError("of ours"))
    inside = Inside()
    inside.make = Pretender
    runner = Runner(SMALL, places=inside)
    runner.start()
    assert runner.join(PATIENCE)
    assert runner.snapshot.error == "the search broke off: ValueError: of ours"
    assert "in work" in caplog.text


def test_the_closed_form_needs_no_workers():
    preset = replace(QUICK, workers=3, schedule=replace(QUICK.schedule, iterations=40))
    runner = Runner(preset)
    runner.start()
    assert runner.join(PATIENCE)
    (notice,) = runner.snapshot.notices
    assert "no workers are begun" in notice and runner.snapshot.scorer.startswith("closed form")


def test_a_home_is_where_the_longest_beginning_was_run():
    blocks = STRUCTURES[1].blocks
    longer = Structure(blocks[:-1] + STRUCTURES[2].blocks[-1:])
    homes = Homes()
    assert homes.of(longer) is None
    homes.remember(STRUCTURES[1], 0)
    homes.remember(Structure(blocks[:2]), 1)
    assert homes.of(longer) == 0 and homes.of(Structure(blocks[:2])) == 1
    homes.forget(0)
    assert homes.of(longer) == 1


@pytest.mark.nightly
def test_a_failure_in_a_process_brings_its_traceback_along(caplog):
    order = ORDER._replace(objective=Objective(resolution=64, alphas=None))
    runner = Runner(SMALL, scorer=Crew(order, 1, Here))
    runner.start()
    assert runner.join(PATIENCE)
    assert runner.snapshot.state == "failed"
    text = "".join(record.exc_text or "" for record in caplog.records)
    assert "engine/scorers/objective.py" in text and "worker.py" in text
