"""What others wish of a search, and how its thread heeds them: between two iterations or,
within a forward pass, between two convolutions."""

from __future__ import annotations

import threading
import time

from engine.run.pace import Pace
from engine.run.publishing import Publisher

#: seconds that the search stands back when it is asked to: about what drawing an answer takes
WAY = 0.05


class Wishes:
    """Wishes of any thread, for the thread of one search.

    Passes side by side ask `interrupted` from threads of their own; one of them does the
    work.
    """

    def __init__(self, publisher: Publisher, pace: Pace):
        self._publisher = publisher
        self._pace = pace
        self._go = threading.Event()
        self._go.set()
        self._stop = threading.Event()
        self._asking = threading.Lock()
        self._way_until = self._no_way_until = 0.0

    # -- for others ------------------------------------------------------------------

    def pause(self) -> None:
        """Hold the search until `resume`."""
        self._go.clear()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._go.set()

    def stop(self) -> None:
        """End the search for good."""
        self._stop.set()
        self._go.set()

    def give_way(self) -> None:
        """Leave the interpreter to others for an instant, at most a fifth of the time."""
        now = time.perf_counter()
        if now >= self._no_way_until:
            self._way_until, self._no_way_until = now + WAY, now + 5 * WAY

    # -- for the search's thread -----------------------------------------------------

    @property
    def stopped(self) -> bool:
        """Whether the search is to end."""
        return self._stop.is_set()

    @property
    def pending(self) -> bool:
        """Whether the search is to hold or to end."""
        return not self._go.is_set() or self._stop.is_set()

    def stand_back(self) -> None:
        """Give way, if that was asked for."""
        if self._way_until:
            time.sleep(max(0.0, self._way_until - time.perf_counter()))
            self._way_until = 0.0

    def hold(self) -> None:
        """Wait out a pause, if there is one."""
        if self._go.is_set():
            return
        self._pace.hold()
        self._publisher.publish("paused")
        self._go.wait()
        self._pace.go()
        if not self._stop.is_set():
            self._publisher.publish("running")

    def interrupted(self) -> bool:
        """Whether to give up, asked within a forward pass; a pause is waited out here."""
        if self._publisher.due or not self._go.is_set():
            with self._asking:
                if not self._go.is_set():
                    self.hold()
                elif self._publisher.due:
                    self._publisher.publish("running")
        return self._stop.is_set()
