"""What broke the list of presets off, and what it took for a number."""

import pytest
from click.testing import CliRunner

from engine.formats import strict_yaml, structure_info, structure_yaml
from engine.formats.rows import shown
from engine.formats.strict_yaml import MAX_KEYS, YamlError
from engine.structure import StructureError
from maedet_tui.cli import cli
from maedet_tui.presets import PresetError, parse
from maedet_tui.presets.library import entries
from maedet_tui.presets.quantities import parse_duration, parse_quantity, parse_quantity_to
from tests.presets.test_bad_presets import SMALL, problems
from tests.ui.conftest import home  # noqa: F401 # a fixture

#: text -> words of the refusal, which names the line
NONSENSE = {
    "a: 1\nb: !!int ''": "line 2: '' is not a whole number; correct it",
    "a: 1\nb: !!int x": "line 2: 'x' is not a whole number",
    'b: !!bool ""': "line 1: '' is not true or false; correct it",
    "b: !!bool 7": "line 1: '7' is not true or false",
    "b: !!float ''": "line 1: '' is not a number; correct it",
    "b: !!float .": "line 1: '.' is not a number",
    "b: !!set {a, b}": "line 1: the tag !!set is not allowed here; write a plain value",
    "b: !!binary aGk=": "the tag !!binary is not allowed",
    f"b: !{'t' * 5000} 1": "is not allowed here; write a plain value",
    'a: 1\nb: "\\U00110000"': "line 2: not valid YAML: no such character or number",
    'b: "\\UFFFFFFFF"': "line 1: not valid YAML: no such character or number",
    'b: "\\ud800"': "line 1: half a character",
    '"\\udfff": 1': "line 1: half a character (U+D800 to U+DFFF) in a key",
    f"%YAML 1.{'1' * 5000}\n---\na: 1": "not valid YAML: no such character or number",
    f"a: 1\nb: {'9' * 5000}": "line 2: a number of 5,000 characters, but none has more than 40",
    f"b: 0x{'f' * 5000}": "line 1: a number of 5,002 characters",
    f"b: 0b{'1' * 5000}": "line 1: a number of 5,002 characters",
    f"b: 1.{'0' * 5000}": "line 1: a number of 5,002 characters",
    f"b: 1{':59' * 5000}": "line 1: a number of 15,001 characters",
    f"b: {'x' * 20_001}": "line 1: a text of 20,001 characters; write at most 20,000",
    f"? {'k' * 201}\n: 1": "line 1: a key of 201 characters",
    "\n".join(f"k{n}: 1" for n in range(MAX_KEYS + 1)): f"more than {MAX_KEYS} keys in one",
}


@pytest.mark.parametrize("text", NONSENSE, ids=NONSENSE.values())
def test_nonsense_is_refused_with_its_line(text):
    with pytest.raises(YamlError) as caught:
        strict_yaml.read(text)
    assert NONSENSE[text] in str(caught.value) and len(str(caught.value)) <= 300
    for loads in (structure_yaml.loads, parse):
        with pytest.raises((StructureError, PresetError)) as other:
            loads(text)
        assert max(map(len, str(other.value).splitlines())) <= 300


def test_values_are_counted_while_they_are_read(monkeypatch):
    assert strict_yaml.MAX_NODES == 20_000
    monkeypatch.setattr(strict_yaml, "MAX_NODES", 50)
    with pytest.raises(YamlError, match="line 2: more than 50 values, which no such file has"):
        strict_yaml.read("a: [\n" + "1," * 10_000 + "]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 91", "91"), ("!!int 0x1f", 31), ("!!float 3", 3.0), ("!!bool yes", True),
        ("!!null ''", None), ("2001-01-01", "2001-01-01"), ("9" * 40, int("9" * 40)),
        (f"'{'9' * 5000}'", "9" * 5000), ('"\\U0001f600"', "\U0001f600"),
    ],
)  # fmt: skip
def test_what_makes_sense_is_read_as_before(text, value):
    assert strict_yaml.read(f"a: {text}").value == {"a": value}


@pytest.fixture
def bad_presets(own_presets):
    """A folder with every nonsense in a file of its own."""
    for number, text in enumerate(NONSENSE):
        (own_presets / f"bad{number}.yaml").write_text(text)
    (own_presets / "mine.yaml").write_text(SMALL)
    return own_presets


def test_bad_presets_leave_the_others_in_the_list(bad_presets):
    found = {entry.name: entry for entry in entries()}
    assert found["mine"].preset and found["maedet-m"].preset
    bad = [found[f"bad{number}"] for number in range(len(NONSENSE))]
    assert all(entry.problems for entry in bad)
    result = CliRunner().invoke(cli, ["presets"])
    assert result.exit_code == 0 and "maedet-l" in result.output and "bad0" in result.output
    named = CliRunner().invoke(cli, ["search", "bad1", "--headless"])
    assert named.exit_code == 1 and "bad1.yaml:2: 'x' is not a whole number" in named.stderr


