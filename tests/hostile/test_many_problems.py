"""A file with tens of thousands of mistakes: twenty are told, the others are counted, and no
more than twenty are looked into."""

import json

import pytest
from click.testing import CliRunner

from engine.formats import rows, strict_yaml, structure_info, structure_yaml
from engine.messages import LONGEST, MOST_PROBLEMS, Problems, and_more, blocks_named, clipped
from engine.structure import StructureError
from engine.training.annotations import read_annotations
from engine.training.errors import TrainingError
from maedet_tui.cli import cli
from maedet_tui.presets import PresetError, parse, validate
from maedet_tui.presets.problems import tally
from tests.presets.test_bad_presets import BLOCK, SMALL, STEM

MANY = 40_000


@pytest.fixture
def compared(monkeypatch):
    """How often an unknown word was compared with the known ones, which is what takes long."""
    calls, closest = [], rows.closest

    def counted(*arguments, **options):
        calls.append(arguments)
        return closest(*arguments, **options)

    for module in (rows, structure_yaml, structure_info, validate):
        monkeypatch.setattr(module, "closest", counted)
    return calls


def test_of_many_problems_the_first_are_worded():
    problems, worded = Problems(), []
    for number in range(MANY):
        problems.add(lambda number=number: worded.append(number))
    assert len(problems) == MANY and len(problems.told) == len(worded) == MOST_PROBLEMS
    assert problems.more == MANY - MOST_PROBLEMS
    assert and_more(1) == "and 1 more problem" and and_more(39_980) == "and 39,980 more problems"


def test_a_long_line_keeps_both_ends():
    line = "file.yaml:3: budget" + "x" * 1000 + "; write 91G"
    short = clipped(line)
    assert len(short) == LONGEST and short.startswith("file.yaml:3: budget")
    assert short.endswith("x; write 91G") and " … " in short
    assert clipped(f"a\n{line}\nb") == f"a\n{short}\nb"
    assert clipped("y" * LONGEST) == "y" * LONGEST


def test_unknown_keys_by_the_ten_thousand_end_the_reading(compared, monkeypatch):
    nodes, compose = [], strict_yaml._Loader.compose_node

    def counted(self, *arguments):
        nodes.append(arguments)
        return compose(self, *arguments)

    monkeypatch.setattr(strict_yaml._Loader, "compose_node", counted)
    text = "\n".join(f"key{number}: 1" for number in range(MANY))
    with pytest.raises(PresetError) as caught:
        parse(text, source="my.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"my.yaml:{strict_yaml.MAX_KEYS + 1}: more than 500 keys")
    assert len(nodes) <= 2 * strict_yaml.MAX_KEYS + 2 and not compared


def test_unknown_keys_by_the_hundred_are_counted(compared):
    text = SMALL + "\n".join(f"key{number}: 1" for number in range(300))
    with pytest.raises(PresetError) as caught:
        parse(text, source="my.yaml")
    found = caught.value.problems
    assert len(found) == MOST_PROBLEMS + 1 and tally(found) == 300
    assert str(found[-1]) == "my.yaml: and 280 more problems"
    assert found[0].where == "my.yaml:8" and len(compared) == MOST_PROBLEMS


def test_blocks_by_the_hundred_are_counted(compared):
    bad = BLOCK.replace("kernel: 3", "kernal: 3, oops: 1, depht: 1").replace("ResBlock", "Conv")
    text = "budget: {flops: 91G, zzz: 1}\ninitial:\n" + STEM + 300 * bad
    with pytest.raises(PresetError) as caught:
        parse(text, source="my.yaml")
    found = caught.value.problems
    assert len(found) == MOST_PROBLEMS + 1 and found[0].key == "budget.zzz"
    assert tally(found) == 1 + 300 * 6  # three unknown keys, two of another kind, no kernel
    assert len(compared) <= 2 * MOST_PROBLEMS + 1
    with pytest.raises(StructureError) as other:
        structure_yaml.loads("structure:\n" + STEM + 300 * bad)
    assert len(other.value.problems) == 6  # of 300 blocks each
    assert all(one.startswith("blocks 2-301: ") for one in other.value.problems)
    assert max(map(len, str(other.value).splitlines())) <= LONGEST


def test_blocks_are_named_in_a_few_words():
    assert blocks_named([2]) == "block 2" and blocks_named([2, 3]) == "blocks 2-3"
    assert blocks_named([1, 4, 5, 6, 9]) == "blocks 1, 4-6, 9"
    assert blocks_named(range(2, 402, 2)) == "blocks 2, 4, 6, 8, 10, 12 and 194 more"


def test_keys_of_a_structure_info_are_counted(compared):
    row = "{'class': 'ConvKXBNRELU', 'in': 3, 'out': 8, 's': 2, 'k': 3"
    keys = ", ".join(f"'key{number}': 1" for number in range(MANY // 2))
    with pytest.raises(StructureError) as caught:
        structure_info.loads("[" + row + ", " + keys + "}]")
    assert len(compared) == MOST_PROBLEMS
    assert caught.value.problems[-1] == "and 19,980 more problems"
    with pytest.raises(StructureError, match="more than 200,000 words"):
        structure_info.loads("[" + "1," * 150_000 + "]")


def test_records_of_annotations_are_counted(tmp_path):
    records = [{"id": 1, "file_name": "n" * 500, "width": 64, "height": 64}] * 3000
    document = {"images": records, "annotations": [{}], "categories": []}
    (tmp_path / "ann.json").write_text(json.dumps(document))
    with pytest.raises(TrainingError) as caught:
        read_annotations(tmp_path / "ann.json", tmp_path)
    problems = caught.value.problems
    assert len(problems) == MOST_PROBLEMS + 1 and problems[-1] == "and 2,981 more problems"
    assert max(map(len, problems)) <= LONGEST and caught.value.count == 3001


def test_the_command_line_tells_as_many(own_presets, tmp_path):
    path = own_presets / "mine.yaml"
    path.write_text(SMALL + "\n".join(f"key{number}: 1" for number in range(300)))
    runner = CliRunner()
    listed = runner.invoke(cli, ["presets"])
    assert "(and 299 more)" in listed.output
    checked = runner.invoke(cli, ["presets", "validate", str(path)])
    assert checked.stderr.endswith("has 300 problems\n")
    assert "and 280 more problems" in checked.stderr
    searched = runner.invoke(cli, ["search", "mine", "--headless"])
    assert searched.stderr.startswith("Error: 300 problems:\n")
    (tmp_path / "bad.yaml").write_text("structure:\n" + STEM + 40 * BLOCK.replace("in:", "inn:"))
    scored = runner.invoke(cli, ["score", str(tmp_path / "bad.yaml")])
    assert "blocks 2-41: in is missing; write a whole number" in scored.stderr
    for result in (listed, checked, searched, scored):
        assert max(map(len, (result.output + result.stderr).splitlines())) <= LONGEST
