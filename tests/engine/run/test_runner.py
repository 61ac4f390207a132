"""The runner: what it publishes, how fast it obeys, and what it does with failures."""

import threading
import time
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace
from weakref import ref

import pytest

from engine.costs import stage_costs, total_cost
from engine.run.history import POINTS
from engine.run.runner import Runner
from engine.run.views import Members
from engine.scorers.base import Cancelled, ScoringError
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import Forward, Schedule
from tests.engine.run.quick import ENDLESS, QUICK, finished, traceback_of
from tests.waiting import PATIENCE, until


def test_a_run_ends_with_everything_the_search_found():
    snapshot = finished(QUICK).snapshot
    assert (snapshot.state, snapshot.iteration, snapshot.phase) == ("finished", 3000, "fine")
    assert sum(snapshot.counts.values()) == 3000
    assert snapshot.switched_at == 1500
    best = snapshot.best
    assert best.score == ClosedForm(QUICK.objective).score([best.structure])[0]
    assert best.cost == total_cost(best.structure)
    assert best.stage_costs == stage_costs(best.structure)
    assert snapshot.population.best == best.score.z
    assert snapshot.population.worst <= snapshot.population.mean <= snapshot.population.best
    assert snapshot.bests[-1].z == best.score.z
    assert snapshot.bests[-1].iteration == snapshot.best_iteration
    assert snapshot.error is None and snapshot.ended


def test_the_population_is_in_every_snapshot_best_first():
    snapshot = finished(QUICK).snapshot
    members, population = snapshot.members, snapshot.population
    assert len(members) == population.size == len({m.structure for m in members})
    z = [member.score.z for member in members]
    assert z == sorted(z, reverse=True)
    assert (z[0], z[-1]) == (population.best, population.worst)
    best = members[0]
    assert (best.structure, best.born) == (snapshot.best.structure, snapshot.best_iteration)
    assert best.cost == snapshot.best.cost and str(best.origin) == snapshot.bests[-1].origin


def test_members_are_the_same_tuple_while_the_population_stays():
    evolution, members = Evolution(QUICK), Members()
    score = ClosedForm(QUICK.objective).score

    def step():
        proposals = evolution.ask()
        evolution.tell(list(zip(proposals, score([p.structure for p in proposals]))))

    while len(evolution.population) < 32:
        step()
    before = members.freeze(evolution.population)
    assert members.freeze(evolution.population) is before
    version = evolution.population.version
    while evolution.population.version == version:
        step()
    after = members.freeze(evolution.population)
    assert after == tuple(evolution.population.members[::-1])
    assert len({id(member) for member in after} - {id(member) for member in before}) == 1


def test_history_rises_is_bounded_and_ends_near_the_end():
    history = finished(QUICK).snapshot.history
    iterations = [point.iteration for point in history]
    assert iterations == sorted(set(iterations))
    assert iterations[0] == 0 and iterations[-1] > 2900
    assert 50 < len(history) <= POINTS + 30
    assert [point.z for point in history] == sorted(point.z for point in history)


def test_a_seed_fixes_the_result_whoever_watches():
    watched = Runner(QUICK)
    watched.start()
    while not watched.join(0.001):
        _ = watched.snapshot
    assert watched.snapshot.best == finished(QUICK).snapshot.best


def test_snapshots_cannot_be_changed():
    snapshot = finished(QUICK).snapshot
    with pytest.raises(FrozenInstanceError):
        snapshot.iteration = 0
    with pytest.raises(TypeError):
        snapshot.counts["accepted"] = 0


class Counting(ClosedForm):
    """Counts the structures it is given, and calls back before each."""

    def __init__(self, before=lambda call: None):
        super().__init__(QUICK.objective)
        self.before, self.calls = before, 0

    def score(self, structures, cancelled=lambda: False):
        self.calls += 1
        self.before(self.calls)
        return super().score(structures, cancelled)


