"""The forward scorer at its limits: number formats, memory, stopping."""

from math import isfinite

import pytest
import torch

from engine.blocks import chain
from engine.scorers.activation_cache import ActivationCache
from engine.scorers.base import Cancelled, ScoringError, never
from engine.scorers.forward import ForwardScorer
from engine.scorers.forward_device import out_of_memory
from engine.scorers.gaussian_pool import SEGMENT
from engine.scorers.vanilla import MOST_MACS, operation
from engine.settings import Forward, Objective
from engine.structure import Block, Structure
from tests.engine.scorers.test_forward import PLAIN, SMALL, family, scorer


def chain_of(width, bottleneck, depths, kernel=5):
    """Stages of equal width, of that many bottlenecks each."""
    blocks = [Block("Conv", 3, 3, width, 2)]
    blocks += [Block("ResBlock", kernel, width, width, 2, bottleneck, depth) for depth in depths]
    return Structure(tuple(blocks))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("width, bottleneck", [(256, 64), (4096, 32)])
def test_wide_and_deep_structures_stay_in_range(dtype, width, bottleneck):
    # 1 + 3 * 100 convolutions; most taps of those on the smallest maps meet padding
    deep = chain_of(width, bottleneck, (2, 8, 40, 50))
    half = scorer(dtype=dtype, memory=10**9)
    score = half.score([deep])[0]
    assert half.notices == []
    assert score.entropies == pytest.approx(scorer().score([deep])[0].entropies, rel=0.02)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_deep_and_narrow_structures_have_a_score(dtype):
    # maps of 8 channels drift by e^6 and more: bfloat16 holds that, float16 may not
    deep = chain_of(16, 8, (2, 8, 40, 50))
    half = scorer(dtype=dtype)
    score = half.score([deep])[0]
    assert score.entropies == pytest.approx(scorer().score([deep])[0].entropies, rel=0.02)
    assert half.notices == [] or dtype == torch.float16


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "bottleneck, kernel", [(256, 3), pytest.param(512, 5, marks=pytest.mark.nightly)]
)
def test_wide_structures_stay_in_range(dtype, bottleneck, kernel):
    wide = chain_of(4096, bottleneck, (1, 1, 1, 2), kernel)
    one = ForwardScorer(SMALL, "cpu", Forward(1, 2_000_000_000), dtype=dtype)
    assert all(map(isfinite, one.score([wide])[0].entropies))
    assert one.notices == []


