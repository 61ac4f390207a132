"""The forward scorer against the literal float64 pass, and what makes it reproducible."""

from dataclasses import replace
from math import log, sqrt
from random import Random
from statistics import fmean, stdev

import pytest
import torch

from engine.blocks import Layer
from engine.scorers import vanilla
from engine.scorers.base import ScoringError
from engine.scorers.closed_form import predicted_std
from engine.scorers.forward import ForwardScorer
from engine.settings import Forward, Objective
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.scorers import literal

SMALL = Objective(resolution=64)
STEM = Block("Conv", 3, 3, 16, 2)
TAIL = (
    Block("ResBlock", 5, 32, 48, 2, 24, 2),
    Block("ResBlock", 3, 48, 64, 2, 32, 1),
    Block("ResBlock", 5, 64, 96, 2, 32, 2),
)
PLAIN = Structure((STEM, Block("ResBlock", 3, 16, 32, 2, 16, 1), *TAIL))
STRUCTURES = {
    "bottlenecks": PLAIN,
    "two blocks in a stage": Structure(
        (*PLAIN.blocks[:3], Block("ResBlock", 3, 48, 48, 1, 16, 2), *PLAIN.blocks[3:])
    ),
    "max pooling": Structure(
        (STEM, Block("MaxPool", 3, 16, 16, 2), Block("ResBlock", 3, 16, 32, 1, 16, 2), *TAIL)
    ),
    "pooling ends a stage": Structure(
        (STEM, Block("MaxPool", 3, 16, 16, 1), Block("Conv", 7, 16, 32, 2), *TAIL)
    ),
    "plain and depthwise convolutions": Structure(
        (
            Block("Conv", 5, 3, 16, 2),
            Block("Conv", 3, 16, 16, 1),
            Block("BasicBlock", 3, 16, 32, 2, 24, 2),
            Block("InvertedBlock", 5, 32, 48, 2, 0, 2, 3),
            Block("InvertedBlock", 3, 48, 64, 2, 0, 1, 1),
            Block("Conv", 1, 64, 96, 2),
        )
    ),
}


def scorer(objective=SMALL, repeats=1, seed=0, memory=200_000_000, **more):
    more.setdefault("segment", 1 << 18)
    return ForwardScorer(objective, "cpu", Forward(repeats, memory), seed, **more)


@pytest.mark.parametrize("activation", ["relu", "none"])
@pytest.mark.parametrize("name", STRUCTURES)
def test_agrees_with_the_literal_pass(name, activation):
    objective = replace(SMALL, activation=activation)
    structure, count = STRUCTURES[name], 24
    ours = [one.entropies for one in scorer(objective).passes(structure, count)]
    theirs = [literal.entropies(structure, 64, activation, seed) for seed in range(count)]
    for mine, other in zip(zip(*ours), zip(*theirs)):
        error = sqrt((stdev(mine) ** 2 + stdev(other) ** 2) / count)
        assert abs(fmean(mine) - fmean(other)) < 4 * error
        # the noise of a pass is the method's own, too
        assert 0.4 < stdev(mine) / stdev(other) < 2.5


@pytest.mark.parametrize("name", ["maedet-s", pytest.param("resnet-50", marks=pytest.mark.nightly)])
def test_agrees_with_the_literal_pass_on_the_zoo(name):
    structure, count = ZOO[name].structure, 4
    ours = [one.entropies for one in scorer(segment=1 << 22, memory=10**9).passes(structure, count)]
    theirs = [literal.entropies(structure, 64, seed=seed) for seed in range(count)]
    for mine, other in zip(zip(*ours), zip(*theirs)):
        assert fmean(mine) == pytest.approx(fmean(other), rel=0.02)


@pytest.mark.parametrize("size", ["nominal", "area", "volume", "log-channels"])
def test_z_weighs_the_entropies_as_equation_5_says(size):
    def ratio(alphas):
        objective = Objective(64, alphas, size)
        one = scorer(objective).passes(PLAIN, 1)[0]
        return one.z / literal.z(PLAIN, one.entropies, alphas, size, 64)

    # the unit of Z is free, its proportions are not
    assert ratio((0, 0, 1, 1, 6)) == pytest.approx(ratio((1, 2, 3, 4, 5)), rel=1e-6)


