"""Where what went wrong is written down for whoever looks into it: the standard `logging`.

Records go to `run.log` in the folder of the run that this process searches, else to a log
among the user's. Never to the terminal, which a screen may be on. Logs are bounded in size,
there is none until there is something to say, and one that cannot be written stops nothing.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maedet_tui.log_file import LogFile

LEVELS = ("debug", "info", "warning", "error")
#: names of a run's log and of the user's
RUN_LOG, USER_LOG = "run.log", "maedet-tui.log"
#: whose records `--log-level` is about; of other packages, warnings are enough
_OURS = ("engine", "maedet_tui")

_log = logging.getLogger(__name__)
_level = "warning"


def begin(level: str = "warning") -> None:
    """Write records of this level (of LEVELS) and above from now on, and have threads that
    fail where nobody waits for them write why."""
    global _level
    _attach()
    _level = level
    number = logging.getLevelName(level.upper())
    for name in _OURS:
        logging.getLogger(name).setLevel(number)
    # hooks that somebody else has put there stay
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_failed
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _not_raised


def level() -> str:
    """The level that records were last begun with, for a process that goes on with the work."""
    return _level


def _attach() -> None:
    if _handler not in logging.root.handlers:
        logging.root.addHandler(_handler)


def path() -> Path:
    """The log that the next record goes to, if it can be written."""
    return _handler.places()[0]


def newest() -> Path | None:
    """The log that the newest record went to, if it could be written anywhere."""
    return _handler.newest


def for_run(run_dir: Path) -> Callable[[], None]:
    """Point records at the log of a run; to be called once its search is over is what it returns.

    Of two runs at a time, which takes a moment between one and the next, the later one counts.
    """
    _attach()
    return _handler.point_at(run_dir / RUN_LOG)


def traceback_of(what: str, error: BaseException) -> None:
    """Write down that something failed, with its traceback."""
    _attach()
    _log.error(what, exc_info=error)


def failure(what: str, error: BaseException) -> str:
    """Write down why something failed, with its traceback; returns the sentence to tell the
    user, which begins with `what`, a sentence without its full stop."""
    traceback_of(what, error)
    place = newest()
    why = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
    if place is None:
        return f"{what} ({why}), and no log could be written to say where."
    return f"{what} ({why}); the traceback is in {place}"


# --- who is told ----------------------------------------------------------------------

_told: list[Callable[[str], None]] = []


def tell(listener: Callable[[str], None]) -> Callable[[], None]:
    """Have a sentence about each thread that fails passed on, in that thread; what it
    returns ends that. Without anybody to tell, the traceback is printed."""
    _told.append(listener)
    return lambda: _told.remove(listener)


def _thread_failed(hooked: threading.ExceptHookArgs) -> None:
    if hooked.exc_value is None or isinstance(hooked.exc_value, SystemExit):
        return
    name = hooked.thread.name if hooked.thread is not None else "unnamed"
    said = failure(f"The thread {name!r} has failed", hooked.exc_value)
    for listener in list(_told):
        listener(said)
    if not _told:
        threading.__excepthook__(hooked)


def _not_raised(hooked: sys.UnraisableHookArgs) -> None:
    """Of what fails while it is thrown away there is nothing that a user could do."""
    error: BaseException | None = hooked.exc_value
    trace: TracebackType | None = hooked.exc_traceback
    _log.warning(
        "%s: %r", hooked.err_msg or "Exception ignored in", hooked.object,
        exc_info=(hooked.exc_type, error, trace) if error is not None else None,
    )  # fmt: skip
    if not _told:
        sys.__unraisablehook__(hooked)


# --- where it goes --------------------------------------------------------------------


def _user_log() -> Path:
    from platformdirs import user_log_path

    return user_log_path("maedet-tui", appauthor=False) / USER_LOG


class _Logs(logging.Handler):
    """Passes each record to the first of its places that can be written.

    newest: where the last one went; None if nowhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self.newest: Path | None = None
        self._runs: list[Path] = []
        self._open: tuple[Path, LogFile] | None = None

    def places(self) -> list[Path]:
        """The log of the newest run, whose folder may be gone, then the user's."""
        runs = [run_log for run_log in reversed(self._runs) if run_log.parent.is_dir()]
        return [*runs[:1], _user_log()]

    def point_at(self, run_log: Path) -> Callable[[], None]:
        """Put a run's log before all others until what this returns is called."""
        with self._guard():
            self._runs.append(run_log)

        def over() -> None:
            with self._guard():
                if run_log in self._runs:
                    self._runs.remove(run_log)
                    self._close(run_log)

        return over

    def emit(self, record: logging.LogRecord) -> None:
        self.newest = next((one for one in self.places() if self._write(one, record)), None)

    def _write(self, place: Path, record: logging.LogRecord) -> bool:
        from maedet_tui.log_file import LogFile

        try:
            # no file is held open for long runs' folders that may be removed meanwhile
            if self._open is None or self._open[0] != place or not place.exists():
                self._close()
                self._open = (place, LogFile(place, through_links=place not in self._runs))
                self._open[1].setFormatter(self.formatter)
            return self._open[1].write(record)
        except OSError:
            return False

    def _close(self, place: Path | None = None) -> None:
        if self._open is not None and place in (None, self._open[0]):
            with contextlib.suppress(OSError):  # what is left to be written may not fit
                self._open[1].close()
            self._open = None

    def _guard(self) -> threading.RLock:
        assert self.lock is not None  # made by logging.Handler
        return self.lock


_handler = _Logs()
