"""`python -m benchmarks gpu`: what it says, what it keeps, and what it needs."""

import json
import subprocess
import sys
from time import monotonic

import pytest
import torch

from benchmarks.gpu import command, environment, report
from benchmarks.gpu.command import STAGES, run
from benchmarks.gpu.course import Row, Stage
from benchmarks.gpu.stand_in import NAME, standing_in

#: forbids what is not torch, numpy, yaml, or what they bring
_BARE = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in %r:
            raise ModuleNotFoundError(f"{name} is not there", name=name)
sys.meta_path.insert(0, Refusing())
import importlib
for module in ("run.runner", "optimum.search", "training.trainer", "latency.budget"):
    importlib.import_module("engine." + module)
sys.argv = ["benchmarks.gpu", "--stand-in", "--stages", "environment", "--output", sys.argv[1]]
importlib.import_module("benchmarks.gpu").main()
"""
_OTHERS = (
    *("maedet_tui", "textual", "rich", "click", "pydantic", "platformdirs", "psutil", "PIL"),
    *("pycocotools", "scipy", "pytest", "tree_sitter", "torchvision", "timm", "onnx", "matplotlib"),
)


def parts(**functions):
    return Stage("some", "Some stage", 1, functions)


@pytest.fixture
def card():
    with standing_in() as card:
        yield card


def test_without_a_gpu_it_says_so_in_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["benchmarks.gpu"])
    with pytest.raises(SystemExit, match=r"finds no NVIDIA GPU here, .*--stand-in"):
        command.main()


def test_what_was_measured_is_not_measured_again(card, tmp_path, capsys):
    calls = []

    def first(course):
        calls.append("first")
        course.notes["a"] = 1.5
        yield Row("speed", "2 | 3", "1", True)

    def second(course):
        calls.append(course.notes["a"])
        yield Row("size", "9 GB", "2 GB", False)

    assert run([parts(first=first)], tmp_path, 60, True)
    assert not run([parts(first=first, second=second)], tmp_path, 60, True)
    assert calls == ["first", 1.5] and "first: measured before" in capsys.readouterr().out
    table = (tmp_path / "gpu.md").read_text()
    assert r"| speed | 2 \| 3 | 1 |" in table and "| size | 9 GB (missed) | 2 GB |" in table
    assert json.loads((tmp_path / "some.json").read_text())["made"]["card"] == NAME


def test_results_of_another_card_are_not_gone_on_with(card, tmp_path, monkeypatch):
    calls = []

    def part(course):
        calls.append(1)
        yield Row("a", "b")

    run([parts(part=part)], tmp_path, 60, True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: "another")
    run([parts(part=part)], tmp_path, 60, True)
    assert len(calls) == 2


def test_what_did_not_fit_is_said(card, tmp_path):
    assert run([parts(late=lambda course: iter(()))], tmp_path, 0, True)
    assert "No time was left for: late." in (tmp_path / "gpu.md").read_text()
    assert not (tmp_path / "some.json").exists()


def test_a_part_that_fails_is_a_row_and_the_others_are_run(card, tmp_path, capsys):
    def bad(course):
        yield Row("before", "1")
        raise ValueError("no such kernel")

    def good(course):
        yield Row("after", "2")

    assert not run([parts(bad=bad, good=good)], tmp_path, 60, True)
    table = (tmp_path / "gpu.md").read_text()
    assert "ValueError: no such kernel (missed)" in table and "| after | 2 |" in table
    assert "Traceback" in json.loads((tmp_path / "some.json").read_text())["parts"]["bad"]["error"]


def test_a_device_that_answers_no_more_ends_it(card, tmp_path, capsys):
    def dead():
        raise RuntimeError("CUDA error")

    def broken(course):
        course.settle = dead
        yield Row("before", "1")
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    never = parts(broken=broken, never=lambda course: pytest.fail("run on a dead device"))
    assert not run([never], tmp_path, 60, True)
    assert "does not answer any more" in capsys.readouterr().out


def test_time_is_shared_by_the_stages(card, tmp_path):
    lasts = {}

    def stage(name, share):
        def part(course):
            lasts[name] = course.until - monotonic()
            yield Row("a", "b")

        return Stage(name, name, share, {"part": part})

    run([stage("one", 1), stage("two", 3)], tmp_path, 100, True)
    assert 24 < lasts["one"] <= 25 and 90 < lasts["two"] <= 100


def test_stages_have_names_of_their_own():
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    assert all(stage.parts and stage.share > 0 for stage in STAGES)


def test_the_card_is_described(card, tmp_path):
    assert run([environment.STAGE], tmp_path, 60, True)
    assert "| card | " + NAME in report.markdown(
        [report.Results.read(tmp_path, environment.STAGE, True)]
    )


def test_it_needs_torch_numpy_and_yaml_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _BARE % (_OTHERS,), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "environment.json").exists()


@pytest.mark.nightly
def test_it_runs_in_an_environment_of_torch_numpy_and_yaml(tmp_path):
    """The oldest torch that a card's machine is thought to have, older than the program's."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    packages = ("torch==2.11.0", "numpy", "pyyaml")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    done = subprocess.run(
        [python, "-m", "benchmarks", "gpu", "--stand-in", "--output", tmp_path / "results"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {one.stem for one in (tmp_path / "results").glob("*.json")} == {s.name for s in STAGES}