def test_a_pause_holds_before_the_next_candidate_and_going_on_loses_nothing():
    scorer = Counting(lambda call: runner.pause() if call == 100 else None)
    runner = Runner(QUICK, scorer=scorer)
    runner.start()
    until(lambda: runner.snapshot.state == "paused")
    held = runner.snapshot
    assert not runner.join(0.1)
    assert scorer.calls == 100 and runner.snapshot is held
    runner.resume()
    assert runner.join(PATIENCE)
    assert runner.snapshot.best == finished(QUICK).snapshot.best


def test_time_on_hold_is_not_counted():
    runner = Runner(ENDLESS)
    began = time.perf_counter()
    runner.pause()
    runner.start()
    until(lambda: runner.snapshot.state == "paused")
    held = time.perf_counter()
    runner.join(0.5)
    held = time.perf_counter() - held
    runner.resume()
    until(lambda: runner.snapshot.state == "running")
    assert runner.snapshot.seconds <= time.perf_counter() - began - held
    runner.stop()
    assert runner.join(PATIENCE)


def test_a_stop_ends_before_the_next_candidate_and_keeps_the_best():
    scorer = Counting(lambda call: runner.stop() if call == 100 else None)
    runner = Runner(ENDLESS, scorer=scorer)
    runner.start()
    assert runner.join(PATIENCE)
    assert scorer.calls == 100
    assert runner.snapshot.state == "stopped" and runner.snapshot.best is not None


def test_a_paused_search_can_be_stopped():
    runner = Runner(ENDLESS)
    runner.start()
    runner.pause()
    until(lambda: runner.snapshot.state == "paused")
    runner.stop()
    assert runner.join(PATIENCE)
    assert runner.snapshot.state == "stopped"


class Slow(ClosedForm):
    """One pass that never ends by itself, as a forward pass between two convolutions."""

    def score(self, structures, cancelled=lambda: False):
        while not cancelled():
            time.sleep(0.001)
        raise Cancelled


def test_wishes_reach_into_a_pass():
    runner = Runner(ENDLESS, scorer=Slow(QUICK.objective))
    runner.start()
    until(lambda: runner.snapshot.state == "running")
    runner.pause()
    until(lambda: runner.snapshot.state == "paused")
    runner.resume()
    until(lambda: runner.snapshot.state == "running")
    runner.stop()
    assert runner.join(PATIENCE)
    assert runner.snapshot.state == "stopped"


def test_a_forward_search_ends_with_a_recheck_that_ranks_its_top():
    schedule = Schedule(population=8, iterations=30, keep=4)
    preset = replace(QUICK, scorer="forward", device="cpu", schedule=schedule)
    snapshot = finished(preset).snapshot
    assert snapshot.state == "finished", snapshot.error
    assert len(snapshot.recheck) == 4
    z = [ranked.candidate.score.z for ranked in snapshot.recheck]
    assert z == sorted(z, reverse=True)
    assert snapshot.best.structure == snapshot.recheck[0].candidate.structure
    assert all(ranked.candidate.score.passes >= 2 for ranked in snapshot.recheck)
    assert "forward" in snapshot.scorer


class Faulty(ClosedForm):
    """Fails on what a test says, as a scorer may on a structure it cannot handle."""

    def __init__(self, fails):
        super().__init__(QUICK.objective)
        self.fails, self.calls = fails, 0

    def score(self, structures, cancelled=lambda: False):
        self.calls += 1
        if self.fails(self.calls):
            raise ScoringError("this structure has no score")
        return super().score(structures, cancelled)


def test_structures_that_cannot_be_scored_are_left_out_and_told_of_once():
    snapshot = finished(QUICK, scorer=Faulty(lambda call: call % 7 == 3)).snapshot
    assert snapshot.state == "finished"
    assert snapshot.counts["unscored"] > 50
    assert snapshot.notices == ("this structure has no score",)


@pytest.mark.parametrize("fails", [lambda call: True, lambda call: call > 100])
def test_a_scorer_that_fails_for_good_fails_the_run_and_keeps_the_best(fails, caplog):
    runner = finished(QUICK, scorer=Faulty(fails))
    snapshot = runner.snapshot
    assert snapshot.state == "failed"
    assert snapshot.error == "this structure has no score"
    assert not [r for r in caplog.records if r.levelname == "ERROR"]  # nothing of ours failed
    assert (snapshot.best is None) == fails(1)


