"""The documentation's examples work as they are printed."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import click
import numpy as np
import pytest

from engine import blocks
from engine.checks import check
from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.mutation import Mutator
from engine.settings import Forward, Objective, Space
from engine.structure import Block, Structure
from maedet_tui.cli.main import cli
from maedet_tui.presets import load, parse

DOCS = Path(__file__).parent.parent / "docs"


def examples(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)


@pytest.fixture
def plain_block(monkeypatch):
    """The worked example, registered as its page says."""
    namespace: dict = {}
    exec(examples("blocks.md", "python")[0], namespace)
    kind = namespace["PLAINBLOCK"]
    monkeypatch.setitem(blocks.KINDS, kind.name, kind)
    yield kind
    blocks.units.cache_clear()
    blocks.chain.cache_clear()


def test_the_worked_example_is_a_kind_of_block(plain_block):
    preset = parse(examples("blocks.md", "yaml")[0])
    structure = preset.initial
    weights = sum(9 * b.in_channels * b.out_channels for b in structure.blocks)
    norms = sum(2 * b.out_channels for b in structure.blocks)
    assert total_cost(structure).params == weights + norms

    mutator, rng, seen = Mutator(preset.space), Random(0), set()
    child = structure
    for _ in range(300):
        child = check(mutator.mutate(child, rng, fine=False).structure)
        seen |= {block.kind for block in child.blocks}
    assert seen == {"Conv", "ResBlock", "PlainBlock"}

    from engine.scorers.forward import ForwardScorer

    objective = Objective(resolution=64)
    predicted = ClosedForm(objective).score([structure])[0]
    passes = ForwardScorer(objective, "cpu", Forward()).passes(structure, 24)
    z = np.array([one.z for one in passes])
    assert abs(z.mean() - predicted.z) < 4 * predicted.z_std / 24**0.5


def test_the_block_with_two_paths_is_one(monkeypatch):
    from engine.backbone import build, verify
    from engine.scorers.forward import ForwardScorer

    namespace: dict = {}
    exec(examples("blocks.md", "python")[1], namespace)
    kind = namespace["SPLITBLOCK"]
    monkeypatch.setitem(blocks.KINDS, kind.name, kind)
    widths = ((3, 32), (32, 48), (48, 64), (64, 96), (96, 128))
    rows = [Block("SplitBlock", 3, before, out, 2, depth=2) for before, out in widths]
    structure = check(Structure((*rows, Block("SplitBlock", 5, 128, 128, 1, depth=1))))
    params = sum(
        out // 2 * (10 * before + 9 * out // 2 + 6) + out**2 + 2 * out for before, out in widths
    )
    assert total_cost(structure).params == params + 26 * 64 * 128 + 128**2 + 4 * 128
    verify(build(structure, out_indices=range(5)), structure)
    mutator, rng, child = Mutator(Space(blocks=("SplitBlock",))), Random(0), structure
    for _ in range(50):
        child = check(mutator.mutate(child, rng, fine=False).structure)
    assert child != structure

    objective = Objective(resolution=64)
    predicted = ClosedForm(objective).score([structure])[0]
    passes = ForwardScorer(objective, "cpu", Forward()).passes(structure, 24)
    z = np.array([one.z for one in passes])
    assert abs(z.mean() - predicted.z) < 4 * predicted.z_std / 24**0.5


def test_the_page_on_python_works_as_printed(tmp_path, monkeypatch, capsys):
    """Its code runs from top to bottom; what it prints is what stands below it as text."""
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "python.md").read_text("utf-8")
    blocks = re.findall(r"```(python|text)\n(.*?)```", page, re.DOTALL)
    assert {language for language, _ in blocks} == {"python", "text"}
    namespace: dict = {}
    for language, text in blocks:
        if language == "python":
            exec(text, namespace)
            printed = capsys.readouterr().out
        else:
            assert printed == text
    mine = namespace["mine"]
    assert namespace["found"].preset == mine == replace(load("mine.yaml"), source="")
    assert namespace["ours"].z > 2000
    assert namespace["backbone"].feature_info.reduction() == [4, 8, 16, 32]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.txt", "best.yaml", "mine.yaml", "resnet_50.md",
    ]  # fmt: skip


def test_every_page_that_a_page_links_to_exists():
    pages = [*DOCS.glob("*.md"), DOCS.parent / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_each_cell_about_frameworks_is_a_test_that_runs_or_says_why_not():
    rows = re.findall(r"^\|(.+)\|$", (DOCS / "frameworks.md").read_text("utf-8"), re.M)
    head, _, *checks = ([cell.strip() for cell in row.split("|")] for row in rows)
    assert head[1:] == ["python", "torchvision", "timm", "mmdet", "onnx", "state-dict"]
    ran = ("tests/export", "tests/engine/backbone")  # of what .ci/frameworks runs
    assert all(folder in (DOCS.parent / ".ci" / "frameworks").read_text() for folder in ran)
    files = [file for folder in ran for file in (DOCS.parent / folder).rglob("test_*.py")]
    known = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }
    for what, *cells in checks:
        assert len(cells) == 6
        for cell in cells:
            tests = re.findall(r"`(\w+)`", cell)
            assert set(tests) <= known, f"{what}: {set(tests) - known}"
            assert tests or cell.startswith("no: "), what


def test_a_version_is_the_same_wherever_it_stands():
    root = DOCS.parent
    (version,) = re.findall(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(), re.M)
    assert f"\nversion: {version}\n" in (root / "CITATION.cff").read_text()
    assert f"\n## {version}\n" in (root / "CHANGELOG.md").read_text()


def commands_of(text: str) -> list[list[str]]:
    """The words of each `maedet-tui ...` in code, on a line of its own or in a sentence."""
    text = text.replace("\\\n", " ")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line.partition("#")[0] for block in blocks for line in block.splitlines()]
    found = []
    for line in [*lines, *inline]:
        named = re.match(r"(?:\$ )?(?:\S*/)?maedet-tui( .*)?$", line.strip())
        if named and not re.search(r"[{}…]", line):
            found.append(re.split(r"[|>&;]", named[1] or "")[0].split())
    return found


@pytest.mark.parametrize("page", [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"],
                         ids=lambda page: page.name)  # fmt: skip
def test_commands_and_options_on_a_page_are_the_programs(page):
    for words in commands_of(page.read_text("utf-8")):
        command, context = cli, click.Context(cli)
        options = {name for one in cli.params for name in [*one.opts, *one.secondary_opts]}
        for before, word in zip(["", *words], words):
            value = before.startswith("-") and "=" not in before
            if isinstance(command, click.Group) and not value and not word.startswith("-"):
                if word.isupper():  # any command
                    break
                started = command is not cli and word not in command.commands
                inner = command.get_command(context, "start" if started else word)
                assert inner is not None, f"no command {word}: {' '.join(words)}"
                command, context = inner, click.Context(inner, parent=context)
                options |= {
                    name for one in inner.params for name in [*one.opts, *one.secondary_opts]
                }
            elif word.startswith("--"):
                name = re.match(r"--[\w-]*", word)[0]
                assert name in options | {"--help"}, f"no option {name}: {' '.join(words)}"
