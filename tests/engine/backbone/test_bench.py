"""Measurements of backbones: what is computed from the clock and the allocator."""

import pytest
import torch
from torch import nn

from engine.backbone import bench as module
from engine.backbone.bench import bench, timing
from tests.engine.backbone.random_structures import EVERY_KIND

CPU = torch.device("cpu")


def test_medians_and_quartiles():
    found = timing([0.5, 0.1, 0.4, 0.2, 0.3])
    assert found == pytest.approx((0.3, 0.2, 0.4))
    assert found.images_per_second(6) == pytest.approx(20)


def test_modules_take_turns_after_a_round_of_warming_up(monkeypatch):
    order, ticks = [], iter(range(1000))
    monkeypatch.setattr(module, "perf_counter", lambda: next(ticks))
    modules = [lambda _, name=name: order.append(name) for name in "ab"]
    found = module._in_turns(modules, torch.ones(1), 3, lambda _: None, "eager")
    assert order == list("abababab")
    assert [one.median for one in found] == [1, 1]


def test_memory_counts_what_lives_at_a_time():
    class Doubles(nn.Module):
        def forward(self, x):
            y = x * 2  # 4 MB
            y = y * 2  # and 4 MB while the first still lives
            return y * 2  # the first is gone

    images = torch.zeros(1_000_000)
    with torch.inference_mode():
        assert module._most_alive(Doubles(), images) == pytest.approx(8e6, rel=0.01)


def test_a_backbone_is_measured():
    (found,) = bench([EVERY_KIND], CPU, 2, (64, 96), rounds=2)
    assert found.compiled is None and found.compile_error == ""
    assert 0 < found.eager.low <= found.eager.median <= found.eager.high
    largest = 4 * 2 * 8 * 32 * 48  # the map of C1
    assert 2 * largest < found.memory < 20 * largest


def test_a_compiler_that_fails_is_reported_and_the_rest_stands(monkeypatch):
    def broken(_):
        raise RuntimeError("no compiler\nand more lines")

    monkeypatch.setattr(torch, "compile", broken)
    (found,) = bench([EVERY_KIND], CPU, 1, (64, 64), rounds=2, compiled=True)
    assert found.compiled is None and found.compile_error == "no compiler"
    assert found.eager.median > 0


def test_compiled_modules_are_timed_beside_eager_ones(monkeypatch):
    calls = []

    def compile_(backbone):
        def run(images):
            calls.append(len(images))
            return backbone(images)

        return run

    monkeypatch.setattr(torch, "compile", compile_)
    (found,) = bench([EVERY_KIND], CPU, 3, (64, 64), rounds=2, compiled=True)
    assert found.compiled is not None and found.compile_error == ""
    assert calls == [3] * 4  # once to compile, once to warm up, and two rounds
