"""The authors' text format: what they released reads, what is not data is refused."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import structure_info
from engine.structure import Block, StructureError
from engine.zoo import ZOO
from tests.strategies import structures

STEM = "{'class': 'ConvKXBNRELU', 'in': 3, 'out': 64, 's': 2, 'k': 3}"


def res(width, out, stride=2, **extra):
    row = {"class": "SuperResK1KXK1", "in": width, "out": out, "s": stride, "k": 3}
    return str({**row, "L": 2, "btn": 16, **extra})


def small(stem=STEM, **extra):
    """A five-level structure whose last block has extra keys."""
    rows = [stem, res(64, 64), res(64, 64), res(64, 64), res(64, 64, **extra)]
    return f"[{', '.join(rows)}]"


@given(structures())
def test_any_structure_without_pooling_survives_a_round_trip(structure):
    assert structure_info.loads(structure_info.dumps(structure)) == structure


def test_pooling_has_no_class_there_and_is_sent_to_yaml():
    with pytest.raises(StructureError, match=r"block 2: .* MaxPool; save .* YAML"):
        structure_info.dumps(ZOO["resnet-50"].structure)


def test_what_is_written_is_what_their_loader_expects():
    value = ast.literal_eval(structure_info.dumps(ZOO["maedet-m"].structure))
    assert value["space_arch"] == "CnnNet"
    stem, *_, last = value["best_structures"][0]
    assert stem == {"class": "ConvKXBNRELU", "in": 3, "out": 64, "s": 2, "k": 3}
    assert last == {
        "class": "SuperResK1KXK1",
        "in": 1632,
        "out": 2048,
        "s": 2,
        "k": 5,
        "L": 8,
        "btn": 184,
    }


def test_their_layout_with_odd_spaces_and_the_older_class_name_reads():
    text = structure_info.dumps(ZOO["maedet-s"].structure)
    older = text.replace("SuperResK1KXK1", "SuperResConvK1KXK1").replace("{'class", " \n {'class")
    assert structure_info.loads("  \n" + older + "   \n") == ZOO["maedet-s"].structure


@pytest.mark.parametrize("wrap", ["{}", "[{}]", "({},)", "{{'best_structures': [{}]}}"])
def test_the_dict_the_list_of_lists_and_the_bare_list_read(wrap):
    assert len(structure_info.loads(wrap.format(small())).blocks) == 5


def test_tuples_comments_and_continued_lines_read():
    text = "# found by hand\n(" + small()[1:-1].replace("'s': 2", "\\\n's': 2") + ")"
    assert len(structure_info.loads(text).blocks) == 5


def test_several_blocks_in_a_stage_and_other_stem_kernels():
    stem = "{'class': 'ConvKXBNRELU', 'in': 3, 'out': 64, 's': 2, 'k': 7}"
    text = small(stem)[:-1] + f", {res(64, 128, 1)}, {res(128, 128, 1)}]"
    structure = structure_info.loads(text)
    assert structure.blocks[0].kernel == 7
    assert structure.levels == ("C1", "C2", "C3", "C4", "C5", "C5", "C5")


def test_a_missing_stride_is_one_as_in_their_code():
    text = small()[:-1] + ", {'class': 'ConvKXBNRELU', 'in': 64, 'out': 128, 'k': 1}]"
    assert structure_info.loads(text).blocks[-1] == Block("Conv", 1, 64, 128, 1)


@pytest.mark.parametrize(
    "extra",
    [{"p": 1}, {"g": 1}, {"act": "relu"}, {"inner_class": "ResK1KXK1"}, {"nbitsA": [8, 8]},
     {"force_resproj_skip": 4}],
)  # fmt: skip
def test_extra_keys_with_their_default_values_are_accepted(extra):
    assert structure_info.loads(small(**extra)) == structure_info.loads(small())


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"p": 0}, ["block 5", "'p' is 0", "only 1"]),
        ({"g": 2}, ["block 5", "'g' is 2"]),
        ({"act": "swish"}, ["'act'", "swish"]),
        ({"nbitsA": [4]}, ["'nbitsA'", "8 bits"]),
        ({"bnt": 3}, ["'bnt'", "did you mean btn"]),
        ({"btn": 2.5}, ["btn is 2.5"]),
        ({"btn": 0}, ["bottleneck is 0"]),
        ({"L": True}, ["L is True"]),
        ({"L": 10**9}, ["L is 1000000000", "at most"]),
        ({"class": "SuperResK1DWK2"}, ["'class'", "SuperResK1DWK2", "SuperResK1KXK1"]),
        ({"in": 32}, ["block 5", "in is 32", "64 channels"]),
        ({"s": 3}, ["s is 3"]),
    ],
)
def test_what_we_cannot_build_is_named_with_block_and_key(extra, words):
    with pytest.raises(StructureError) as caught:
        structure_info.loads(small(**extra))
    for word in words:
        assert word in str(caught.value)


def test_missing_keys_are_all_reported():
    with pytest.raises(StructureError) as caught:
        structure_info.loads("[{'class': 'SuperResK1KXK1', 'in': 3, 's': 2}]")
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch EVIL')",
        "[].__class__.__base__.__subclasses__()",
        "open('EVIL', 'w')",
        "lambda: 0",
        "[x for x in ()]",
        "f'{1}'",
        "{'best_structures': [[{'class': exec('1')}]]}",
        "1 if 2 else 3",
        "9**9**9",
        "'a' * 10",
        "-" * 100_000 + "1",
        "[" * 100_000,
        "(" * 15 + ")" * 15,
        "[1, 2",
        "]",
        "{[]: 1}",
        "{{}}",
        "'\\x41'",
        "1" * 10_000,
        "nan",
        "\x00",
        "",
        "# nothing",
        "{'a': 1}",
        "{'best_structures': 3}",
        "{'best_structures': [[]]}",
        "{'best_structures': [[1]], 'space_arch': 'CnnNet'}",
        "{'best_structures': [], 'space_arch': 'Cnn3DNet'}",
        "x" * 600_000,
    ],
)
def test_code_and_nonsense_are_refused_in_words(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StructureError) as caught:
        structure_info.loads(text)
    assert 5 < len(str(caught.value)) < 500
    assert list(tmp_path.iterdir()) == []


@given(st.text(alphabet="[]{}(),:'\"-+.0123456789abLk \n#\\", max_size=60))
@settings(max_examples=300)
def test_no_text_raises_anything_else(text):
    try:
        structure_info.loads(text)
    except StructureError as error:
        assert str(error)
