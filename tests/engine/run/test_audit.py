"""Behind the end of a search: which bests are still measured, and that nothing stays."""

from threading import Event

from engine.run import audit as module
from engine.run.audit import MOST_LEFT, MOST_WAITING, PASSES, Auditor
from engine.scorers.base import Score
from engine.zoo import ZOO
from tests.waiting import PATIENCE

STRUCTURE = ZOO["initial"].structure


def score(z):
    return Score(z, (1.0,) * 5, 1.0, "closed-form", "by hand")


class Scorer:
    """Measures what was predicted, which it is told in place of a structure; may be closed."""

    def __init__(self):
        self.go, self.measured, self.closed = Event(), [], 0

    def described(self, passes):
        return "by hand"

    def passes(self, structure, count, first=0, cancelled=lambda: False):
        assert self.go.wait(PATIENCE)
        if first == 0:
            self.measured.append(structure)
        return [(structure + first % 2, ())]

    def refuse_beyond_memory(self, structures):
        raise NotImplementedError

    def close(self):
        self.closed += 1


def ended(auditor):
    auditor._thread.join(PATIENCE)
    return not auditor._thread.is_alive()


def test_of_what_is_left_the_newest_and_the_largest_steps_are_measured(monkeypatch):
    monkeypatch.setattr(module, "REST", 0.0)
    scorer = Scorer()
    auditor = Auditor(lambda: scorer)
    z, expected = 0.0, []
    for number in range(40):
        step = 50.0 if number in (3, 17, 30) else 1.0
        z += step
        auditor.submit(number, z, score(z))
        if step > 1 or 36 <= number < 39:
            expected.append(z)
    # asked once the end has come, of which nothing is measured before
    auditor.finish(39, z, score(z), lambda: bool(scorer.go.set()))
    assert ended(auditor)
    last = len(scorer.measured) - 1 - scorer.measured[::-1].index(z)
    assert len(scorer.measured[last + 1 :]) == MOST_LEFT
    # the one that was under way when the end came may be one of them
    assert set(scorer.measured) >= set(expected)
    assert auditor.latest.iteration == 39 and auditor.latest.waiting == 0
    assert auditor.latest.audited == len(scorer.measured)


def test_behind_its_last_measurement_thread_and_memory_are_given_back():
    scorer = Scorer()
    scorer.go.set()
    auditor = Auditor(lambda: scorer)
    auditor.finish(5, 7.0, score(7.0), lambda: False)
    assert ended(auditor) and scorer.closed == 1
    assert auditor.latest.passes >= PASSES


def test_given_up_it_gives_memory_back_as_well():
    scorer = Scorer()
    auditor = Auditor(lambda: scorer)
    auditor.submit(1, 2.0, score(2.0))
    auditor.close()
    scorer.go.set()
    assert ended(auditor) and scorer.closed == 1


def test_what_waits_during_a_search_is_bounded():
    gate, scorer = Event(), Scorer()

    def late():
        assert gate.wait(PATIENCE)
        return scorer

    auditor = Auditor(late)
    for number in range(2 * MOST_WAITING):
        auditor.submit(number, float(number), score(float(number)))
    assert len(auditor._waiting) == MOST_WAITING
    assert auditor._waiting[-1].iteration == 2 * MOST_WAITING - 1
    auditor.close()
    gate.set()
    assert ended(auditor)
