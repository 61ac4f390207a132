"""Work on another core while this process imports what it will need next.

Checking a preset takes pydantic, a fifth of the time from launch to first paint; the
screen's libraries take another third, and neither needs the other.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """`work` done by a copy of this process, where one can be made safely; else by this one.

    work: without side effects, for it is done again here if it failed there.
    """

    def __init__(self, work: Callable[[], Result]):
        self._work = work
        self._child = self._pipe = None
        # a copy has none of the threads that there are, but all of their locks
        if sys.platform == "linux" and cores() > 1 and threading.active_count() == 1:
            with contextlib.suppress(OSError):
                self._begin()

    def _begin(self) -> None:
        read, write = os.pipe()
        try:
            self._child = os.fork()
        except OSError:
            os.close(read)
            os.close(write)
            raise
        if self._child == 0:
            try:
                os.close(read)
                data = pickle.dumps(self._work())
                with os.fdopen(write, "wb") as pipe:
                    pipe.write(data)
            finally:  # whatever happens, the copy never goes on where this process does
                os._exit(0)
        os.close(write)
        self._pipe = read

    def result(self) -> Result:
        """What the work gives, raising what it raises."""
        if self._pipe is not None:
            with os.fdopen(self._pipe, "rb") as pipe:
                data = pipe.read()
            self._pipe = None
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._child, 0)
            with contextlib.suppress(EOFError, pickle.UnpicklingError):
                return pickle.loads(data)
        return self._work()


def cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0))