async def test_bad_presets_leave_the_home_screen_up(own_presets, home):  # noqa: F811
    for number, text in enumerate(list(NONSENSE)[:4]):
        (own_presets / f"bad{number}.yaml").write_text(text)
    async with home() as w:
        await w.sees("bad1 *", "'x' is not a whole number", "maedet-m")


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("budget: {params: 1e99T}", "budget.params", "is '1e99T', but must be at most 1T"),
        ("budget: {flops: 1e30}", "budget.flops", "is '1e30', but must be at most 100T"),
        ("budget: {flops: 1.0e+300}", "budget.flops", "is 1e+300, but must be at most 100T"),
        (f"budget: {{flops: {'9' * 40}}}", "budget.flops", "99, but must be at most 100T"),
        (f"budget: {{flops: '{'9' * 900}'}}", "budget.flops", "is not a quantity"),
        ("budget: {latency: 999999s}", "budget.latency", "is 999999s, but must be at most 1000s"),
        (SMALL + "forward: {memory: 1e40T}", "forward.memory", "must be at most 100T"),
        (SMALL + f"score: {{resolution: {'9' * 40}}}", "score.resolution", "at most 4096"),
        (SMALL + f"search: {{seed: {'9' * 40}}}", "search.seed", "less than 9223372036854775808"),
        (SMALL + f"search: {{keep: 0x{'f' * 30}}}", "search.keep", "at most 256"),
        (SMALL + f"name: {'n' * 101}", "name", "at most 100 characters long"),
        (SMALL + f"description: {'d' * 6000}", "description", "at most 5000 characters long"),
    ],
    ids=lambda value: value[-30:],
)
def test_each_quantity_has_a_bound_that_says_what_is_sensible(text, key, words):
    found = {problem.key: problem for problem in problems(text)}
    assert words in found[key].message and len(str(found[key])) <= 300


def test_quantities_are_exact_up_to_their_bound():
    assert parse_quantity_to(10**14, "100T") == parse_quantity_to(10**14, 10**14) == 10**14
    digits = "123456789012345678901234567890"
    assert parse_quantity(f"{digits}G") == int(digits) * 10**9
    with pytest.raises(ValueError, match="at most 100T"):
        parse_quantity_to(10**14, 10**14 + 1)
    assert parse_duration("1000s") == 1000.0


def test_values_from_programs_are_quoted_however_long_they_are():
    assert shown(10**5000) == "a number of 5,000 digits"
    assert shown(-(10**20)) == "-100000000000000000000"
    with pytest.raises(PresetError) as caught:
        parse(SMALL, overrides={"score.resolution": (10**5000, "--resolution")})
    assert "--resolution: is a number of 5,000 digits, but" in str(caught.value)


BLOCK = "{'class': 'ConvKXBNRELU', 'in': 3, 'out': %s, 's': 2, 'k': 3}"


@pytest.mark.parametrize("number", ["9" * 5000, "1." + "0" * 5000, "1e" + "9" * 5000])
def test_numbers_in_a_structure_info_have_a_length(number):
    with pytest.raises(StructureError, match=r"line 2: a number of 5,00\d characters"):
        structure_info.loads("{'best_structures': [[\n" + BLOCK % number + "]]}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("score", "maedet-m", "--resolution", "9" * 4000), "--resolution: is a number of 4,000"),
        (("score", "maedet-m", "--resolution", "9" * 5000), "is not a valid integer"),
        (("score", "maedet-m", "--repeats", "9" * 4000), "but must be at most 100000"),
        (("search", "maedet-m", "--headless", "--iterations", "9" * 400), "at most 1000000000000"),
        (("search", "maedet-m", "--headless", "--seed", "-" + "9" * 400), "must be at least 0"),
        (("compare", "maedet-m", "maedet-s", "--alphas", "1e300 " * 5), "above 1e+12"),
        (("compare", "maedet-m", "maedet-s", "--alphas", "x" * 5000), "is not five numbers"),
        (("compare", "maedet-m", "maedet-s", "--size", "9" * 5000), "is not an image size"),
        (("bench", "maedet-m", "--batch", "9" * 400), "is not in the range 1<=x<=4096"),
        (("bench", "maedet-m", "--size", "99999x99999"), "sides from 32 to 16384"),
        (("shapes", "x", "--size", "16000x16000"), "sides are at most 4096"),
        (("shapes", "x", "--seed", "9" * 400), "is not in the range"),
        (("train", "maedet-m", "--data", "x", "--images", "x", "--steps", "9" * 30), "the range"),
        (("reproduce", "table1", "--seeds", "9" * 4000), "is not in the range 1<=x<=100"),
        (("optimum", "maedet-m", "--time", "nan"), "'nan' is not a finite number"),
        (("optimum", "maedet-m", "--gap", "nan"), "'nan' is not a finite number"),
        (("optimum", "maedet-m", "--time", "inf"), "is not in the range"),
        (("zzz" * 2000,), "No such command"),
        (("search", "maedet-m", "--" + "z" * 5000), "No such option"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)
def test_numbers_of_the_command_line_have_bounds(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code in (1, 2) and words in result.stderr.replace("\n", " ")
    assert max(map(len, result.stderr.splitlines())) <= 300
