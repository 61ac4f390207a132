"""The code for CUDA on the stand-in: its results, and the order of its work."""

from time import monotonic

import pytest
import torch

from benchmarks.gpu.checks import PLAIN
from benchmarks.gpu.correctness import CHECKS
from benchmarks.gpu.course import Course
from benchmarks.gpu.literal import family
from benchmarks.gpu.stand_in import NAME, CardError, standing_in
from engine.latency.device import Device
from engine.scorers.base import ScoringError
from engine.scorers.forward import GPU_BATCH, ForwardScorer
from engine.scorers.forward_device import (
    WORKSPACE,
    WORKSPACE_BEFORE_HOPPER,
    fastest_dtype,
    workspace_bytes,
)
from engine.scorers.forward_device import out_of_memory as is_out_of_memory
from engine.scorers.forward_lanes import StreamLanes
from engine.scorers.gaussian_pool import GaussianPool
from engine.settings import OTHER_DEVICES, Forward, Objective
from engine.training.processes import processes

SMALL = Objective(resolution=64)
CUDA = torch.device("cuda")
#: the whole walk of `.ci/run` has them all
SLOW = ("latency", "training", "exports")


@pytest.fixture(autouse=True)
def one_thread():
    """Its small maps only lose by being shared out."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.nightly] * (name in SLOW)) for name in CHECKS],
)
def test_a_check_of_the_card(name):
    with standing_in():
        assert CHECKS[name](Course(CUDA, small=True, until=monotonic() + 600, notes={}))


def scorer(**more):
    options = {"segment": 1 << 16, "dtype": torch.float32} | more
    return ForwardScorer(SMALL, "cuda", Forward(), **options)


def test_a_scorer_on_a_card_is_the_one_of_the_cpu():
    """The same numbers, so that the scores are the same to the last digit."""
    structures = family(PLAIN, 4)
    with standing_in() as card:
        one = scorer()
        found = one.score(structures)
        assert one.batch == GPU_BATCH and NAME in one.detail
        assert card.memory.peak < one.memory.promised
        one.close()
    here = ForwardScorer(SMALL, "cpu", Forward(), segment=1 << 16, dtype=torch.float32)
    wanted = here.score(structures)
    here.close()
    assert [one.z for one in found] == [one.z for one in wanted]


class TestTheOrderOfWork:
    """Each wait that the lanes make is one that the stand-in misses when it is left out."""

    def scored(self, structures=None):
        with standing_in():
            one = scorer()
            one.score(structures or family(PLAIN, 6))
            one.close()

    def test_handing_over_without_a_wait(self, monkeypatch):
        monkeypatch.setattr(StreamLanes, "hand_over", lambda self, tensor, mark: None)
        with pytest.raises(CardError, match=r"reads what stream \d wrote"):
            self.scored()

    def test_results_without_a_wait(self, monkeypatch):
        reads = r"on stream 0 reads what stream \d wrote"
        with pytest.raises(CardError, match=reads), standing_in() as card:
            one = scorer()
            monkeypatch.setattr(card.timeline.default, "wait_stream", lambda stream: None)
            one.score(family(PLAIN, 2))

    def test_what_the_caller_made_is_waited_for(self):
        with standing_in():
            lanes, made = StreamLanes(CUDA), torch.ones(8, device=CUDA)
            lanes.run([lambda stop: made * 2], 1, lambda: False)
            torch.cuda.synchronize()

    def test_weights_dropped_while_they_may_be_read(self, monkeypatch):
        monkeypatch.setattr("engine.scorers.gaussian_pool.settle", lambda device: None)
        with pytest.raises(CardError):
            self.scored()

    def test_memory_that_is_freed_while_another_stream_reads(self):
        with pytest.raises(CardError, match="without record_stream"), standing_in():
            first, second = torch.cuda.Stream(), torch.cuda.Stream()
            with torch.cuda.stream(first):
                made = torch.ones(8, device=CUDA)
            second.wait_stream(first)
            with torch.cuda.stream(second):
                made.sum()
            del made

    def test_a_write_behind_the_back_of_a_reader(self):
        with pytest.raises(CardError, match="overwrites"), standing_in():
            made, other = torch.ones(8, device=CUDA), torch.cuda.Stream()
            other.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(other):
                made.sum()
            made.add_(1)
            other.synchronize()


def test_events_tell_times_only_if_asked_to():
    with standing_in():
        start, end = torch.cuda.Event(), torch.cuda.Event(enable_timing=True)
        with pytest.raises(RuntimeError, match="enable_timing"):
            start.elapsed_time(end)


def test_a_mask_has_the_host_wait():
    with standing_in():
        made = torch.ones(8, device=CUDA)
        torch.cuda.set_sync_debug_mode("error")
        with pytest.raises(RuntimeError, match="synchronizing"):
            made[made > 0]


@pytest.mark.parametrize(
    "capability, dtype, workspace",
    [
        ((9, 0), torch.bfloat16, WORKSPACE),
        ((8, 0), torch.bfloat16, WORKSPACE_BEFORE_HOPPER),
        ((7, 5), torch.float16, WORKSPACE_BEFORE_HOPPER),
        ((6, 1), torch.float32, WORKSPACE_BEFORE_HOPPER),
    ],
)
def test_what_a_card_is_given_follows_from_its_capability(capability, dtype, workspace):
    with standing_in(capability=capability):
        assert fastest_dtype(CUDA) == dtype
        assert workspace_bytes(CUDA) == workspace


def test_ways_in_which_cuda_runs_out_of_memory():
    for text in (
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "GET was unable to find an engine to execute this computation",
    ):
        assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access"))


@pytest.mark.parametrize("name", OTHER_DEVICES)
def test_gpus_of_others_are_refused_with_the_reason(name):
    with pytest.raises(ScoringError, match=f"device {name} was asked for, but .*: use cpu or cuda"):
        ForwardScorer(SMALL, name)


def test_a_latency_device_and_training_find_the_card():
    with standing_in(total=10**9):
        device = Device("cuda")
        assert device.name == NAME and device.memory == 10**9 and device.threads == 0
        with processes("auto") as alone:
            assert alone.device == torch.device("cuda", 0)


def test_numbers_are_drawn_on_the_card():
    with standing_in():
        pool = GaussianPool(0, CUDA, torch.bfloat16, 10**6, segment=1 << 12)
        assert pool.slice(0, 0, 10).dtype == torch.bfloat16
    here = GaussianPool(0, torch.device("cpu"), torch.bfloat16, 10**6, segment=1 << 12)
    assert torch.equal(here.slice(0, 0, 10), pool.slice(0, 0, 10))