def test_half_precision_keeps_the_scale_near_one():
    """Where bfloat16 and float16 have their accuracy, after hundreds of layers as well."""
    seen = []

    class Watching(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if "relu_" in str(function) or "clamp_min_" in str(function):
                seen.append(result.float().square().mean().sqrt().item())
            return result

    one = scorer(dtype=torch.bfloat16)
    with torch.inference_mode(), Watching():
        one.vanilla.pool.shrink(10**8)
        one.vanilla.run(chain_of(256, 64, (2, 8, 40, 50)), 0, never)
    assert len(seen) == 301
    # k x k convolutions leave their gamma to the product that follows
    assert max(seen) < 1000 and min(seen) > 0.01


def test_a_pass_that_leaves_the_range_is_repeated_in_float32(monkeypatch):
    import engine.scorers.forward_pass as module

    right = module._moments

    def overflowing(h):
        moments = right(h)
        return moments * float("inf") if h.dtype == torch.bfloat16 else moments

    monkeypatch.setattr(module, "_moments", overflowing)
    one = scorer(dtype=torch.bfloat16)
    assert one.score([PLAIN])[0].entropies == scorer().score([PLAIN])[0].entropies
    assert len(one.notices) == 1 and "float32" in one.notices[0]
    one.score(family(2))
    assert len(one.notices) == 1


def test_a_pass_without_a_finite_result_is_an_error(monkeypatch):
    import engine.scorers.forward_pass as module

    monkeypatch.setattr(
        module, "_moments", lambda h: torch.full((2,), float("nan"), dtype=torch.float64)
    )
    for dtype in (torch.float32, torch.bfloat16):
        with pytest.raises(ScoringError, match="no finite entropy"):
            scorer(dtype=dtype).score([PLAIN])


def test_moments_of_a_large_map_are_exact():
    from engine.scorers.forward_pass import _moments

    h = torch.randn(192 * 192, 256) + 0.01
    exact = h.double()
    moments = _moments(h)
    assert moments[0].item() == pytest.approx(exact.square().sum().item(), rel=1e-5)
    assert moments[1].item() == pytest.approx(exact.sum().item(), rel=1e-5)


def test_keeps_to_its_memory(monkeypatch):
    limit = 6_000_000
    one = scorer(memory=limit, repeats=3, segment=1 << 16)
    peak = 0
    right = ActivationCache.put

    def watching(cache, *arguments):
        nonlocal peak
        right(cache, *arguments)
        peak = max(peak, cache.bytes + one.vanilla.pool.bytes)

    monkeypatch.setattr(ActivationCache, "put", watching)
    one.score(family(60))
    assert 0.4 * limit < peak <= limit
    assert len(one.vanilla.cache) > 40


def test_a_structure_beyond_the_memory_is_an_error():
    with pytest.raises(ScoringError, match=r"needs .* GB, but memory is limited to 0\.01 GB"):
        scorer(memory=10_000_000).score([chain_of(2048, 64, (1, 1, 1, 1))])


def fails_above(monkeypatch, one, most, error):
    """Let passes fail as if memory were out while more than `most` are in one batch."""
    right = one._lanes.run

    def run(jobs, lanes, cancelled):
        if len(jobs) > most:
            raise error
        return right(jobs, lanes, cancelled)

    monkeypatch.setattr(one._lanes, "run", run)


OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory.")


def test_out_of_memory_halves_the_batch_and_goes_on(monkeypatch):
    structures = list(dict.fromkeys(family(20)))[:9]
    one = scorer()
    one.batch = 8
    fails_above(monkeypatch, one, 2, OUT_OF_MEMORY)
    assert one.score(structures) == scorer().score(structures)
    assert one.batch == 2
    assert len(one.notices) == 2 and "from now on 2 are scored at a time" in one.notices[1]


def test_out_of_memory_on_one_structure_is_an_error(monkeypatch):
    one = scorer()
    one.score([PLAIN])
    fails_above(monkeypatch, one, 0, OUT_OF_MEMORY)
    with pytest.raises(ScoringError, match="ran out of memory on a single structure"):
        one.score(family(1))
    assert len(one.vanilla.cache) == 0


def test_other_errors_are_not_taken_for_lack_of_memory(monkeypatch):
    one = scorer()
    fails_above(monkeypatch, one, 0, RuntimeError("some bug"))
    with pytest.raises(RuntimeError, match="some bug"):
        one.score([PLAIN])
    assert out_of_memory(RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory"))
    assert out_of_memory(MemoryError())


def test_stops_between_two_convolutions_and_can_be_used_again():
    one = ForwardScorer(Objective(resolution=384))
    large = chain_of(1024, 256, (3, 10, 10, 10))
    asked = []

    def stop():
        asked.append(one.vanilla.macs)
        return len(asked) >= 20

    with pytest.raises(Cancelled):
        one.score([large], stop)
    assert len(asked) == 20
    assert one.vanilla.macs == asked[-1]  # nothing was computed after the answer
    assert one.score(family(1))


def test_no_convolution_holds_up_a_stop():
    stem, *blocks = chain_of(1024, 256, (3, 10, 10, 10)).blocks
    side = 384
    for block in (stem, *blocks):
        for layer in chain(block):
            step = operation(layer, side, "relu", SEGMENT)
            assert sum(step.parts) == layer.out_channels
            assert max(step.parts) * layer.fan_in * step.out_side**2 <= MOST_MACS
            side = step.out_side


def test_large_convolutions_are_divided():
    huge = chain_of(2048, 512, (1, 1, 1, 1))
    whole = scorer(segment=1 << 23, memory=10**9)
    parts = scorer(segment=1 << 18, memory=10**9)
    # not the same weights, as slices lie elsewhere, but the same network
    for mine, other in zip(whole.score([huge])[0].entropies, parts.score([huge])[0].entropies):
        assert mine == pytest.approx(other, abs=0.5)
