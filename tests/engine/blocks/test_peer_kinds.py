"""The kinds of blocks of TinyNAS, ZenNAS and RegNet: entropy, costs, mutations, limits."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from benchmarks import kinds
from engine.blocks import KINDS, chain, layers_of_unit, units
from engine.checks import check
from engine.costs import total_cost
from engine.optimum.problem import NoOptimum, Problem
from engine.scorers.base import ScoringError
from engine.scorers.closed_form import ClosedForm
from engine.scorers.factory import make_scorer
from engine.search.mutation import Mutator
from engine.search.rules import Widths
from engine.settings import CLOSED, GRADIENT_PROXIES, PROXIES, Forward, Objective, Preset, Space
from engine.structure import Block, Structure, StructureError
from tests.engine.backbone.random_structures import PEERS, YOLO
from tests.engine.scorers import literal

PEER_KINDS = (
    "K1KXBlock", "KXKXBlock", "GroupedBlock", "DepthwiseBlock", "ZenResBlock", "ZenBasicBlock",
    "ZenInvertedBlock", "RepK1KXBlock", "RepKXKXBlock", "CSPK1KXBlock", "CSPKXKXBlock",
    "MobileBlock",
)  # fmt: skip


def of_kind(kind, stem="Focus", width=64):
    """A plain structure of one kind, five levels."""
    fields = KINDS[kind].fields
    blocks = [Block(stem, 3, 3, 32, 2)]
    for level in range(4):
        before = blocks[-1].out_channels
        block = Block(
            kind, 3, before, width << level, 2, 48 if "bottleneck" in fields else 0, 2,
            2 if "expansion" in fields else 0, group=16 if "group" in fields else 0,
        )  # fmt: skip
        blocks.append(block)
    return Structure(tuple(blocks))


def space_of(kind):
    return Space(blocks=(kind,), bottleneck_ratio=(0.1, 4.0), max_width=512, expansions=(1, 2, 4))


@pytest.mark.parametrize("kind", PEER_KINDS)
def test_the_vanilla_network_is_the_literal_one(kind):
    for block in (*of_kind(kind).blocks, of_kind(kind).blocks[2]._replace(stride=1, depth=3)):
        found = [
            (c.in_channels, c.out_channels, c.kernel, c.stride, c.groups)
            for c in chain(block)
            if c.op == "conv"
        ]
        assert found == literal.convolutions(block)


@pytest.mark.parametrize(
    ("kind", "like"),
    [
        ("RepK1KXBlock", "K1KXBlock"), ("RepKXKXBlock", "KXKXBlock"), ("ZenResBlock", "ResBlock"),
        ("ZenBasicBlock", "BasicBlock"), ("MobileBlock", "DepthwiseBlock"),
    ],
)  # fmt: skip
def test_kinds_that_differ_in_shortcuts_and_activations_have_the_same_entropy(kind, like):
    found = of_kind(kind)
    others = Structure(
        tuple(one._replace(kind=like) if one.kind == kind else one for one in found.blocks)
    )
    (score, other) = ClosedForm(Objective(resolution=64)).score([found, others])
    assert score.entropies == other.entropies
    assert units(found.blocks[2]) != units(others.blocks[2])


@pytest.mark.nightly
@pytest.mark.parametrize("kind", PEER_KINDS)
def test_the_entropy_is_that_of_literal_passes(kind):
    structure = of_kind(kind)
    passes = np.array([literal.entropies(structure, 64, seed=seed) for seed in range(4)])
    (score,) = ClosedForm(Objective(resolution=64)).score([structure])
    error = passes.std(0, ddof=1) / 2
    difference = np.abs(passes.mean(0) - score.entropies)
    assert (difference <= 4 * error + 3e-3 * passes.mean(0) + 0.01).all(), (difference, error)


@pytest.mark.parametrize("kind", ["CSPK1KXBlock", "CSPKXKXBlock"])
def test_what_goes_around_the_pairs_of_a_csp_block_changes_next_to_nothing(kind):
    structure = of_kind(kind)
    passes = np.array(literal.entropies(structure, 32))
    both = np.array(literal.entropies(structure, 32, halves=True))
    assert (passes != both)[1:].all()
    assert np.abs(both / passes - 1).max() < 1e-4


def test_layers_of_what_depth_counts():
    found = {kind: layers_of_unit(kind, 2) for kind in KINDS if "depth" in KINDS[kind].fields}
    assert found == {
        "ResBlock": 3, "BasicBlock": 2, "InvertedBlock": 3, "K1KXBlock": 2, "KXKXBlock": 2,
        "GroupedBlock": 3, "DepthwiseBlock": 3, "ZenResBlock": 3, "ZenBasicBlock": 2,
        "ZenInvertedBlock": 6, "RepK1KXBlock": 2, "RepKXKXBlock": 2, "CSPK1KXBlock": 2,
        "CSPKXKXBlock": 2, "MobileBlock": 3,
    }  # fmt: skip
    assert layers_of_unit("InvertedBlock", 1) == 2


@pytest.mark.nightly
@pytest.mark.parametrize("row", [name for name in kinds.ROWS if name != "narrow"])
def test_closed_form_against_32_passes_over_50_structures(row):
    structures = list(kinds.structures_of(kinds.ROWS[row], 50))
    errors, _, _ = kinds.measured(structures, passes=32, resolution=64)
    assert (np.abs(errors).mean(0) < 3e-3).all(), (row, np.abs(errors).mean(0))


@pytest.mark.parametrize("kind", PEER_KINDS)
def test_every_mutation_can_be_built(kind):
    mutator, rng = Mutator(space_of(kind)), Random(1)
    structure, changed = of_kind(kind), set()
    for number in range(200):
        mutation = mutator.mutate(structure, rng, fine=number % 3 == 0)
        structure = check(mutation.structure)
        changed.add(mutation.field)
        assert total_cost(structure).params > 0
    assert changed >= set(KINDS[kind].mutable)


@pytest.mark.parametrize("kind", PEER_KINDS)
def test_the_rules_of_a_space_hold_for_every_kind(kind):
    ranges = ((16, 32), (32, 128), (64, 128), (128, 256), (256, 512))
    rules = {"monotone_widths": True, "max_expansion": 4, "widths": ranges}
    space = replace(space_of(kind), bottleneck_ratio=(0.09, 4), **rules)
    mutator, rng, structure = Mutator(space, compound=0.4), Random(3), of_kind(kind)
    met = set()
    for number in range(150):
        structure = mutator.mutate(structure, rng, fine=number % 3 == 0).structure
        assert Widths(space).broken(structure.blocks) is None
        met.add(structure.widths)
        for block in structure.blocks:
            if "bottleneck" in KINDS[kind].fields and block.kind == kind:
                assert 0.09 <= block.bottleneck / block.out_channels <= 4
    assert len(met) >= 8


def test_kinds_turn_into_each_other():
    every = (*PEER_KINDS, "ResBlock", "BasicBlock", "InvertedBlock")
    mutator, rng = Mutator(Space(blocks=every, max_width=256)), Random(2)
    structure, met = of_kind("GroupedBlock"), set()
    for _ in range(800):
        structure = check(mutator.mutate(structure, rng, fine=False).structure)
        met.update(block.kind for block in structure.blocks)
    assert met == {*every, "Focus"}


def test_regnet_has_its_published_parameters():
    # RegNetX-400MF: 5,495,976 with its classifier of 1,000 classes
    rows = ((32, 32, 1), (32, 64, 2), (64, 160, 7), (160, 400, 12))
    blocks = [Block("Conv", 3, 3, 32, 2)]
    blocks += [Block("GroupedBlock", 3, a, b, 2, b, n, group=16) for a, b, n in rows]
    structure = check(Structure(tuple(blocks)))
    assert total_cost(structure).params == 5_495_976 - 401 * 1000


def test_groups_divide_a_bottleneck_that_is_no_multiple():
    (first, _), *_ = KINDS["GroupedBlock"].units(Block("GroupedBlock", 3, 8, 8, 1, 56, group=16))
    assert first.main[1].groups == 7  # 8 channels each


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (Block("Focus", 3, 3, 8, 1), "stride is 1"),
        (Block("Focus", 3, 8, 8, 2), "only an image of 3 channels"),
        (Block("GroupedBlock", 3, 3, 8, 2, 8), "group is 0, but must be at least 1"),
        (Block("DepthwiseBlock", 3, 3, 8, 2, 0), "bottleneck is 0"),
        (Block("K1KXBlock", 3, 3, 8, 2, 8, se=4), "se is 4, but a K1KXBlock has none"),
        (Block("ZenInvertedBlock", 3, 3, 8, 2, 8), "expansion is 0"),
        (Block("CSPK1KXBlock", 3, 3, 1, 2, 8), "out is 1, but two halves need at least 2"),
        (Block("SPP", 5, 3, 3, 2), "stride is 2, but an SPP keeps the size: write 1"),
        (Block("SPP", 5, 3, 8, 1), "pooling keeps the channels"),
        (Block("MobileBlock", 3, 3, 8, 2, 8, se=4), "se is 4, but a MobileBlock has none"),
    ],
)
def test_impossible_numbers_are_told_with_the_fix(block, words):
    with pytest.raises(StructureError, match=words):
        check(Structure((block,)))


def test_no_bound_is_claimed_of_kinds_without_one():
    preset = Preset("peers", of_kind("K1KXBlock"), space=space_of("K1KXBlock"))
    with pytest.raises(NoOptimum, match="nothing is proven of spaces with a Focus"):
        Problem(preset)


@pytest.mark.parametrize("scorer", PROXIES)
def test_proxies_refuse_in_words_what_is_no_row_of_layers(scorer):
    halves = Structure((Block("Conv", 3, 3, 16, 2), *YOLO.blocks[1:]))
    for name in (scorer, scorer + CLOSED):
        judge = make_scorer(name, "cpu", Objective(resolution=32), Forward())
        with pytest.raises(ScoringError, match=r"block 1 is a Focus.* or write a Conv with stride"):
            judge.score([PEERS])
        with pytest.raises(ScoringError, match="block 2 is a CSPK1KXBlock, which no proxy knows"):
            judge.score([halves])


@pytest.mark.parametrize("scorer", GRADIENT_PROXIES)
def test_proxies_of_gradients_refuse_paths_that_are_no_row_in_words(scorer):
    judge = make_scorer(scorer, "cpu", Objective(resolution=32), Forward())
    halves = Structure((Block("Conv", 3, 3, 16, 2), Block("CSPK1KXBlock", 3, 16, 32, 2, 16, 2)))
    for structure, words in ((PEERS, "block 1 is a Focus"), (halves, "block 2 is a CSPK1KXBlock")):
        with pytest.raises(ScoringError, match=words):
            judge.score([structure])
