"""Several searches with workers on one machine: the processors are divided among them."""

import multiprocessing
import os
from concurrent.futures import Future

import pytest

from engine import processor
from engine.scorers.workers import places, seats
from engine.scorers.workers.crew import Crew
from engine.scorers.workers.places import Here
from engine.scorers.workers.seats import Seats, leave
from tests.engine.scorers.test_workers import ORDER
from tests.waiting import until


class Ready:
    """A worker that is up at once."""

    begun = 0

    def __init__(self, threads, gpu):
        type(self).begun += 1
        self.threads, self.gpu = threads, gpu

    def ask(self, method, *arguments):
        answer = Future()
        answer.set_result(method)
        return answer

    def end(self):
        pass


@pytest.fixture
def two(monkeypatch, tmp_path):
    """A machine of two processors, and nobody at work."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for module in (places, processor):
        monkeypatch.setattr(module, "processors", lambda: 2)
    monkeypatch.setattr(places, "_Process", Ready)
    monkeypatch.setattr(places, "ROOM_EVERY", 0.01)
    monkeypatch.setattr(Ready, "begun", 0)


def test_the_second_search_has_one_worker_until_the_first_one_ends(two):
    first, second = Here(2, "cpu"), Here(2, "cpu")
    assert all(first.begin(number).ask("prepare").done() for number in (0, 1))
    assert not first.crowded
    assert second.begin(0).ask("prepare").done()
    later = second.begin(1)
    up = later.ask("prepare")
    assert "workers of other searches are at this machine's processors (2)" in second.crowded
    third = Here(2, "cpu")
    third.begin(0)
    ended = third.begin(1)
    nobody = ended.ask("prepare")
    ended.end()
    until(nobody.done)
    assert Ready.begun == 4 and not up.done()
    first.close()
    assert up.result(60) == "prepare" and later.ask("work").result() == "work"
    second.close()
    third.close()
    assert len(Seats(2).take(2)) == 2


def test_a_worker_that_is_replaced_keeps_its_seat_and_one_search_may_have_many(two):
    here = Here(4, "cpu")
    assert all(isinstance(here.begin(number), Ready) for number in (0, 1, 2, 3, 2, 2, 0))
    assert Seats(4).take(1) == []
    here.close()


def test_threads_take_a_seat_each(two):
    wide = Here(1, "cpu")
    assert wide.begin(0).threads == 2
    assert Seats(2).take(2) == []
    wide.close()
    found = Seats(2).take(2)
    assert len(found) == 2
    leave(found)


def test_a_share_of_the_processors_is_what_workers_divide(two, monkeypatch):
    monkeypatch.setattr(processor, "_share", None)
    assert processor.cores() == 2
    processor.share_cores(1)
    assert processor.cores() == 1 and Here(1, "cpu").begin(0).threads == 1


def test_gpus_are_taken_in_turn_and_nobody_waits(two, monkeypatch):
    monkeypatch.setattr(places, "resolve_device", lambda device: "cuda")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    here = [Here(2, "cuda") for _ in range(2)]
    assert [one.begin(n).gpu for one in here for n in (0, 1)] == ["4", "6"] * 2


def _hold(count, said):
    said.send(len(Seats(count).take(count)))
    said.recv()


def test_what_a_killed_process_had_is_free(two):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_hold, args=(2, theirs))
    process.start()
    assert ours.recv() == 2 and Seats(2).take(1) == []
    process.kill()
    process.join()
    found = Seats(2).take(2)
    assert len(found) == 2
    leave(found)


def test_where_nothing_can_be_locked_there_is_room(two, tmp_path):
    (tmp_path / seats.folder().name).write_text("in the way")
    found = Seats(2).take(2)
    assert found == [-1, -1]
    leave(found)
    (tmp_path / seats.folder().name).unlink()
    seats.folder().mkdir()
    os.symlink(tmp_path / "elsewhere", seats.folder() / "0")
    leave(Seats(2).take(2))
    assert not (tmp_path / "elsewhere").exists()


def test_a_search_says_why_some_of_its_workers_are_not_up(two):
    other = Here(2, "cpu")
    other.begin(0)
    other.begin(1)
    crew = Crew(ORDER, 2, Here)
    crew._begin()
    assert crew.notices == [places.CROWDED.format(processors=2)]
    crew.close()
    other.close()
