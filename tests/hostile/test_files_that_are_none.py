"""Devices, pipes, folders and files without end, in the place of each file that is read."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.files import Unreadable, open_regular, read_regular, refuse_unreadable
from engine.latency import store as latency_store
from engine.training import pictures
from engine.training.annotations import Picture, read_annotations
from engine.training.errors import TrainingError
from maedet_tui.cli import cli
from maedet_tui.presets import folder as presets_folder
from maedet_tui.presets.library import entries
from maedet_tui.store.begin import going_on
from maedet_tui.store.database import StoreError
from maedet_tui.store.listing import line
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import QUICK, searched

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes and devices")

SPECIAL = {"pipe": "a named pipe", "zero": "a device", "folder": "a folder"}


def put(kind, path):
    """A pipe that nobody writes into, a link to a device without end, or a folder."""
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return path


@pytest.fixture(params=list(SPECIAL))
def kind(request):
    return request.param


def test_the_one_reader(tmp_path, kind):
    path = put(kind, tmp_path / "it")
    for read in (read_regular, open_regular, refuse_unreadable):
        with pytest.raises(Unreadable, match=SPECIAL[kind]) as caught:
            read(path, 10)
        assert caught.value.folder == (kind == "folder") != caught.value.special


def test_a_file_has_a_size_from_which_on_it_is_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # on the disk it takes nothing
    for read in (read_regular, open_regular, refuse_unreadable):
        with pytest.raises(Unreadable, match=r"has 1\.1 TB, and of such .* at most 1 MB") as e:
            read(path, 10**6)
        assert e.value.large
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(Unreadable, match="has 5 bytes"):
        read_regular(path, 4)


def test_a_file_that_tells_no_size_is_read_no_further_than_allowed():
    proc = Path("/proc/self/maps")
    if not proc.exists():
        pytest.skip("Linux")
    assert os.stat(proc).st_size == 0
    with pytest.raises(Unreadable) as caught:
        read_regular(proc, 100)
    assert caught.value.large


def test_what_is_not_there_or_no_name():
    with pytest.raises(Unreadable, match="cannot be read: No such file"):
        read_regular("/nowhere/at/all", 1)
    with pytest.raises(Unreadable, match="no name that a file can have"):
        read_regular("a\0b", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "{}"),
        ("compare", "{}", "resnet-50"),
        ("export", "{}", "--format", "yaml"),
        ("search", "{}.yaml", "--headless"),
        ("presets", "validate", "{}.yaml"),
        ("presets", "show", "{}.yaml"),
        ("bench", "{}"),
        ("latency", "show", "{}"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands(arguments, tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(kind, tmp_path / "it")
    put(kind, tmp_path / "it.yaml")
    result = CliRunner().invoke(cli, [word.format(tmp_path / "it") for word in arguments])
    assert isinstance(result.exception, SystemExit) and result.exit_code in (1, 2)
    assert "it" in result.stderr and max(map(len, result.stderr.splitlines())) <= 300


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights(tmp_path, kind, suffix, monkeypatch):
    from engine.backbone import checkpoint

    path = put(kind, tmp_path / f"w.{suffix}")
    with pytest.raises(checkpoint.CheckpointError, match=SPECIAL[kind]):
        checkpoint.read_checkpoint(path)
    large = tmp_path / f"large.{suffix}"
    with large.open("wb") as file:
        file.truncate(checkpoint.MOST_BYTES + 1)
    with pytest.raises(checkpoint.CheckpointError, match=r"of such a file at most 2\.15 GB"):
        checkpoint.read_checkpoint(large)

    def never(*_):
        raise AssertionError("read although it does not begin as weights do")

    monkeypatch.setattr(checkpoint, "read_regular", never)
    with large.open("r+b") as file:
        file.truncate(checkpoint.MOST_BYTES)  # zeros throughout
    with pytest.raises(checkpoint.CheckpointError, match="damaged, or not a checkpoint"):
        checkpoint.read_checkpoint(large)


def test_weights_that_would_grow_while_they_are_taken_apart(tmp_path):
    import zipfile

    from engine.backbone.checkpoint import CheckpointError, read_checkpoint

    with zipfile.ZipFile(tmp_path / "w.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", b"\0" * 10_000_000)
    with pytest.raises(CheckpointError, match="damaged, or not a checkpoint"):
        read_checkpoint(tmp_path / "w.pth")


@pytest.mark.parametrize("value", [5, None, "text", [1], {"a": 1}])
def test_weights_that_are_no_tensors(tmp_path, value):
    import torch

    from engine.backbone import build
    from engine.backbone.checkpoint import CheckpointError, load_weights
    from tests.engine.backbone.random_structures import EVERY_KIND

    module = build(EVERY_KIND)
    state = {**module.state_dict(), 7: torch.ones(1)}
    name = next(iter(state))
    torch.save(state | {name: value}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match=f"{name} is a {type(value).__name__}, not a plain"):
        load_weights(module, tmp_path / "w.pth")
    meta = torch.empty(state[name].shape, device="meta")
    torch.save(state | {name: meta}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError):
        load_weights(module, tmp_path / "w.pth")


def test_annotations_and_images(tmp_path, kind):
    path = put(kind, tmp_path / "it")
    with pytest.raises(TrainingError, match=SPECIAL[kind]):
        read_annotations(path, tmp_path)
    pytest.importorskip("PIL")
    with pytest.raises(TrainingError, match=SPECIAL[kind]):
        pictures.decode(Picture(1, path, 64, 64, ()))


def test_an_image_larger_than_its_pixels(tmp_path):
    pytest.importorskip("PIL")
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(pictures.OTHER_BYTES + pictures.BYTES_PER_PIXEL * 64 * 64 + 1)
    with pytest.raises(TrainingError, match=r"image id 1\): has .* are read"):
        pictures.decode(Picture(1, tmp_path / "a.png", 64, 64, ()))


def test_a_table_of_latencies(tmp_path, kind):
    assert latency_store.load(put(kind, tmp_path / "it"), {}) == ({}, {})


def test_presets_of_the_users(own_presets, kind):
    put(kind, own_presets / "it.yaml")
    found = {entry.name: entry for entry in entries()}
    assert SPECIAL[kind] in str(found["it"].problems[0]) and found["maedet-m"].preset
    assert "it" in presets_folder.user_presets()


def test_a_run(tmp_path, kind):
    folder = searched(QUICK, tmp_path, "one").run_dir
    put(kind, folder / "preset.yaml")
    store = RunStore.reopen(folder)
    assert "preset.yaml cannot be read, which changes nothing" in going_on(store)[0]
    store.close()
    put(kind, folder / "run.db-journal")
    with pytest.raises(StoreError, match=SPECIAL[kind]):
        RunReader(folder)
    put(kind, folder / "run.db")
    assert SPECIAL[kind] in line(folder).problem
