"""`maedet-tui shapes` and `maedet-tui train`, on images small enough for a test."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner

from engine.training.trainer import Trainer
from maedet_tui.cli import cli
from maedet_tui.cli.train_options import settings
from tests.cli.conftest import last_json, program
from tests.waiting import PATIENCE, until

MINI = """\
structure:
  - {block: Conv, kernel: 3, in: 3, out: 8, stride: 2}
  - {block: ResBlock, kernel: 3, in: 8, out: 16, stride: 2, bottleneck: 8, depth: 1}
  - {block: ResBlock, kernel: 3, in: 16, out: 32, stride: 2, bottleneck: 8, depth: 1}
  - {block: ResBlock, kernel: 3, in: 32, out: 32, stride: 2, bottleneck: 8, depth: 1}
  - {block: ResBlock, kernel: 3, in: 32, out: 32, stride: 2, bottleneck: 8, depth: 1}
"""
DATA = ("--data", "set/train.json", "--images", "set/images")
SMALL = ("--size", "64x64", "--fpn-channels", "16", "--head-depth", "1", "--batch", "4")
TRAIN = ("train", "mini.yaml", *DATA, *SMALL, "--output", "out", "--device", "cpu")
VALIDATE = ("--val-data", "set/val.json")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small(folder, run, monkeypatch):
    """The current folder with a set of shapes and a structure; real programs get one thread."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (folder / "mini.yaml").write_text(MINI)
    made = run("shapes", "set", "--images", "8", "--validation", "3", "--size", "64x64")
    assert made.exit_code == 0 and "8 images to train on and 3 to evaluate on" in made.output
    return folder


