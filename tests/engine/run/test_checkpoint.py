"""A search that goes on from a checkpoint ends as if it had never been interrupted."""

import threading
from dataclasses import replace

import pytest

from engine.run.runner import Runner
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import Budget, Forward, Objective, Preset, Schedule, Space
from engine.zoo import ZOO
from tests.waiting import PATIENCE

PRESET = Preset(
    "quick",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    schedule=Schedule(population=24, iterations=1200, keep=5, seed=3),
    scorer="closed-form",
    device="cpu",
    audit=False,
    bound=False,
)


def ended(runner):
    runner.start()
    assert runner.join(PATIENCE)
    assert runner.snapshot.error is None
    return runner


class Stopping:
    """A scorer that has its search stopped once it has scored so many batches."""

    def __init__(self, scorer, batches):
        self.method, self.detail, self.batch = scorer.method, scorer.detail, scorer.batch
        self.notices = []
        self._scorer, self._left = scorer, batches
        self.runner = None

    def score(self, structures, cancelled=lambda: False):
        self._left -= 1
        if self._left == 0:
            self.runner.stop()
            return self._scorer.score(structures)  # as if the wish came after the pass
        return self._scorer.score(structures, cancelled)


def interrupted(preset, scorer, batches, start_from=None):
    stopping = Stopping(scorer, batches)
    stopping.runner = Runner(preset, scorer=stopping, start_from=start_from)
    return ended(stopping.runner)


def same(one, other):
    a, b = one.checkpoint, other.checkpoint
    assert a.evolution == b.evolution
    assert a.history == b.history and a.bests == b.bests
    assert one.snapshot.best == other.snapshot.best


@pytest.mark.parametrize("batches", [1, 2, 60, 150, 250, 420])
def test_closed_form_ends_the_same(batches):
    whole = ended(Runner(PRESET))
    part = interrupted(PRESET, ClosedForm(PRESET.objective), batches)
    assert part.snapshot.state == "stopped" and 0 <= part.checkpoint.iteration < 1200
    same(ended(Runner(PRESET, start_from=part.checkpoint)), whole)


def test_interrupted_again_and_again_ends_the_same():
    whole = ended(Runner(PRESET))
    checkpoint, rounds = None, 0
    while checkpoint is None or checkpoint.iteration < PRESET.schedule.iterations:
        part = interrupted(PRESET, ClosedForm(PRESET.objective), 37, checkpoint)
        checkpoint, rounds = part.checkpoint, rounds + 1
    assert rounds > 5
    same(ended(Runner(PRESET, start_from=checkpoint)), whole)


@pytest.mark.nightly
def test_random_search_and_compound_mutations_and_trades_end_the_same():
    for changed in ({"strategy": "random"}, {"compound": 0.4, "trade": 0.5}):
        preset = replace(PRESET, schedule=replace(PRESET.schedule, **changed))
        part = interrupted(preset, ClosedForm(preset.objective), 30)
        same(ended(Runner(preset, start_from=part.checkpoint)), ended(Runner(preset)))


FORWARD = replace(
    PRESET,
    scorer="forward",
    forward=Forward(memory=1_000_000_000),
    objective=Objective(resolution=64),
    budget=Budget(flops=4_000_000_000, image_size=(256, 256)),
    space=Space(max_width=64),
    schedule=Schedule(population=8, iterations=24, keep=3, seed=1),
)


def forward_scorer():
    from engine.scorers.forward import ForwardScorer

    scorer = ForwardScorer(FORWARD.objective, "cpu", FORWARD.forward, FORWARD.schedule.seed)
    scorer.batch = 4  # whatever threads other tests have left to torch
    return scorer


@pytest.mark.nightly
def test_forward_passes_end_the_same():
    whole = ended(Runner(FORWARD, scorer=forward_scorer()))
    for batches in (1, 3):
        part = interrupted(FORWARD, forward_scorer(), batches)
        assert part.checkpoint.iteration < 24
        again = ended(Runner(FORWARD, start_from=part.checkpoint))
        same(again, whole)
        assert again.snapshot.recheck == whole.snapshot.recheck