def test_an_unexpected_error_is_told_in_one_sentence_and_logged_with_its_traceback(caplog):
    class Broken(ClosedForm):
        def score(self, structures, cancelled=lambda: False):
            raise ZeroDivisionError("division by zero")

    snapshot = finished(QUICK, scorer=Broken(QUICK.objective)).snapshot
    assert snapshot.state == "failed"
    assert snapshot.error == "the search broke off: ZeroDivisionError: division by zero"
    logged = traceback_of("engine.run.runner", caplog)
    assert "the search of quick failed" in logged and 'raise ZeroDivisionError("division' in logged


def test_a_pass_that_breaks_off_in_a_lane_is_told_and_logged(monkeypatch, caplog):
    def broken(self, structure, index, cancelled):
        raise IndexError("no such weights")

    monkeypatch.setattr("engine.scorers.forward_pass.VanillaPass.run", broken)
    snapshot = finished(replace(QUICK, scorer="forward", device="cpu")).snapshot
    assert snapshot.state == "failed"
    assert snapshot.error == "the search broke off: IndexError: no such weights"
    assert 'raise IndexError("no such weights")' in traceback_of("engine.run.runner", caplog)


def test_an_absent_cuda_device_is_a_sentence_with_the_fix():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    snapshot = finished(replace(QUICK, scorer="forward", device="cuda")).snapshot
    assert snapshot.state == "failed"
    assert "device: cpu" in snapshot.error


def test_a_search_stands_back_when_asked_but_not_all_the_time(monkeypatch):
    """A hundred wishes at one moment are one; it goes on and ends as it would have."""
    from engine.run import wishes as module

    slept = []
    clock = SimpleNamespace(
        perf_counter=time.perf_counter, monotonic=time.monotonic, sleep=slept.append
    )
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "WAY", 100.0)
    runner = Runner(QUICK)
    for _ in range(100):
        runner.give_way()
    runner.start()
    assert runner.join(PATIENCE)
    assert len(slept) == 1 and 0 < slept[0] <= 100
    assert runner.snapshot.best == finished(QUICK).snapshot.best


def test_memory_too_small_for_the_process_is_said_before_anything_starts():
    preset = replace(QUICK, scorer="forward", device="cpu", forward=Forward(memory=64_000_000))
    snapshot = finished(preset).snapshot
    assert (snapshot.state, snapshot.iteration, snapshot.best) == ("failed", 0, None)
    assert "set `forward.memory` to" in snapshot.error and snapshot.error.count(". ") == 0


def test_a_search_that_has_ended_keeps_neither_scorer_nor_threads():
    kept, names = [], {thread.name for thread in threading.enumerate()}

    class Closing(ClosedForm):
        def refuse_beyond_memory(self, structures):
            kept.append(structures)

        def close(self):
            kept.append("closed")

    scorer = Closing(QUICK.objective)
    gone = ref(scorer)
    runner = Runner(QUICK, scorer=scorer)
    del scorer
    runner.start()
    assert runner.join(PATIENCE)
    assert kept == [[QUICK.initial], "closed"]
    assert gone() is None and runner.snapshot.scorer == ClosedForm.detail
    assert {thread.name for thread in threading.enumerate()} <= names


def test_an_end_that_cannot_be_told_is_a_failure_that_is(monkeypatch, caplog):
    runner = Runner(QUICK)
    publish = runner._publisher.publish

    def broken(state):
        if state != "running":
            raise MemoryError
        publish(state)

    monkeypatch.setattr(runner._publisher, "publish", broken)
    runner.start()
    assert runner.join(PATIENCE)
    snapshot = runner.snapshot
    assert snapshot.state == "failed" and "MemoryError" in snapshot.error
    assert snapshot.best is not None
    assert "could not be told" in caplog.text