def test_from_shapes_to_precision(small, run):
    result = run(*TRAIN, *VALIDATE, "--steps", "4", "--evaluate-every", "2", "--json")
    assert result.exit_code == 0, result.output
    values = last_json(result.stdout)
    assert values["steps"] == 4 and values["state"] == "finished" and values["name"] == "mini"
    assert values["AP"] is not None and values["loss"] > 0 and values["seconds_per_step"] > 0
    assert values["settings"]["warmup"] == 0 and values["settings"]["precision"] == "float32"
    assert json.loads((small / "out/result.json").read_text()) == values
    lines = [json.loads(line) for line in (small / "out/progress.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 4]
    assert "step 2: AP" in result.stderr and "step 4: AP" in result.stderr


def test_the_checkpoint_is_weights_that_can_be_exported(small, run):
    pytest.importorskip("safetensors")
    assert run(*TRAIN, "--steps", "1").exit_code == 0
    result = run("export", "mini.yaml", "--format", "state-dict", "--weights", "out/last.pt")
    assert result.exit_code == 0, result.output


def test_going_on(small, run):
    def again(*args):
        return run(*TRAIN, "--steps", "3", *args)

    assert again().exit_code == 0
    refused = again()
    assert (
        refused.exit_code == 1 and "is there already; go on with it by --resume" in refused.output
    )
    went_on = again("--resume", "--json")
    assert went_on.exit_code == 0 and last_json(went_on.stdout)["steps"] == 3
    other = run(*TRAIN, "--steps", "5", "--resume")
    assert other.exit_code == 2 and "--steps differs from the training" in other.output
    assert "which has 3" in other.output


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("train", "maedet-x", *DATA), 2, "not in the zoo"),
        (("train", "mini.yaml", "--data", "no.json", "--images", "set"), 1, "no.json: cannot be"),
        ((*TRAIN, "--size", "16x64"), 2, "sides from 32"),
        ((*TRAIN, "--scales", "small"), 2, "write LEAST-MOST"),
        ((*TRAIN, "--scales", "2-1"), 1, "scales is 2.0"),
        ((*TRAIN, "--precision", "float16"), 1, "float16 needs a GPU"),
        ((*TRAIN, "--val-images", "set/images"), 2, "--val-images needs --val-data"),
        ((*TRAIN, "--resume"), 1, "out/last.pt: cannot be read: No such file"),
        ((*TRAIN, "--weights", "mini.yaml"), 1, "mini.yaml: is damaged, or not a checkpoint"),
        ((*TRAIN[:-3], "mini.yaml/out"), 1, "a file is in the way of a folder"),
        ((*TRAIN[:-3], "/proc/out"), 1, "/proc/out: "),
        (("shapes", "set"), 2, "set: is there already"),
        (("shapes", "mini.yaml/set"), 1, "mini.yaml/set: "),
        (("shapes", "new", "--size", "31x31"), 2, "sides from 32"),
    ],
)
def test_what_goes_wrong_is_one_sentence(small, run, args, code, message):
    result = run(*args)
    assert result.exit_code == code and message in result.output, result.output
    assert not (small / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
@pytest.mark.parametrize("name", ["last.pt", "progress.jsonl", "result.json"])
def test_a_pipe_in_the_place_of_an_output_is_not_waited_for(small, run, name):
    (small / "out").mkdir()
    os.mkfifo(small / "out" / name)
    result = run(*TRAIN, "--steps", "1")
    assert result.exit_code == 1 and f"out/{name}: is no file; remove it" in result.output


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_a_pipe_is_not_waited_for_by_a_training_that_goes_on(small, run):
    assert run(*TRAIN, "--steps", "1").exit_code == 0
    (small / "out/progress.jsonl").unlink()
    os.mkfifo(small / "out/progress.jsonl")
    result = run(*TRAIN, "--steps", "1", "--resume")
    assert result.exit_code == 1 and "out/progress.jsonl: is no file" in result.output


def test_a_broken_annotation_file_lists_its_records(small, run):
    document = json.loads((small / "set/train.json").read_text())
    document["annotations"][0]["bbox"][2] = -1
    document["images"][7]["file_name"] = "gone.png"
    (small / "set/train.json").write_text(json.dumps(document))
    result = run(*TRAIN)
    assert result.exit_code == 1 and "2 problems:" in result.output
    assert "images record 8 (id 8): set/images/gone.png is missing" in result.output
    assert "annotations record 1 (id 1): bbox is" in result.output


def test_categories_that_were_not_learnt(small, run):
    document = json.loads((small / "set/val.json").read_text())
    document["categories"].append({"id": 9, "name": "star"})
    (small / "set/val.json").write_text(json.dumps(document))
    result = run(*TRAIN, *VALIDATE)
    assert (
        result.exit_code == 1 and "category star (id 9) is not in set/train.json" in result.output
    )


def test_an_image_that_breaks_while_it_trains(small, run):
    for file in (small / "set/images").glob("train*"):
        file.write_bytes(file.read_bytes()[:90])
    result = run(*TRAIN)
    assert result.exit_code == 1 and "cannot be decoded" in result.output


def test_missing_packages_are_named(small, run, monkeypatch):
    from engine.training import errors

    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    result = run(*TRAIN, *VALIDATE)
    assert result.exit_code == 1
    assert "training needs Pillow and pycocotools" in result.output
    assert "pip install 'maedet-tui[train]'" in result.output


def test_too_little_memory_is_one_sentence(small, run, monkeypatch):
    from engine.training.trainer import Trainer

    def steps(_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")

    monkeypatch.setattr(Trainer, "steps", steps)
    result = run(*TRAIN)
    assert result.exit_code == 1 and "not enough memory; lower --batch" in result.output


def test_a_full_disk_now_and_then_does_not_end_the_training(small, run, monkeypatch):
    from engine.training import checkpoint

    write, failed = checkpoint.write, []

    def full_at_first(path, values):
        if not failed:
            failed.append(values["step"])
            raise OSError(28, "No space left on device")
        write(path, values)

    monkeypatch.setattr(checkpoint, "write", full_at_first)
    result = run(*TRAIN, "--steps", "3", "--save-every", "1")
    assert result.exit_code == 0 and failed == [1]
    assert "no space left" in result.output and "the training goes on" in result.output
    assert torch.load(small / "out/last.pt", weights_only=True)["step"] == 3


@pytest.mark.nightly
def test_a_bar_on_a_terminal_and_lines_elsewhere(small, run):
    pexpect = pytest.importorskip("pexpect")
    arguments = ["-m", "maedet_tui", *TRAIN, "--steps", "3"]
    out = pexpect.run(f"{sys.executable} {' '.join(arguments)}", timeout=PATIENCE, cwd=str(small))
    assert b"training" in out and b"/3" in out and b"Finished: 3 of 3 steps." in out
    plain = run(*TRAIN[:-4], "--output", "other", "--steps", "3")
    assert "\x1b" not in plain.output and "Finished: 3 of 3 steps." in plain.output


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.nightly),
    ],
)
def test_an_interrupted_training_is_saved_and_goes_on(small, run, number, code):
    arguments = ("--steps", "100000", "--workers", "1", "--json")
    process = program(*TRAIN, *arguments, start_new_session=True)
    progress = small / "out/progress.jsonl"
    until(lambda: (progress.is_file() and progress.read_text()) or process.poll() is not None)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does, to the workers as well
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code and "Traceback" not in err, err
    values = last_json(out)
    saved = torch.load(small / "out/last.pt", weights_only=True)
    assert values["state"] == "interrupted" and 1 <= values["steps"] == saved["step"]