def test_a_scorer_that_likes_other_batches_does_not_change_the_course():
    def in_batches(size):
        scorer = ClosedForm(PRESET.objective)
        scorer.batch = size
        return scorer

    whole = ended(Runner(PRESET, scorer=in_batches(8)))
    part = interrupted(PRESET, in_batches(8), 20)
    assert part.checkpoint.batch == 8
    same(ended(Runner(PRESET, scorer=in_batches(3), start_from=part.checkpoint)), whole)


def test_a_stop_within_a_pass_goes_on_from_before_it():
    waiting, go_on = threading.Event(), threading.Event()

    class Slow(Stopping):
        def score(self, structures, cancelled=lambda: False):
            self._left -= 1
            if self._left < 0:
                waiting.set()
                go_on.wait(PATIENCE)
                return self._scorer.score(structures, lambda: self._check(cancelled))
            return self._scorer.score(structures)

        def _check(self, cancelled):
            assert cancelled()
            return True

    slow = Slow(ClosedForm(PRESET.objective), 100)
    runner = Runner(PRESET, scorer=slow)
    runner.start()
    assert waiting.wait(PATIENCE)
    runner.stop()
    go_on.set()
    assert runner.join(PATIENCE)
    same(ended(Runner(PRESET, start_from=runner.checkpoint)), ended(Runner(PRESET)))


def test_a_scorer_that_raises_leaves_a_checkpoint_to_go_on_from():
    class Broken(Stopping):
        def score(self, structures, cancelled=lambda: False):
            self._left -= 1
            if self._left == 0:
                raise MemoryError("no more")
            return self._scorer.score(structures)

    runner = Runner(PRESET, scorer=Broken(ClosedForm(PRESET.objective), 90))
    runner.start()
    assert runner.join(PATIENCE)
    assert runner.snapshot.state == "failed" and "no more" in runner.snapshot.error
    same(ended(Runner(PRESET, start_from=runner.checkpoint)), ended(Runner(PRESET)))


def part_of(preset, until):
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    while evolution.iteration < until and (proposals := evolution.ask()):
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
    return evolution


def go_on(preset, state):
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    evolution.restore(state)
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
    return evolution


def with_t(iterations):
    return replace(PRESET, schedule=replace(PRESET.schedule, iterations=iterations))


def test_a_larger_t_before_the_switch_is_the_search_of_that_t():
    larger = with_t(2400)
    assert go_on(larger, part_of(PRESET, 400).state()).state() == part_of(larger, 2400).state()


def test_a_search_that_went_fine_stays_fine_under_a_larger_t():
    first = part_of(PRESET, 1200)
    last = go_on(with_t(2400), first.state())
    assert last.switched_at == first.switched_at == 600
    assert last.iteration == 2400 and last.best.score.z >= first.best.score.z


def test_a_smaller_t_whose_switch_has_passed_switches_at_once():
    first = part_of(PRESET, 500)
    last = go_on(with_t(800), first.state())
    assert last.switched_at == first.iteration + 1 and last.iteration == 800


def test_a_smaller_budget_drops_what_exceeds_it():
    first = part_of(PRESET, 900)
    smaller = replace(PRESET, budget=Budget(flops=60_000_000_000, layers=91))
    assert first.best.cost.flops > 60e9
    last = go_on(smaller, first.state())
    assert all(member.cost.flops <= 60e9 for member in last.population.members)
    assert last.best.cost.flops <= 60e9 and last.iteration == 1200


def test_a_budget_that_nobody_meets_begins_with_the_initial_structure():
    first = part_of(PRESET, 900)
    tiny = replace(PRESET, budget=Budget(flops=10_000_000_000, layers=91))
    assert min(member.cost.flops for member in first.population.members) > 10e9
    evolution = Evolution(tiny)
    evolution.restore(first.state())
    (proposal,) = evolution.ask()
    assert proposal.structure == PRESET.initial and evolution.best is None


def test_parents_are_recorded():
    evolution = part_of(PRESET, 300)
    for member in evolution.population.members:
        assert member.parent is None if member.born == 0 else member.parent < member.born
