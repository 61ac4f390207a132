"""Streams and events by the order that they promise: who has seen whose work, as vector clocks.

Work runs at once here, whichever stream it is given to, so a missing wait would change no
number. What tells is the order that a card would be bound to: each stream counts its work, and
knows how much of every other stream's work comes before its own next piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from time import perf_counter
from typing import Any

#: by a stream's number, how many of its pieces of work are done before what comes next
Clock = dict[int, int]


def merge(into: Clock, other: Clock) -> None:
    """Know what another knows, too."""
    for number, pieces in other.items():
        into[number] = max(into.get(number, 0), pieces)


class Timeline:
    """All streams of one device. host: what the host has waited for, and all that is issued
    from then on comes after. current: the stream that work is given to."""

    def __init__(self) -> None:
        self._numbers = count()
        self.streams: list[Stream] = []
        self.host: Clock = {}
        self.default = self.current = Stream(self)

    def added(self, stream: Stream) -> int:
        """The number of a new stream."""
        self.streams.append(stream)
        return next(self._numbers)

    def wait(self, clock: Clock) -> None:
        """The host waits: nothing that is issued from now on can be earlier."""
        merge(self.host, clock)
        for stream in self.streams:
            merge(stream.clock, self.host)

    def wait_for_all(self) -> None:
        """The host waits for the whole device."""
        for stream in list(self.streams):
            merge(self.host, stream.clock)
        self.wait(self.host)

    @contextmanager
    def on(self, stream: Stream | None) -> Iterator[None]:
        """Give work to a stream, as `torch.cuda.stream` does."""
        before, self.current = self.current, stream or self.current
        try:
            yield
        finally:
            self.current = before


class Stream:
    """As `torch.cuda.Stream`. Like those of its pool, it does not wait for the default one."""

    def __init__(self, timeline: Timeline):
        self._timeline = timeline
        self.clock: Clock = dict(timeline.host)
        self.number = timeline.added(self)

    def launched(self) -> int:
        """Take a piece of work; its number on this stream."""
        self.clock[self.number] = self.clock.get(self.number, 0) + 1
        return self.clock[self.number]

    def record_event(self, event: Event | None = None) -> Event:
        event = event or Event(self._timeline)
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        merge(self.clock, event.clock)

    def wait_stream(self, stream: Stream) -> None:
        self.wait_event(stream.record_event())

    def synchronize(self) -> None:
        self._timeline.wait(self.clock)

    def query(self) -> bool:
        return all(self._timeline.host.get(n, 0) >= pieces for n, pieces in self.clock.items())


class Event:
    """As `torch.cuda.Event`; times only if asked to, as there."""

    def __init__(self, timeline: Timeline, enable_timing: bool = False, **_: Any):
        self._timeline = timeline
        self._timed = enable_timing
        self._at: float | None = None
        self.clock: Clock = {}

    def record(self, stream: Stream | None = None) -> None:
        self.clock = dict((stream or self._timeline.current).clock)
        self._at = perf_counter()

    def wait(self, stream: Stream | None = None) -> None:
        (stream or self._timeline.current).wait_event(self)

    def synchronize(self) -> None:
        self._timeline.wait(self.clock)

    def query(self) -> bool:
        return all(self._timeline.host.get(n, 0) >= pieces for n, pieces in self.clock.items())

    def elapsed_time(self, end: Event) -> float:
        """Milliseconds. Raises RuntimeError where torch would."""
        if not (self._timed and end._timed):
            raise RuntimeError("Both events must be created with argument 'enable_timing=True'.")
        if self._at is None or end._at is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        if not (self.query() and end.query()):
            raise RuntimeError("Both events must be completed before calculating elapsed time.")
        return 1e3 * (end._at - self._at)