def test_gamma_makes_no_difference(monkeypatch):
    # powers of two, which change no rounding either
    before = scorer().score([PLAIN])[0]
    right, rng = vanilla.log_gamma, Random(0)
    wrong = {}
    monkeypatch.setattr(
        vanilla,
        "log_gamma",
        lambda *place: right(*place) + wrong.setdefault(place, rng.randint(-3, 3) * log(2)),
    )
    vanilla.operation.cache_clear()
    try:
        after = scorer().score([PLAIN])[0]
    finally:
        vanilla.operation.cache_clear()
    assert wrong
    assert after.entropies == pytest.approx(before.entropies, abs=2e-4)


def family(count=12):
    """Structures that begin like PLAIN, each with one block changed."""
    rng, found = Random(1), []
    for _ in range(count):
        number = rng.randrange(1, 5)
        blocks = list(PLAIN.blocks)
        blocks[number] = blocks[number]._replace(
            bottleneck=8 * rng.randint(1, 6), kernel=rng.choice((3, 5)), depth=rng.randint(1, 4)
        )
        found.append(Structure(tuple(blocks)))
    return found


def test_a_score_does_not_depend_on_what_was_scored_before():
    children = [PLAIN, *family()]
    together = scorer().score(children)
    assert [scorer().score([child])[0] for child in children] == together
    backwards = scorer()
    backwards.batch = 1
    assert backwards.score(children[::-1])[::-1] == together
    tight = scorer(memory=20_000_000)  # too little to keep maps for long
    assert [tight.score([child])[0] for child in children] == together


def test_children_resume_behind_the_last_block_they_share():
    one = scorer()
    one.score([PLAIN])
    macs = one.vanilla.macs
    changed = PLAIN.blocks[4]._replace(depth=1)
    one.score([Structure((*PLAIN.blocks[:4], changed))])
    assert one.vanilla.macs - macs == sum(
        vanilla.operation(layer, side, "relu", 1 << 18).macs
        for layer, side in zip(vanilla.chain(changed), (4, 4, 2))
    )


def test_a_stage_that_ends_earlier_in_a_child_is_still_measured():
    # C3 of the parent goes on behind its third block, C3 of the child ends with it
    parent, child = STRUCTURES["two blocks in a stage"], PLAIN
    one = scorer()
    one.score([parent])
    assert one.score([child]) == scorer().score([child])


def test_nothing_is_measured_twice():
    one = scorer(repeats=2)
    first = one.score([PLAIN, PLAIN])
    macs = one.vanilla.macs
    assert one.score([PLAIN]) == first[:1] == first[1:]
    assert one.passes(PLAIN, 2)[1].z == one.passes(PLAIN, 1, first=1)[0].z
    assert one.vanilla.macs == macs


def test_seeds_and_passes_are_independent():
    zs = [one.z for one in scorer().passes(PLAIN, 6)] + [
        one.z for one in scorer(seed=1).passes(PLAIN, 6)
    ]
    assert len(set(zs)) == 12
    assert stdev(zs) == pytest.approx(predicted_std(PLAIN, SMALL), rel=0.8)


def test_the_score_says_how_it_was_made():
    single = scorer().score([PLAIN])[0]
    assert (single.method, single.passes) == ("forward", 1)
    assert single.z_std == predicted_std(PLAIN, SMALL)
    several = scorer(repeats=5)
    score = several.score([PLAIN])[0]
    passes = several.passes(PLAIN, 5)
    assert score.z == pytest.approx(fmean(one.z for one in passes))
    assert score.z_std == pytest.approx(stdev(one.z for one in passes))
    assert score.z_error == pytest.approx(score.z_std / sqrt(5))
    assert score.passes == 5
    assert "5 passes" in score.detail and "on cpu" in score.detail
    assert score.detail == several.detail


@pytest.mark.parametrize("resolution", [32, 63, 100, 0, -64])
def test_refuses_resolutions_that_no_map_fits(resolution):
    with pytest.raises(ScoringError, match=f"resolution is {resolution}, .* multiple of 32"):
        ForwardScorer(Objective(resolution=resolution))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_says_what_to_do_without_cuda():
    with pytest.raises(ScoringError, match="set `device: cpu`"):
        ForwardScorer(SMALL, "cuda")


def test_a_stage_without_convolution_has_no_entropy():
    blocks = (STEM, Block("MaxPool", 3, 16, 32, 2), *TAIL)
    with pytest.raises(ScoringError, match="stage C2 has no convolution"):
        scorer().score([Structure(blocks)])


def test_a_layer_that_a_vanilla_network_has_not_is_refused():
    with pytest.raises(ValueError, match="a vanilla network has no layer 'add'"):
        vanilla.operation(Layer("add", 8, 8, 1, 1), 16, "relu", 1 << 20)
