"""What the forward scorer is made of: pool of normals, cache of maps, threads."""

import gc
import logging
from contextlib import suppress
from functools import partial
from threading import Barrier
from threading import enumerate as enumerate_threads
from weakref import ref

import pytest
import torch

from engine.scorers.activation_cache import ActivationCache, State
from engine.scorers.base import Cancelled, never
from engine.scorers.forward_lanes import ThreadLanes
from engine.scorers.gaussian_pool import GaussianPool
from tests.engine.scorers.test_forward_limits import chain_of
from tests.waiting import PATIENCE

CPU = torch.device("cpu")


class TestGaussianPool:
    def pool(self, limit=10**9, seed=0, dtype=torch.float32):
        return GaussianPool(seed, CPU, dtype, limit, segment=1 << 16)

    def test_numbers_are_standard_normal_and_differ(self):
        pool = self.pool()
        slices = [pool.slice(i, j << 16, 1 << 16) for i in range(3) for j in range(3)]
        slices.append(self.pool(seed=1).slice(0, 0, 1 << 16))
        joint = torch.stack(slices)
        assert joint.mean().abs() < 0.01 and (joint.std() - 1).abs() < 0.01
        correlations = torch.corrcoef(joint) - torch.eye(len(slices))
        assert correlations.abs().max() < 5 / 256

    def test_growth_and_loss_change_nothing(self):
        ample, scarce = self.pool(), self.pool(limit=2 << 18)
        places = [(index, number << 16) for number in range(5) for index in (0, 7)]
        first = {place: ample.slice(*place, 1000).clone() for place in places}
        for place in [*places, *places[::-1]]:
            assert torch.equal(scarce.slice(*place, 1000), first[place])
            assert scarce.bytes <= 2 << 18
        assert scarce.drawn > ample.drawn

    def test_slices_do_not_overlap(self):
        pool, offset, taken = self.pool(), 0, []
        for count in (1728, 5, 60_000, 64, 1 << 16, 1):
            start = pool.place(offset, count)
            assert start >= offset and start % 64 == 0
            assert start >> 16 == (start + count - 1) >> 16
            taken.append((start, start + count))
            offset = start + count
        assert taken == sorted(taken)

    def test_half_precision_numbers_are_the_same_rounded(self):
        wide, half = self.pool(), self.pool(dtype=torch.bfloat16)
        assert torch.equal(half.slice(2, 0, 500), wide.slice(2, 0, 500).bfloat16())
        assert half.segment_bytes == wide.segment_bytes // 2


class TestActivationCache:
    BLOCKS = chain_of(16, 8, (1, 1, 1, 1)).blocks

    def state(self, work, numbers=100):
        return State(torch.zeros(numbers, 1), 10, macs=work)

    def test_what_saves_least_per_byte_goes_first(self):
        cache = ActivationCache(1200)
        for number, work in enumerate((50, 10, 40)):
            cache.put(number, self.BLOCKS[:1], self.state(work))
        assert cache.get(0, self.BLOCKS[:1], False)
        cache.put(3, self.BLOCKS[:1], self.state(45))
        assert cache.get(1, self.BLOCKS[:1], False) is None
        assert cache.bytes == 1200 and len(cache) == 3

    def test_what_is_not_used_ages(self):
        cache = ActivationCache(800)
        cache.put(0, self.BLOCKS[:1], self.state(100))
        for number in range(1, 40):
            cache.put(number, self.BLOCKS[:1], self.state(30))
        assert cache.get(0, self.BLOCKS[:1], False) is None

    def test_too_large_to_keep(self):
        cache = ActivationCache(100)
        cache.put(0, self.BLOCKS[:1], self.state(10))
        assert len(cache) == cache.bytes == 0

    def test_shrinks_and_forgets(self):
        cache = ActivationCache(4000)
        for number in range(10):
            cache.put(number, self.BLOCKS[:1], self.state(number))
        cache.shrink(1000)
        assert cache.bytes == 800 and cache.get(9, self.BLOCKS[:1], False)
        cache.clear()
        assert cache.bytes == len(cache) == 0

    def test_what_is_used_again_and_again_fills_no_memory_and_stays(self):
        cache = ActivationCache(1200)
        for number in range(3):
            cache.put(number, self.BLOCKS[:1], self.state(10 + number))
        for _ in range(500):
            assert cache.get(0, self.BLOCKS[:1], False)
        assert len(cache._heap) <= 64 + 4 * len(cache)
        cache.put(3, self.BLOCKS[:1], self.state(50))
        assert cache.get(0, self.BLOCKS[:1], False)
        assert cache.get(1, self.BLOCKS[:1], False) is None


