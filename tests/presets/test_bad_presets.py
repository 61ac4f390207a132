"""Each kind of nonsense in a preset is refused with file, line, key and fix, all at once."""

import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maedet_tui.presets import PresetError, load, parse

STEM = "- {block: Conv, kernel: 3, in: 3, out: 64, stride: 2}\n"
BLOCK = "- {block: ResBlock, kernel: 3, in: 64, out: 64, stride: 2, bottleneck: 16, depth: 1}\n"
SMALL = "budget: {flops: 91G}\ninitial:\n" + STEM + 4 * BLOCK


def problems(text):
    with pytest.raises(PresetError) as caught:
        parse(text, source="my.yaml")
    return caught.value.problems


def with_block(old, new, number=2):
    """SMALL with something else in one block, the blocks counted from 1."""
    lines = SMALL.splitlines()
    assert old in lines[number + 1]
    lines[number + 1] = lines[number + 1].replace(old, new)
    return "\n".join(lines)


CASES = [
    # unknown keys, at every level
    ("budgett: 3\n" + SMALL, "my.yaml:1", "budgett", "did you mean budget?"),
    (SMALL + "zzz: 1", "my.yaml:8", "zzz", "use one of name, description"),
    ("budget: {flops: 91G, parms: 1M}", "my.yaml:1", "budget.parms", "did you mean params?"),
    (SMALL + "space: {stage_depths: {C6: 3}}", "my.yaml:8", "space.stage_depths.C6", "C1, C2"),
    # types
    ("budget: 91G", "my.yaml:1", "budget", "mapping of keys (flops, image_size"),
    ("budget: {flops: 91X}", "my.yaml:1", "budget.flops", "'91X' is not a quantity"),
    ("budget: {flops: true}", "my.yaml:1", "budget.flops", "is not a quantity"),
    ("budget: {flops: -5}", "my.yaml:1", "budget.flops", "at least 1"),
    ("budget: {flops: 91G, layers: 9.5}", "my.yaml:1", "budget.layers", "whole number"),
    ("budget: {flops: 91G, layers: '91'}", "my.yaml:1", "budget.layers", "whole number"),
    ("budget: {flops: 91G, layers: 5}", "my.yaml:1", "budget.layers", "at least 13"),
    ("budget: {flops: 91G, image_size: 800}", "my.yaml:1", "budget.image_size", "1280x800"),
    (SMALL + "audit: maybe", "my.yaml:8", "audit", "true or false"),
    (SMALL + "description: [a]", "my.yaml:8", "description", "text"),
    (SMALL + "scorer: fwd", "my.yaml:8", "scorer", "forward"),
    (SMALL + "scorer: closed_form", "my.yaml:8", "scorer", "did you mean closed-form?"),
    (SMALL + "scorer: zenscore", "my.yaml:8", "scorer", "did you mean zen-score?"),
    ("budget: {latency: 25}", "my.yaml:1", "budget.latency", "write a time such as 25ms"),
    ("budget: {latency: 0ms}", "my.yaml:1", "budget.latency", "write a time such as 25ms"),
    (SMALL + "timing: {dtype: float8}", "my.yaml:8", "timing.dtype", "did you mean float32?"),
    (SMALL + "forward: {batch: 1}", "my.yaml:8", "forward.batch", "at least 2"),
    (SMALL + "device: mps", "my.yaml:8", "device", "are added up: use one of auto, cpu, cuda"),
    (SMALL + "device: gpu", "my.yaml:8", "device", "use one of auto, cpu, cuda"),
    (SMALL + "reference: maedet-x", "my.yaml:8", "reference", "did you mean maedet-"),
    (SMALL + "space: {expansions: [3, 3]}", "my.yaml:8", "space.expansions", "number twice"),
    (SMALL + "space: {blocks: [ResBlock, ResBlock]}", "my.yaml:8", "space.blocks", "kind twice"),
    # the score
    (SMALL + "score: {alphas: [0, 1]}", "my.yaml:8", "score.alphas", "has 2 numbers"),
    (SMALL + "score: {alphas: [0, 0, 0, 0, 0]}", "my.yaml:8", "score.alphas", "zero throughout"),
    (SMALL + "score: {alphas: [0, 0, 0, -1, 1]}", "my.yaml:8", "score.alphas", "negative"),
    (SMALL + "score: {alphas: [0, 0, 0, a, 1]}", "my.yaml:8", "score.alphas[4]", "number"),
    (SMALL + "score: {alphas: [0, 0, 0, .nan, 1]}", "my.yaml:8", "score.alphas[4]", "finite"),
    (SMALL + "score: {alphas: [0, 0, 0, 0, 1.0e+300]}", "my.yaml:8", "score.alphas", "above 1e+12"),
    (SMALL + "score: {alphas: 6}", "my.yaml:8", "score.alphas", "a list"),
    (SMALL + "score: {resolution: 32}", "my.yaml:8", "score.resolution", "write 64"),
    (SMALL + "score: {resolution: 380}", "my.yaml:8", "score.resolution", "write 384"),
    (SMALL + "score: {resolution: 99968}", "my.yaml:8", "score.resolution", "at most"),
    (SMALL + "score: {size: nomnal}", "my.yaml:8", "score.size", "did you mean nominal?"),
    (SMALL + "score: {activation: tanh}", "my.yaml:8", "score.activation", "relu, none"),
    # the space
    (SMALL + "space: {kernels: []}", "my.yaml:8", "space.kernels", "is empty"),
    (SMALL + "space: {kernels: [3, 4]}", "my.yaml:8", "space.kernels", "odd"),
    (SMALL + "space: {kernels: [3, 3]}", "my.yaml:8", "space.kernels", "twice"),
    (SMALL + "space: {blocks: []}", "my.yaml:8", "space.blocks", "is empty"),
    (SMALL + "space: {blocks: ResBlock}", "my.yaml:8", "space.blocks", "such as [ResBlock]"),
    (SMALL + "space: {blocks: [Resblock]}", "my.yaml:8", "space.blocks", "mean ResBlock?"),
    (SMALL + "space: {blocks: [MaxPool]}", "my.yaml:8", "space.blocks", "use one of ResBlock"),
    (SMALL + "space: {expansions: [0]}", "my.yaml:8", "space.expansions", "[1, 3, 6]"),
    (SMALL + "space: {bottleneck_ratio: [1, 0.5]}", "my.yaml:8", "space.bottleneck_ratio", "rise"),
    (SMALL + "space: {bottleneck_ratio: [1]}", "my.yaml:8", "space.bottleneck_ratio", "two"),
    (SMALL + "search: {strategy: evolve}", "my.yaml:8", "search.strategy", "evolution"),
    (SMALL + "search: {stop_gap: 0.05}", "my.yaml:8", "search.stop_gap", "such as 0.05%"),
    (SMALL + "search: {stop_gap: 100%}", "my.yaml:8", "search.stop_gap", "below 100%"),
    (SMALL + "search: {stop_gap: -1%}", "my.yaml:8", "search.stop_gap", "such as 0.05%"),
    (SMALL + "search: {stop_gap: 1%}\nbound: false", "my.yaml:8", "search.stop_gap", "bound: true"),
    (SMALL + "search: {stop_gap: 1%}\nscorer: naswot", "my.yaml:8", "search.stop_gap", "has none"),
    (SMALL + "search: {time_limit: 0s}", "my.yaml:8", "search.time_limit", "such as 30s"),
    (SMALL + "search: {time_limit: 5}", "my.yaml:8", "search.time_limit", "such as 30s"),
    (SMALL + "bound: 3", "my.yaml:8", "bound", "true"),
    (SMALL + "workers: 0", "my.yaml:8", "workers", "at least 1"),
    (SMALL + "workers: 2\nscorer: closed-form", "my.yaml:8", "workers", "leave workers out"),
    (SMALL + "workers: 2\nsearch: {strategy: exact}", "my.yaml:8", "workers", "strategy is exact"),
    (SMALL + "workers: 2\nsearch: {warm_start: closed-form}", "my.yaml:8", "workers", "makes none"),
    (SMALL + "search: {strategy: exact}\nscorer: forward", "my.yaml:8", "search.strategy",
     "a random one"),
    (SMALL + "search: {strategy: exact}\nscorer: zen-score", "my.yaml:8", "search.strategy",
     "is no entropy"),
    (SMALL.replace("91G", "91G, latency: 25ms") + "search: {strategy: exact}", "my.yaml:8",
     "search.strategy", "leave budget.latency out"),
    (SMALL + "search: {compound: 1}", "my.yaml:8", "search.compound", "at most 0.9"),
    (SMALL + "search: {trade: 1.5}", "my.yaml:8", "search.trade", "at most 1"),
    (SMALL + "search: {population: many}", "my.yaml:8", "search.population", "256, or auto"),
    (SMALL + "search: {warm_start: forward}", "my.yaml:8", "search.warm_start", "closed-form"),
    (
        SMALL + "search: {warm_start: closed-form}\nscorer: naswot",
        "my.yaml:8",
        "search.warm_start",
        "write scorer: forward",
    ),
    (SMALL + "search: {balance: true}", "my.yaml:8", "search.balance", "write trade: 0.3"),
    (with_block("bottleneck: 16", "bottleneck: 64") + "\nspace: {bottleneck_ratio: [0, 0.5]}",
     "my.yaml:4", "initial[2]", "0 to 0.5; write a bottleneck from 8 to 32"),
    (SMALL + "space: {bottleneck_ratio: [0.21, 0.22], max_width: 64}", "my.yaml:8",
     "space.bottleneck_ratio", "leaves a ResBlock no width"),
    (SMALL + "space: {max_width: 100}", "my.yaml:8", "space.max_width", "write 96"),
    (SMALL + "space: {split_above: 0}", "my.yaml:8", "space.split_above", "at least 2"),
    (SMALL + "space: {stage_depths: {C3: 0}}", "my.yaml:8", "space.stage_depths.C3", "at least 1"),
    (SMALL + "space: {stage_depths: [3]}", "my.yaml:8", "space.stage_depths", "mapping"),
    # the search
    (SMALL + "search: {population: 1}", "my.yaml:8", "search.population", "at least 2"),
    (SMALL + "search: {iterations: 0}", "my.yaml:8", "search.iterations", "at least 1"),
    (SMALL + "search: {iterations: 9e4}", "my.yaml:8", "search.iterations", "whole number"),
    (SMALL + "search: {seed: -1}", "my.yaml:8", "search.seed", "at least 0"),
    (SMALL + "search: {fine_at: 50}", "my.yaml:8", "search.fine_at", "at most 1"),
    (SMALL + "search: {population: 5}", "my.yaml:8", "search.keep", "at most 5"),
    (SMALL + "search: {keep: 300}", "my.yaml:8", "search.keep", "at most 256"),
    (SMALL + "forward: {memory: 1K}", "my.yaml:8", "forward.memory", "at least"),
    (SMALL + "forward: {repeats: 0}", "my.yaml:8", "forward.repeats", "at least 1"),
    # the initial structure
    (SMALL.replace("91G", "1G"), "my.yaml:2", "initial", "over the budget's 1G"),
    (SMALL.replace("91G", "1M"), "my.yaml:1", "budget.flops", "the smallest has 153.2M flops"),
    ("budget: {params: 1K}", "my.yaml:1", "budget.params", "no structure of the space meets"),
    (SMALL.replace("91G", "91G, layers: 13").replace("depth: 1", "depth: 2"), "my.yaml:2",
     "initial", "has 25 layers, over the budget's 13"),
    (SMALL.replace("91G", "91G, params: 20K"), "my.yaml:2", "initial", "raise budget.params"),
    ("budget: {flops: 91G}\ninitial: resnet", "my.yaml:2", "initial", "resnet-50"),
    ("budget: {flops: 91G}\ninitial: 5", "my.yaml:2", "initial", "zoo name"),
    ("budget: {flops: 91G}\ninitial: []", "my.yaml:2", "initial", "list of blocks"),
    (with_block("ResBlock", "ResBlok"), "my.yaml:4", "initial[2].block", "mean ResBlock?"),
    (with_block("kernel: 3", "kernel: big"), "my.yaml:4", "initial[2].kernel", "whole number"),
    (with_block("kernel: 3", "kernel:"), "my.yaml:4", "initial[2].kernel", "is empty"),
    (with_block("ResBlock", "BasicBlock"), "my.yaml:4", "initial[2].block",
     "use one of these or add BasicBlock there"),
    (with_block("depth: 1", "depth: 3") + "\nspace: {split_above: 2}", "my.yaml:4",
     "initial[2].depth", "raise split_above to 3"),
    (with_block("kernel: 3", "kernel: 7"), "my.yaml:4", "initial[2].kernel", "has 3, 5"),
    (with_block("in: 64", "in: 32"), "my.yaml:4", "initial[2]", "puts out 64"),
    (with_block("bottleneck: 16", "bottleneck: 12"), "my.yaml:4", "initial[2].bottleneck",
     "write 16"),
    (with_block("bottleneck: 16", "bottleneck: 80") + "\nspace: {max_width: 72}", "my.yaml:4",
     "initial[2].bottleneck", "max_width 72"),
    (with_block("depth: 1", "depth: 4"), "my.yaml:4", "initial[2]", "C2 has 4 bottlenecks"),
    (with_block("stride: 2", "stride: 1"), "my.yaml:2", "initial", "exactly 5"),
    # the file as a whole
    (SMALL + "search: {seed: 1, seed: 2}", "my.yaml:8", "search.seed", "written twice"),
    (SMALL + "budget: {flops: 1G}", "my.yaml:8", "budget", "written twice"),
    ("description: nothing else", "my.yaml:1", "budget", "limits nothing"),
    ("", "my.yaml:1", "budget", "limits nothing"),
    ("- a list", "my.yaml:1", "", "mapping of keys"),
    ("budget: {flops: 91G", "my.yaml:1", "", "a '}' is missing"),
    ("a: 1\n\tb: 2", "my.yaml:2", "", "begins with a tab"),
    ("a: 1\n  b: 2", "my.yaml:2", "", "is indented by 2, the line above by 0"),
    ("a:\n  b: 1\n c: 2", "my.yaml:3", "", "is indented by 1, the line above by 2"),
    ("a: b: 2", "my.yaml:1", "", "second ': '"),
    ('a: "b', "my.yaml:1", "", "quotation mark that was opened"),
    ('a: "\\q"', "my.yaml:1", "", "not valid YAML"),
    ("budget: !!python/object/apply:os.system ['true']", "my.yaml:1", "", "tag"),
    ("a: &x {}\nb: *x", "my.yaml:2", "", "aliases"),
    ("[" * 5000, "my.yaml:1", "", "nested deeper"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "key", "words"), CASES, ids=[f"{case[2]}: {case[3]}" for case in CASES]
)
def test_each_mistake_is_named_with_file_line_key_and_fix(text, where, key, words):
    found = problems(text)
    assert [(problem.where, problem.key) for problem in found] == [(where, key)]
    assert words in found[0].message
    assert "\n" not in str(found[0]) and len(str(found[0])) < 400


