"""How far a command is: bars that rewrite their lines on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

from maedet_tui.cli.streams import in_passing
from maedet_tui.formatting import printable
from maedet_tui.terminal import echo

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: seconds between two plain lines, and between two looks of the bars
LINE_EVERY, BAR_EVERY = 5.0, 0.1


class Row(NamedTuple):
    """A bar. what: is being done. done, of: how much of it; of is None before that is known.
    words: more about it."""

    what: str
    done: int = 0
    of: int | None = None
    words: tuple[str, ...] = ()


class Display:
    """Where there is no terminal: a plain line every few seconds."""

    def __init__(self, write: Callable[[str], None]):
        self._write = write
        self._next = time.monotonic() + LINE_EVERY

    def show(
        self, *rows: Row, line: Callable[[], str] | None = None, at_once: bool = False
    ) -> None:
        """Say where it stands, if that was not said a moment ago.

        line: gives it in words, for want of bars; None where bars are all there is to say.
        at_once: however long ago.
        """
        if line is not None and (at_once or time.monotonic() >= self._next):
            self._next = time.monotonic() + LINE_EVERY
            self._write(line())

    def note(self, sentence: str) -> None:
        """Say something that stays."""
        self._write(sentence)


class _Bars(Display):
    """One bar below the other; drawn by whoever shows them, without a thread, since some
    commands measure how fast others are."""

    def __init__(self, progress: Progress):
        console = progress.console
        super().__init__(lambda text: console.print(printable(text), markup=False, highlight=False))
        self._progress = progress
        self._tasks: list[TaskID] = []
        self._next = 0.0

    def show(
        self, *rows: Row, line: Callable[[], str] | None = None, at_once: bool = False
    ) -> None:
        """Draw the rows in place of those before."""
        if not at_once and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BAR_EVERY
        while len(self._tasks) > len(rows):
            self._progress.remove_task(self._tasks.pop())
        while len(self._tasks) < len(rows):
            self._tasks.append(self._progress.add_task("", words=""))
        for task, row in zip(self._tasks, rows, strict=True):
            self._progress.update(
                task,
                description=row.what,
                completed=row.done,
                total=row.of,
                words="  ".join(filter(None, row.words)),
            )
        self._progress.refresh()


@contextmanager
def shown_on(stream: TextIO | None) -> Iterator[Display]:
    """A display that is gone afterwards, but for its notes. None: it says nothing."""
    if stream is None:
        yield Display(lambda _: None)
    elif not stream.isatty():

        def write(text: str) -> None:
            with in_passing():
                echo(text, file=stream)

        yield Display(write)
    else:
        # a twentieth of a second that plain lines do without
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description:10}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
        )
        console = Console(file=stream)
        with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
            yield _Bars(progress)
