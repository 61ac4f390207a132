"""How long a search has worked, and how fast it has been lately."""

from __future__ import annotations

import time
from collections import deque

#: seconds over which the rate is averaged
RATE_WINDOW = 3.0


class Pace:
    """A stopwatch that a pause stops, and iterations per second.

    before: seconds that an earlier part of the search has worked.
    """

    def __init__(self, before: float = 0.0):
        self._worked = before
        self._since: float | None = None
        self._marks: deque[tuple[float, int]] = deque()

    @property
    def seconds(self) -> float:
        """Time worked so far."""
        if self._since is None:
            return self._worked
        return self._worked + time.perf_counter() - self._since

    def go(self) -> None:
        """Time runs from now on; the rate is measured anew."""
        self._since = time.perf_counter()
        self._marks.clear()

    def hold(self) -> None:
        """Time stands still until `go`."""
        self._worked, self._since = self.seconds, None

    def mark(self, iteration: int) -> None:
        """Take note of how far the search is now."""
        now = time.perf_counter()
        marks = self._marks
        marks.append((now, iteration))
        while len(marks) > 2 and marks[1][0] < now - RATE_WINDOW:
            marks.popleft()

    @property
    def rate(self) -> float:
        """Iterations per second between the oldest mark of late and the newest; 0 if unknown."""
        marks = self._marks
        if len(marks) < 2 or marks[-1][0] <= marks[0][0]:
            return 0.0
        return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])