def test_all_problems_come_at_once_in_the_order_of_the_file():
    found = problems(
        "budgett: 3\n"
        "budget: {flops: 10G, layers: big}\n"
        "score: {alphas: [1]}\n"
        "search: {keep: 300, seed: -1}\n"
        "reference: nobody\n"
        "initial: multi-scale-coarse\n"
    )
    assert [problem.key for problem in found] == [
        "budgett", "budget.layers", "score.alphas", "search.seed", "search.keep", "reference",
        "initial",
    ]  # fmt: skip
    assert "over the budget's 10G" in found[6].message


def test_a_value_with_a_mistake_is_not_held_against_another():
    # keep would be over the default population, had population not been mistyped
    found = problems(SMALL + "search: {population: lots, keep: 300}")
    assert [problem.key for problem in found] == ["search.population"]


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(PresetError) as caught:
        load("maedet-xl")
    assert caught.value.unknown
    assert "maedet-s, maedet-m, maedet-l" in str(caught.value)


@pytest.mark.parametrize(
    "ref", ["nowhere/x.yaml", "x.yml", "./x", "", "\x00", "a" * 5000], ids=range(6)
)
def test_a_path_to_nothing(ref):
    with pytest.raises(PresetError) as caught:
        load(ref)
    assert caught.value.unknown and "maedet-m" in str(caught.value)


def test_a_folder_binary_junk_and_a_huge_file(tmp_path):
    junk, huge = tmp_path / "junk.yaml", tmp_path / "huge.yaml"
    junk.write_bytes(bytes(range(256)))
    huge.write_bytes(b"#" * 2_000_000)
    for path, words in ((tmp_path, "folder"), (junk, "UTF-8"), (huge, "far larger")):
        with pytest.raises(PresetError, match=words) as caught:
            load(path)
        assert str(path) in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text("budget: {flops: 91G}")
    path.chmod(stat.S_IWUSR)
    with pytest.raises(PresetError, match="cannot be read"):
        load(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
KEYS = ["name", "description", "reference", "budget", "score", "space", "initial", "search",
        "scorer", "device", "forward", "audit", "flops", "alphas", "stage_depths", "kernels",
        "population", "C2"]  # fmt: skip
sections = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)


@given(st.dictionaries(st.sampled_from(KEYS), values | sections, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_content_raises_anything_else(content):
    import yaml

    try:
        parse(yaml.safe_dump(content))
    except PresetError as error:
        assert error.problems and all(str(problem) for problem in error.problems)
