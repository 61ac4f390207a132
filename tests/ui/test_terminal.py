"""The real program in a pseudo-terminal of 80x24, with a real and short search."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from maedet_tui.store import control
from maedet_tui.store.reader import RunReader
from tests.waiting import PATIENCE, remove, until

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")

ROOT = Path(__file__).parents[2]
PRESET = """\
description: quick
reference: maedet-m
budget: {flops: 91G, layers: 91}
search: {population: 16, iterations: ITERATIONS, keep: 4}
scorer: closed-form
audit: false
"""


class Terminal:
    """A program on a terminal, and what the terminal shows."""

    def __init__(
        self,
        folder: Path,
        *args: str,
        program: tuple[str, ...] = ("-m", "maedet_tui"),
        **variables: str,
    ):
        """program: what Python runs. variables: more of the environment."""
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        environ.update(variables)
        self.child = pexpect.spawn(
            sys.executable, [*program, *args],
            dimensions=(24, 80), cwd=str(folder), env=environ, timeout=PATIENCE,
        )  # fmt: skip
        self.output = b""

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def sees(self, *texts: str) -> None:
        """Read what the program writes until the texts are on the screen."""
        deadline = time.monotonic() + PATIENCE
        while not all(text in self.text for text in texts):
            assert time.monotonic() < deadline, self.text
            self._read()

    def click(self, text: str) -> None:
        """Press and release the left button in the middle of a text, as a terminal tells it: by
        escape sequences of column and row, from 1."""
        row, line = next((y, line) for y, line in enumerate(self.screen.display, 1) if text in line)
        column = line.index(text) + len(text) // 2 + 1
        for released in "Mm":
            self.child.send(f"\x1b[<0;{column};{row}{released}")

    def ends(self) -> int | None:
        """Read until the program is over; its exit code, None if a signal killed it."""
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, self.text
        self.child.close()
        return self.child.exitstatus

    def _read(self) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.output += data
        # pyte takes the private keyboard sequences of newer terminals for text
        self._stream.feed(data.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
        return True

    @property
    def given_back(self) -> bool:
        """Whether the cursor is visible, the mouse released and the first screen back."""
        return all(self.output.rfind(on) > self.output.rfind(off) for on, off in (
            (b"\x1b[?25h", b"\x1b[?25l"),
            (b"\x1b[?1000l", b"\x1b[?1000h"),
            (b"\x1b[?1049l", b"\x1b[?1049h"),
        ))  # fmt: skip


@pytest.fixture
def terminal(tmp_path):
    """Starts a search of so many iterations, in a folder of its own."""
    opened = []

    def start(iterations: int) -> Terminal:
        (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", str(iterations)))
        opened.append(Terminal(tmp_path, "search", "quick.yaml", "--name", "one"))
        return opened[-1]

    yield start
    for each in opened:
        each.child.close(force=True)


def test_a_short_search_from_start_to_quit(terminal, tmp_path):
    t = terminal(400)
    t.sees("The search finished after 400 iterations", "400 of 400", "structures   16 of 16")
    t.child.send("3")
    t.sees("parameters of each stage", "C5")
    t.click(" Structures ")
    t.sees("Best structure", "The paper's MAE-DET-M")
    t.click(" Plots ")
    t.sees("2 FLOPs")
    t.click("2 FLOPs")
    t.sees("FLOPs of each stage")
    t.child.send("\t")
    t.sees("Best structure")
    t.child.send("s")
    t.sees("best.yaml")
    t.child.send("q")
    assert t.ends() == 0
    assert t.given_back
    assert (tmp_path / "runs/one/best.yaml").exists()


@pytest.mark.parametrize(
    "name, message, code", [("wrong.yaml", "wrong.yaml:3", 1), ("nothing", "no such preset", 2)]
)
def test_what_is_wrong_with_a_preset_is_told_before_the_screen_opens(tmp_path, name, message, code):
    text = PRESET.replace("91G, layers", "lots, layers").replace("ITERATIONS", "100")
    (tmp_path / "wrong.yaml").write_text(text)
    t = Terminal(tmp_path, "search", name)
    assert t.ends() == code
    assert message in t.text and "Traceback" not in t.text
    assert b"\x1b[?1049h" not in t.output
    assert not (tmp_path / "runs").exists()


def test_ctrl_c_asks_and_gives_the_terminal_back(terminal, tmp_path):
    t = terminal(1_000_000_000)
    t.sees("running", "mean Z")
    t.child.send("\x03")
    t.sees("Stop it and quit?")
    t.child.send("y")
    t.ends()
    assert t.given_back
    assert (tmp_path / "runs/one/best.yaml").exists()


def test_a_search_left_running_goes_on_without_the_terminal(terminal, tmp_path):
    t = terminal(1_000_000_000)
    t.sees("running", "mean Z")
    t.child.send("q")
    t.sees("Detach (d)")
    t.child.send("d")
    assert t.ends() == 0
    assert t.given_back
    folder = tmp_path / "runs/one"
    try:
        assert b"Searching in the background" in t.output
        with contextlib.closing(RunReader(folder)) as reader:
            left = reader.status().iteration

            def goes_on():
                status = reader.status()
                return status.iteration > left and status.state == "running"

            until(goes_on)
    finally:
        assert control.stop(folder, PATIENCE)


def test_termination_gives_the_terminal_back(terminal, tmp_path):
    t = terminal(1_000_000_000)
    t.sees("running", "mean Z")
    t.child.kill(signal.SIGTERM)
    assert t.ends() == 143
    assert t.given_back
    assert (tmp_path / "runs/one/best.yaml").exists()


SLOW_EXPORT = """\
import threading
from maedet_tui import export
from maedet_tui.__main__ import main

