"""Limits that leave a search nothing, and the initial structures that they do not allow."""

import pytest

from maedet_tui.presets import parse
from tests.presets.test_bad_presets import problems

HEAD = "budget: {flops: 200G}\nspace: "


@pytest.mark.parametrize(
    ("space", "initial", "words"),
    [
        ("{kernels: [7]}", "initial", "block 2 of 'initial': kernel is 3"),
        ("{max_width: 512}", "initial", "block 5 of 'initial': out is 2048"),
        ("{max_width: 512}", "initial", "(likewise block 4); raise max_width to 2048, or write"),
        ("{blocks: [InvertedBlock]}", "initial", "as a list of blocks, as maedet-mb-s has it"),
        ("{stage_depths: {C5: 1}}", "resnet-50", "stage C5 has 3 bottlenecks"),
        ("{bottleneck_ratio: [0.5, 1]}", "initial", "(likewise block 3, 4, 5); widen the limits"),
        (
            "{width_step: 4, max_width: 2400, stage_depths: {C3: 12, C4: 12, C5: 12}}",
            "maedet-l",
            "depth is 12, over space.split_above 10",
        ),
    ],
)
def test_a_limit_that_a_known_structure_breaks_is_said_once(space, initial, words):
    (problem,) = (
        one for one in problems(f"{HEAD}{space}\ninitial: {initial}") if "stage C4" not in str(one)
    )
    assert (problem.where, problem.key) == ("my.yaml:3", "initial")
    assert words in problem.message and len(str(problem)) < 300


def test_layers_alone_are_a_budget_as_widths_have_a_limit():
    assert parse("budget: {layers: 91}").budget.layers == 91


BASIC = "  - {block: BasicBlock, kernel: 3, in: 16, out: 16, stride: 2, bottleneck: 16, depth: 1}\n"


def shallow(layers):
    stem = "  - {block: Conv, kernel: 3, in: 3, out: 16, stride: 2}\n"
    head = f"budget: {{flops: 91G, layers: {layers}}}\nspace: {{blocks: [BasicBlock]}}\n"
    return head + "initial:\n" + stem + 4 * BASIC


def test_the_fewest_layers_are_those_of_the_space():
    assert parse(shallow(9)).budget.layers == 9
    (problem,) = problems(shallow(8))
    assert problem.key == "budget.layers" and "the smallest has 9 layers" in problem.message


def test_the_smallest_cost_counts_every_block_that_the_search_begins_with():
    with_pool = "budget: {flops: 91G, layers: 10}\ninitial: resnet-50\nspace: {max_width: 2048}"
    (problem,) = problems(with_pool)
    # stem, and four blocks of three convolutions behind the pooling
    assert "the smallest has 13 layers" in problem.message
    assert "or 49 for the initial structure as it is" in problem.message


def test_a_structure_of_poolings_is_nothing_to_search():
    pool = "  - {block: MaxPool, kernel: 3, in: 3, out: 3, stride: 2}\n"
    (problem,) = problems("budget: {flops: 91G}\nspace: {width_step: 1}\ninitial:\n" + 5 * pool)
    assert problem.key == "initial" and "no block that a search could change" in problem.message
