"""One limit for a whole process, and who gets how much of it."""

import re
from weakref import WeakSet

import pytest

from engine.scorers import room as module
from engine.scorers.room import OWN, TYPICAL, Room


class Holder:
    """Stands in for a scorer: what it holds and promises is what a test says."""

    def __init__(self, limit=1000, held=0, **more):
        self.held = self.promised = held
        self.room = Room(limit, self, **more)

    def give_way(self):
        self.held = self.promised = 0


@pytest.fixture
def process(monkeypatch):
    """A process whose size is what a test says, plus what its holders hold."""
    monkeypatch.undo()  # of what else in this folder is told of processes
    found = {"besides": 0}
    monkeypatch.setattr(module, "_holders", {True: WeakSet(), False: WeakSet()})
    monkeypatch.setattr(module, "give_back", lambda: None)
    monkeypatch.setattr(
        module, "resident", lambda: found["besides"] + sum(one.held for one in module._all(True))
    )
    return found


def test_the_whole_process_counts(process):
    process["besides"] = 300
    one = Holder()
    assert one.room.bytes(10) == 700
    one.held = 600  # its own weights and maps are what the room is for
    assert one.room.bytes(10) == 700
    process["besides"] = 450  # the process has grown meanwhile
    assert one.room.bytes(10) == 550


def test_what_others_have_put_into_the_process_does_not(process):
    process["besides"] = 5 * OWN
    one = Holder(2 * OWN)
    assert one.room.bytes(10) == OWN
    process["besides"] += OWN // 2
    assert one.room.bytes(10) == OWN // 2


def test_a_gpu_has_memory_of_its_own(process):
    process["besides"] = 10**6
    beside = Holder(held=500)
    assert Holder(whole=False).room.bytes(10) == 1000
    assert beside.held == 500


def test_where_the_system_does_not_tell_a_typical_size_counts(process, monkeypatch):
    monkeypatch.setattr(module, "resident", lambda: None)
    assert Holder(TYPICAL + 500).room.bytes(10) == 500


def test_two_scorers_share_and_the_first_gives_way_where_it_must(process):
    first, second = Holder(held=200), Holder()
    first.promised = 700
    assert second.room.bytes(250) == 300
    assert first.held == 200
    assert second.room.bytes(400) == 1000
    assert first.held == first.promised == 0


def test_a_lower_limit_holds_unless_a_pass_needs_more(process):
    process["besides"] = 300
    one = Holder(keep_to=500)
    assert one.room.bytes(10) == 200
    assert one.room.bytes(600) == 600
    assert one.room.bytes(800) == 700  # beyond the limit itself


def test_the_refusal_names_a_limit_that_would_do(process):
    process["besides"] = 300_000_000
    one = Holder(350_000_000)
    least = 100_000_000
    assert one.room.bytes(least) < least
    said = one.room.needs(least)
    assert said == (
        "needs 0.4 GB, 0.3 GB of them for torch and the program, but memory is limited to "
        "0.35 GB: set `forward.memory` to 420M or more"
    )
    enough = int(re.search(r"to (\d+)M", said)[1]) * 10**6
    assert Holder(enough).room.bytes(least) >= least


def test_a_scorer_that_is_gone_takes_nothing(process):
    one, other = Holder(held=900), Holder()
    assert other.room.bytes(10) == 100
    del one  # nothing else holds it, not even for a collector to come by
    assert other.room.bytes(10) == 1000


def test_memory_goes_back_between_passes_once_it_is_short(process, monkeypatch):
    calls = []
    one = Holder()
    monkeypatch.setattr(module, "give_back", lambda: calls.append(1))
    process["besides"] = 800
    one.room.tidy(100)
    assert not calls
    process["besides"] = 950
    one.room.tidy(100)
    assert calls


def test_a_limit_below_torchs_own_is_refused_with_one_that_works(monkeypatch):
    """Of the real scorer, in whatever process this is."""
    monkeypatch.undo()
    from engine.scorers.base import ScoringError
    from engine.scorers.forward import ForwardScorer
    from engine.settings import Forward
    from tests.engine.scorers.test_forward import PLAIN, SMALL

    small = ForwardScorer(SMALL, "cpu", Forward(memory=100_000_000))
    with pytest.raises(ScoringError, match="of them for torch and the program") as refused:
        small.refuse_beyond_memory([PLAIN])
    with pytest.raises(ScoringError):
        small.score([PLAIN])
    enough = int(re.search(r"to (\d+)M or more", str(refused.value))[1]) * 10**6
    ample = ForwardScorer(SMALL, "cpu", Forward(memory=enough))
    (score,) = ample.score([PLAIN])
    assert score.passes == 1
    ample.close()
    assert ample.memory.held == ample.memory.promised == 0
    assert ample.score([PLAIN]) == [score]
