"""Programs watched from outside: how much of the machine's memory they hold, and their peak."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

#: seconds between two looks at a process
LOOK_EVERY = 0.2
#: how a program ends that is told to
TOLD = (128 + signal.SIGTERM, -signal.SIGTERM)
#: rows and columns of a terminal
SIZE = (40, 120)


class Sample(NamedTuple):
    """seconds since the start; bytes in memory, threads and open descriptors of a process."""

    seconds: float
    resident: int
    threads: int
    descriptors: int


class Course(NamedTuple):
    """A program from its start to its end.

    peak: the most bytes that it had in memory. code: its exit status. lines: what it wrote,
    if not to a terminal. torch: whether it had torch loaded at any look.
    """

    samples: list[Sample]
    peak: int
    code: int
    lines: list[str]
    torch: bool


def look(pid: int, began: float) -> Sample | None:
    """A process as it is now; None of one that has ended."""
    process = Path("/proc") / str(pid)
    try:
        pages = int((process / "statm").read_text().split()[1])
        threads = len(os.listdir(process / "task"))
        descriptors = len(os.listdir(process / "fd"))
    except (OSError, IndexError):
        return None
    size = pages * os.sysconf("SC_PAGE_SIZE")
    return Sample(time.monotonic() - began, size, threads, descriptors)


def watch(words: Sequence[str], *, seconds: float | None = None, screen: bool = False) -> Course:
    """Run Python with some words until it ends, or for some seconds until it is told to end.

    screen: in a terminal of its own, which swallows what is drawn.
    """
    command = [sys.executable, *words]
    began = time.monotonic()
    lines: list[str] = []
    child = _in_a_terminal(command) if screen else _with_a_pipe(command, lines)
    samples: list[Sample] = []
    torch = told = False
    while True:
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
        if ended:
            break
        if (sample := look(child.pid, began)) is not None and sample.resident:
            samples.append(sample)
            torch = torch or _has_torch(child.pid)
        if seconds is not None and not told and time.monotonic() - began > seconds:
            os.kill(child.pid, signal.SIGTERM)
            told = True
        time.sleep(LOOK_EVERY)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Course(samples, usage.ru_maxrss * 1024, child.returncode, lines, torch)


def _has_torch(pid: int) -> bool:
    try:
        return "/libtorch" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def _with_a_pipe(command: list[str], lines: list[str]) -> subprocess.Popen[str]:
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    threading.Thread(target=lambda: lines.extend(child.stdout or ()), daemon=True).start()
    return child


def _in_a_terminal(command: list[str]) -> subprocess.Popen[str]:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    child = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        start_new_session=True,
        text=True,
    )
    os.close(theirs)

    def swallow() -> None:
        try:
            while os.read(ours, 1 << 16):
                pass
        except OSError:  # its end
            os.close(ours)

    threading.Thread(target=swallow, daemon=True).start()
    return child
