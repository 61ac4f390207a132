"""Signals that end a command: collected, so that what it has is saved first."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

#: what a caller such as nohup has set
_IGNORED = signal.SIG_IGN


@contextmanager
def collected(*, keep_on_hangup: bool = False) -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP instead of dying of them.

    keep_on_hangup: SIGHUP means nothing, as under nohup.
    """
    received: list[int] = []

    def receive(number: int, frame: FrameType | None) -> None:
        if not (keep_on_hangup and number == getattr(signal, "SIGHUP", None)):
            received.append(number)

    with _handled(receive, ("SIGINT", "SIGTERM", "SIGHUP")):
        yield received


@contextmanager
def ending() -> Iterator[None]:
    """Leave by an exception on SIGTERM and SIGHUP too, so that what is half done is removed."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    with _handled(leave, ("SIGTERM", "SIGHUP")):
        yield


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], None], names: Sequence[str]
) -> Iterator[None]:
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    try:
        ignored = [n for n in numbers if n != signal.SIGINT and signal.getsignal(n) == _IGNORED]
        before = {n: signal.signal(n, handler) for n in numbers if n not in ignored}
    except ValueError:  # not the main thread, as in a test: signals are somebody else's there
        before = {}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