def write(source, made):
    made.write_text("half")
    open("begun", "w").close()
    threading.Event().wait()

export._writer = lambda format_: write
main()
"""


@pytest.mark.parametrize("way", ["key", "signal"])
def test_quitting_does_not_wait_for_an_export(tmp_path, way):
    (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", "200"))
    program = ("-c", SLOW_EXPORT)
    t = Terminal(tmp_path, "search", "quick.yaml", "--name", "one", program=program)
    try:
        t.sees("The search finished")
        t.child.send("S")
        t.sees("Writes")
        t.child.send("\x13")
        t.sees("Writing and checking yaml")
        while not (tmp_path / "begun").exists():
            t._read()
        if way == "key":
            t.child.send("\x03")
            t.sees("still being written", "Give up and quit")
            t.child.send("y")
        else:
            t.child.kill(signal.SIGTERM)
        assert t.ends() == (0 if way == "key" else 143) and t.given_back
    finally:
        t.child.close(force=True)
    assert b"Not written, for it was not finished" in t.output
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"quick.yaml", "runs", "begun"}


def test_a_lost_terminal_ends_the_program_and_keeps_the_best(terminal, tmp_path):
    t = terminal(1_000_000_000)
    t.sees("running", "mean Z")
    t.child.ptyproc.fileobj.close()  # as when the connection breaks
    until(lambda: not t.child.isalive())
    assert t.child.exitstatus == 129
    assert (tmp_path / "runs/one/best.yaml").exists()


#: the program, which is sent a signal as soon as it has claimed its run
EARLY = """\
import os, sys
from maedet_tui.__main__ import main
from maedet_tui.runs.local import LocalRun

number, claim = int(sys.argv.pop(1)), LocalRun.__init__

def claimed(self, *args, **options):
    claim(self, *args, **options)
    os.kill(os.getpid(), number)

LocalRun.__init__ = claimed
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_screen_is_up_leaves_nothing_behind(tmp_path, number):
    (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", "1000000000"))
    args = (str(int(number)), "search", "quick.yaml", "--name", "one")
    t = Terminal(tmp_path, *args, program=("-c", EARLY))
    try:
        assert t.ends() == 128 + number
    finally:
        t.child.close(force=True)
    assert b"Traceback" not in t.output
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_folder_that_is_lost_under_a_screen_is_no_success(terminal, tmp_path):
    t = terminal(1_000_000_000)
    t.sees("running", "mean Z")
    remove(tmp_path / "runs/one")
    t.sees("moved or")
    t.child.kill(signal.SIGTERM)
    assert t.ends() == 143
    assert b"to be copied from here" in t.output
