"""Whatever a file is written to: whole, and never in the place of a pipe or a device."""

import os
import stat
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from engine.latency import store as latency_store
from engine.outputs import move_whole, write_whole
from engine.training import checkpoint
from engine.zoo import ZOO
from maedet_tui.cli import cli
from maedet_tui.errors import SaveError
from maedet_tui.export import export, source_of
from maedet_tui.export.placing import put
from maedet_tui.files import write_atomically
from maedet_tui.presets import folder as preset_folder
from maedet_tui.runs.local import LocalRun
from tests.store.conftest import QUICK, searched
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")


class Reader(threading.Thread):
    """Reads a pipe to its end."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self._path, self._read = path, b""
        os.mkfifo(path)
        self.start()

    def run(self):
        self._read = self._path.read_bytes()

    @property
    def content(self):
        self.join(PATIENCE)
        assert stat.S_ISFIFO(os.lstat(self._path).st_mode)
        return self._read


@pytest.fixture
def pipe(tmp_path):
    return Reader(tmp_path / "pipe")


def test_a_pipe_that_was_named_is_written_into(tmp_path, pipe):
    write_whole(tmp_path / "pipe", b"content", named=True)
    assert pipe.content == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_so_is_one_that_a_link_leads_to(tmp_path, pipe):
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "made").write_bytes(b"content")
    move_whole(tmp_path / "made", tmp_path / "link", named=True)
    assert pipe.content == b"content" and (tmp_path / "link").is_symlink()


def test_what_a_link_leads_to_is_replaced_where_the_link_was_named(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_bytes(b"old")
    for name in ("file", "new"):
        link = tmp_path / f"to-{name}"
        link.symlink_to(f"there/{name}")
        write_whole(link, b"content", named=True)
        assert link.is_symlink() and (tmp_path / "there" / name).read_bytes() == b"content"


def test_a_link_that_nobody_named_is_not_written_through(tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "best.yaml").symlink_to("mine")
    write_whole(tmp_path / "best.yaml", b"content")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert not (tmp_path / "best.yaml").is_symlink()


@pytest.mark.parametrize("write", ["atomic", "preset", "latency", "training", "run"])
def test_a_pipe_that_nobody_named_stays(tmp_path, own_presets, write):
    names = {"preset": own_presets / "mine.yaml", "run": tmp_path / "one/best.yaml"}
    path = names.get(write, tmp_path / "file")
    if write == "run":
        run = LocalRun(QUICK, tmp_path, "one")
    os.mkfifo(path)
    with pytest.raises((SaveError, OSError), match="no regular file"):
        if write == "atomic":
            write_atomically(path, "text")
        elif write == "preset":
            preset_folder.save("mine", "text")
        elif write == "latency":
            latency_store.save(path, {}, {}, {})
        elif write == "training":
            checkpoint.write(path, {})
        else:
            run.start()
            assert run.wait(PATIENCE)
            run.close()
            raise SaveError(run.trouble)
    assert stat.S_ISFIFO(os.lstat(path).st_mode)
    assert not [one for one in path.parent.iterdir() if one.name.startswith(f".{path.name}")]


@pytest.mark.parametrize("name", ["pipe", "device"])
def test_an_export_goes_where_it_is_sent(tmp_path, name):
    source = source_of("quick", "quick", ZOO["maedet-m"].structure)
    if name == "pipe":
        reader = Reader(tmp_path / "pipe")
        export(source, "yaml", tmp_path / "pipe")
        assert b"block: Conv" in reader.content
    else:
        device = os.stat("/dev/null")
        export(source, "yaml", type(tmp_path)("/dev/null"))
        assert os.path.samestat(os.stat("/dev/null"), device)
        assert not [path for path in os.listdir("/dev") if path.startswith(".")]


def test_files_of_an_exported_folder_take_the_place_of_files_alone(tmp_path):
    made, place = tmp_path / "made", tmp_path / "place"
    for folder in (made, place):
        folder.mkdir()
        (folder / "a.py").write_text(folder.name)
    (made / "b.py").write_text("made")
    os.mkfifo(place / "b.py")
    with pytest.raises(OSError, match="no regular file"):
        put(made, place, "mmdet")
    assert (place / "a.py").read_text() == "made"
    assert stat.S_ISFIFO(os.lstat(place / "b.py").st_mode)


def test_a_history_goes_where_it_is_sent(tmp_path):
    folder = searched(QUICK, tmp_path, "one").run_dir
    for device in ("/dev/null", "/dev/full"):
        before = os.stat(device)
        result = CliRunner().invoke(cli, ["runs", "export-csv", str(folder), device])
        assert os.path.samestat(os.stat(device), before)
        assert result.exit_code == (device == "/dev/full")
    assert "no space left" in result.output
    reader = Reader(tmp_path / "pipe")
    result = CliRunner().invoke(cli, ["runs", "export-csv", str(folder), str(tmp_path / "pipe")])
    assert result.exit_code == 0 and reader.content.startswith(b"iteration,z,")


def test_standard_output_can_be_named(tmp_path):
    folder = searched(QUICK, tmp_path, "one").run_dir
    command = [sys.executable, "-m", "maedet_tui", "runs", "export-csv", str(folder), "/dev/stdout"]
    piped = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout
    with (tmp_path / "out").open("w") as file:
        subprocess.run(command, stdout=file, check=True, timeout=PATIENCE)
    for text in (piped, (tmp_path / "out").read_text()):
        lines = text.splitlines()
        assert lines[0].startswith("iteration,z,") and lines[-1] == "Wrote /dev/stdout"
        assert len(lines) > 300
