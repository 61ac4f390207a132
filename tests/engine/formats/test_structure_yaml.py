"""Structures as YAML: round trips of any valid structure, and files meant to do harm."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import strict_yaml, structure_yaml
from engine.formats.limits import MAX_BLOCKS
from engine.structure import StructureError
from engine.zoo import ZOO
from tests.strategies import structures

CONV = "- {block: Conv, kernel: 3, in: 3, out: 64, stride: 2}\n"


@given(structures())
def test_any_valid_structure_survives_a_round_trip(structure):
    assert structure_yaml.loads(structure_yaml.dumps(structure)) == structure


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_survives_a_round_trip(name):
    structure = ZOO[name].structure
    assert structure_yaml.from_rows(structure_yaml.to_rows(structure)) == structure


def test_rows_have_bottleneck_and_depth_only_where_the_kind_has_them():
    stem, pool, block = structure_yaml.to_rows(ZOO["resnet-50"].structure)[:3]
    assert stem == {"block": "Conv", "kernel": 7, "in": 3, "out": 64, "stride": 2}
    assert "depth" not in pool
    assert block["bottleneck"] == 64 and block["depth"] == 3


def test_depth_counts_bottlenecks():
    rows = structure_yaml.to_rows(ZOO["maedet-m"].structure)
    assert [row["depth"] for row in rows[1:]] == [2, 10, 10, 8]  # printed as 1, 5, 5, 4


def test_a_list_of_blocks_is_a_structure_too():
    text = structure_yaml.dumps(ZOO["maedet-s"].structure).removeprefix("structure:\n")
    assert structure_yaml.loads(text) == ZOO["maedet-s"].structure


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("- {block: Cnov, kernel: 3, in: 3, out: 64, stride: 2}", ["block 1", "did you mean Conv"]),
        ("- {kernel: 3, in: 3, out: 64, stride: 2}", ["block 1: block is missing"]),
        ("- {block: Conv, kernal: 3, in: 3, out: 64, stride: 2}", ["did you mean kernel"]),
        ("- {block: Conv, kernel: 3, in: 3, stride: 2}", ["block 1: out is missing"]),
        ("- {block: Conv, kernel: 3, in: 3, out: '64', stride: 2}", ["out is '64'", "whole"]),
        ("- {block: Conv, kernel: 3, in: 3, out: true, stride: 2}", ["out is True"]),
        ("- {block: Conv, kernel: 3.0, in: 3, out: 64, stride: 2}", ["kernel is 3.0"]),
        ("- {block: Conv, kernel: 4, in: 3, out: 64, stride: 2}", ["kernel is 4", "odd"]),
        ("- {block: Conv, kernel: 3, in: 4, out: 64, stride: 2}", ["in is 4", "3 channels"]),
        ("- {block: Conv, kernel: 3, in: 3, out: -1, stride: 2}", ["out is -1"]),
        ("- {block: Conv, kernel: 3, in: 3, out: 64, stride: 2, depth: 2}", ["depth does not"]),
        (
            "- {block: ResBlock, kernel: 3, in: 3, out: 64, stride: 2, bottleneck: 8,"
            " depth: 999999999999}",
            ["depth is 999999999999", "at most"],
        ),
        ("- 7", ["block 1", "mapping"]),
    ],
)
def test_a_bad_block_is_named_with_its_key(row, words):
    with pytest.raises(StructureError) as caught:
        structure_yaml.loads(row)
    for word in words:
        assert word in str(caught.value)


def test_every_problem_is_reported_at_once():
    with pytest.raises(StructureError) as caught:
        structure_yaml.loads("- {block: Conv, kernel: x, in: y, out: 64, stride: 2}\n- 5\n")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch EVIL']",
        "structure: !!python/object/new:os.system ['touch EVIL']",
        "structure: !!python/name:os.system",
        "structure: !custom [1]",
        "structure: !!binary aGVsbG8=",
        "a: &a [1]\nstructure: *a",
        "<<: {structure: []}",
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "structure: [",
        "structure: 1" + "0" * 10_000,
        "\x00\x01\x02",
        "structure: []\n---\nstructure: []",
        "structure: []\nstructure: []",
        "a: b: c",
        "\tx: 1",
        "? [a, b]\n: 1",
        "structure: 7",
        "structure: []",
        "description: a preset\nbudget: {flops: 91G}",
        "just text",
        "",
        CONV * 2000,
        "x" * 600_000,
    ],
)
def test_hostile_and_broken_files_are_refused_in_words(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StructureError) as caught:
        structure_yaml.loads(text)
    assert 5 < len(str(caught.value)) < 2_000 or len(caught.value.problems) > 100
    assert list(tmp_path.iterdir()) == []


def test_values_remember_their_lines():
    document = strict_yaml.read("a: 1\nb:\n  c: [1,\n    2]\n")
    assert document.line(("a",)) == 1
    assert document.line(("b", "c")) == 3
    assert document.line(("b", "c", 1)) == 4
    assert document.line(("b", "c", 1, "nowhere")) == 4
    assert document.line(("d",)) == 1


def test_keys_are_words_and_dates_are_text():
    assert strict_yaml.read("on: 2024-01-01").value == {"on": "2024-01-01"}


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_no_text_raises_anything_else(text):
    try:
        structure_yaml.loads(text)
    except StructureError as error:
        assert str(error)


def test_each_kind_has_its_own_numbers_in_a_row():
    rows = [
        {"block": "Conv", "kernel": 3, "in": 3, "out": 16, "stride": 2},
        {"block": "InvertedBlock", "kernel": 3, "in": 16, "out": 24, "stride": 2,
         "expansion": 6, "depth": 2, "se": 4},
        {"block": "InvertedBlock", "kernel": 5, "in": 24, "out": 32, "stride": 2,
         "expansion": 3, "depth": 1},
        {"block": "BasicBlock", "kernel": 3, "in": 32, "out": 64, "stride": 2,
         "bottleneck": 64, "depth": 3},
        {"block": "ResBlock", "kernel": 3, "in": 64, "out": 64, "stride": 2,
         "bottleneck": 16, "depth": 1},
    ]  # fmt: skip
    structure = structure_yaml.from_rows(rows)
    assert structure.blocks[1].se == 4 and structure.blocks[2].se == 0
    assert structure_yaml.to_rows(structure) == rows
    with pytest.raises(StructureError, match="block 3: bottleneck does not belong"):
        structure_yaml.from_rows([*rows[:2], {**rows[2], "bottleneck": 8}])
    with pytest.raises(StructureError, match=r"block 2: 'expantion' .* did you mean expansion"):
        structure_yaml.from_rows([rows[0], {**rows[1], "expantion": 8}])


def test_more_blocks_than_anything_real_has():
    text = CONV + (MAX_BLOCKS) * "- {block: Conv, kernel: 3, in: 64, out: 64, stride: 1}\n"
    with pytest.raises(StructureError, match=f"{MAX_BLOCKS + 1} blocks, but at most {MAX_BLOCKS}"):
        structure_yaml.loads(text)