@pytest.mark.nightly
def test_two_processes_learn_the_same_together(small):
    """torchrun with gloo: same weights as saved by rank 0, losses as of one process.

    Batch norm differs between processes on CPUs, so the losses are only near to each other.
    """

    def torchrun(count, output):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        arguments = [*TRAIN[:-4], "--output", output, "--device", "cpu", *VALIDATE, "--steps", "6"]
        command = [
            sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={count}",
            f"--master-port={port}", "-m", "maedet_tui", *arguments, "--json",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return last_json(done.stdout)

    alone, together = torchrun(1, "alone"), torchrun(2, "together")
    assert (alone["processes"], together["processes"]) == (1, 2)
    assert together["steps"] == 6 and together["AP"] is not None
    assert together["loss"] == pytest.approx(alone["loss"], rel=0.15)
    result = CliRunner().invoke(
        cli, [*TRAIN[:-4], "--output", "together", "--device", "cpu", "--resume", *VALIDATE]
    )
    assert result.exit_code == 0, result.output


def test_a_fault_of_the_program_is_not_taken_for_want_of_memory_while_it_trains(
    small, run, monkeypatch
):
    def steps(_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(Trainer, "steps", steps)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        run(*TRAIN)


def test_annotations_without_an_area_are_left_out_and_told(small, run):
    document = json.loads((small / "set/train.json").read_text())
    first, second = document["annotations"][:2]
    first["bbox"][2] = second["bbox"][3] = 0
    (small / "set/train.json").write_text(json.dumps(document))
    result = run(*TRAIN, "--steps", "1")
    assert result.exit_code == 0, result.output
    assert "2 annotations without an area are left out (id 1, …)" in result.output


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_an_interrupted_training_says_how_to_go_on(small, run, monkeypatch):
    real = Trainer.steps

    def steps(self):
        for step in real(self):
            os.kill(os.getpid(), signal.SIGTERM)
            yield step

    monkeypatch.setattr(Trainer, "steps", steps)
    result = run(*TRAIN, "--steps", "9")
    assert result.exit_code == 143, result.output
    assert "Interrupted after 1 of 9 steps." in result.output
    assert "the same command with --resume --output out" in result.output


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_an_evaluation_that_is_interrupted_has_no_result(small, run, monkeypatch):
    real = Trainer.evaluate

    def evaluate(self, *args, **keywords):
        os.kill(os.getpid(), signal.SIGTERM)
        return real(self, *args, **keywords)

    monkeypatch.setattr(Trainer, "evaluate", evaluate)
    result = run(*TRAIN, *VALIDATE, "--steps", "1", "--json")
    assert result.exit_code == 143, result.output
    values = last_json(result.stdout)
    assert values["state"] == "interrupted" and values["steps"] == 1 and "AP" not in values
    assert (small / "out/last.pt").is_file()


def test_the_number_format_of_a_training_is_one_that_the_device_has(monkeypatch):
    assert settings({"precision": "auto"}, "cpu", None).precision == "float32"
    for there, name in ((True, "bfloat16"), (False, "float16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda there=there, **_: there)
        assert settings({"precision": "auto"}, "cuda", None).precision == name


def test_shapes_in_json(folder, run):
    result = run("shapes", "new", "--images", "2", "--size", "64x64", "--seed", "5", "--json")
    assert last_json(result.stdout) == {"folder": "new", "train": 2, "val": 1, "seed": 5}