class TestThreadLanes:
    def test_threads_share_the_cores_and_leave_the_callers_alone(self):
        before = torch.get_num_threads()
        lanes = ThreadLanes()
        counts = lanes.run([lambda stop: torch.get_num_threads()] * 4, lanes.count, never)
        assert set(counts) == {max(1, before // lanes.count)}
        assert torch.get_num_threads() == before

    def test_results_keep_their_order(self):
        jobs = [lambda stop, n=n: n for n in range(50)]
        assert ThreadLanes().run(jobs, 2, never) == list(range(50))

    def test_a_failure_stops_the_others(self):
        def wait(stop):
            while not stop():
                pass

        def fail(stop):
            raise KeyError("first")

        lanes = ThreadLanes()
        if lanes.count < 2:
            pytest.skip("one thread")
        with pytest.raises(KeyError, match="first"):
            lanes.run([wait, fail, wait], 2, never)

    def test_a_second_failure_is_logged_with_its_traceback(self, monkeypatch, caplog):
        """One exception can be passed on; what failed beside it is not lost."""
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
        begun = Barrier(2)

        def fail(stop, number):
            begun.wait(PATIENCE)
            raise KeyError(f"pass {number}")

        def give_up(stop):
            begun.wait(PATIENCE)
            while not stop():
                pass
            raise Cancelled

        with pytest.raises(KeyError) as passed_on:
            ThreadLanes().run([partial(fail, number=n) for n in range(2)], 2, never)
        (record,) = caplog.records
        text = logging.Formatter().format(record)
        (other,) = {"pass 0", "pass 1"} - {passed_on.value.args[0]}
        assert record.name == "engine.scorers.forward_lanes" and other in text
        assert 'raise KeyError(f"pass {number}")' in text
        caplog.clear()
        with pytest.raises(KeyError):
            ThreadLanes().run([give_up, partial(fail, number=1)], 2, never)
        assert not caplog.records  # those that were told to give up have not failed

    def test_threads_end_and_are_started_again_when_needed(self):
        def names():
            return [thread.name for thread in enumerate_threads()]

        lanes, before = ThreadLanes(), len(names())
        jobs = [lambda stop: 1] * 3
        for _ in range(3):
            assert lanes.run(jobs, lanes.count, never) == [1, 1, 1]
            assert len(names()) == before + lanes.count
            lanes.close()
            assert len(names()) == before
        lanes.close()

    def test_what_a_pass_that_is_given_up_held_is_free_at_once(self):
        """No collector has to come by: maps take megabytes, and it counts objects."""

        class Map:
            pass

        seen = []

        def given_up(stop):
            held = Map()
            seen.append(ref(held))
            raise Cancelled

        gc.disable()
        try:
            with suppress(Cancelled):
                ThreadLanes().run([given_up], 1, never)
            assert [one() for one in seen] == [None]
        finally:
            gc.enable()


def test_a_thread_that_cannot_begin_ends_the_wait_for_it(monkeypatch):
    lanes = ThreadLanes()
    lanes.count = 2

    def refused(_):
        raise RuntimeError("no threads")

    monkeypatch.setattr(torch, "set_num_threads", refused)
    with pytest.raises(RuntimeError, match="no threads"):
        lanes.run([lambda stop: 1], 1, lambda: False)
