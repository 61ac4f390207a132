"""`maedet-tui export`, from the command line."""

import pytest

from engine.backbone import build
from engine.formats import structure_yaml
from engine.structure import Block, Structure
from maedet_tui.cli.export import FORMATS
from tests.cli.conftest import last_json

SMALL = Structure(
    (Block("Conv", 3, 3, 8, 2), *(Block("ResBlock", 3, 8, 8, 2, 8, 1) for _ in range(4)))
)


@pytest.fixture
def small(folder):
    (folder / "small.yaml").write_text(structure_yaml.dumps(SMALL))
    return "small.yaml"


def test_python_with_a_name_after_the_source(run, small, folder):
    result = run("export", small, "--format", "python")
    assert result.exit_code == 0
    assert "Saved: small.py" in result.output and "as the cost model counts" in result.output
    assert "def small(" in (folder / "small.py").read_text()


def test_json_is_one_line(run, small, folder):
    result = run("export", small, "--format", "markdown", "--output", "table.md", "--json")
    values = last_json(result.stdout)
    assert values["path"] == "table.md" and (folder / "table.md").exists()
    assert values["params"] == sum(p.numel() for p in build(SMALL, out_indices=(4,)).parameters())
    assert values["checked"]


def test_a_run_is_a_source(run, folder):
    run("search", "quick.yaml", "--json", "--name", "one")
    values = last_json(run("export", "runs/one", "--format", "python", "--json").stdout)
    assert values["path"] == "one.py" and (folder / "one.py").exists()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("export", "small.yaml"), 2, "--format"),
        (("export", "small.yaml", "--format", "tensorflow"), 2, "tensorflow"),
        (("export", "maedet-x", "--format", "yaml"), 2, "did you mean maedet-"),
        (("export", "nothing.yaml", "--format", "yaml"), 2, "no such file"),
        (("export", "quick.yaml", "--format", "yaml"), 1, "no key `structure`"),
        (("export", "small.yaml", "--format", "yaml", "--weights", "x"), 1, "holds no weights"),
        (("export", "small.yaml", "--format", "yaml", "--output", "no/x.yaml"), 1, "no folder no"),
    ],
)
def test_what_cannot_be_exported(run, small, folder, args, code, message):
    before = set(folder.iterdir())
    result = run(*args)
    assert result.exit_code == code and message in result.output
    assert set(folder.iterdir()) == before


def test_damaged_weights_are_one_sentence(run, small, folder):
    pytest.importorskip("safetensors")
    (folder / "w.pth").write_bytes(b"nothing of the sort")
    result = run("export", small, "--format", "state-dict", "--weights", "w.pth")
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1
    assert "w.pth: is damaged, or not a checkpoint of weights" in result.output
    assert not (folder / "small.safetensors").exists()


def test_help_tells_of_every_format(run):
    help_ = run("export", "--help").output
    assert all(name in help_ for name in FORMATS)
