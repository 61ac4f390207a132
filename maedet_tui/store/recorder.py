"""Writes a running search to its database twice a second, and heeds other processes' wishes.

On a thread of its own: a slow disk, or a program that locks the database, must not
hold up the search. What could not be written is not lost, since a checkpoint holds
everything; the next one that gets through makes up for those that did not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from engine.run.checkpoint import Checkpoint
from engine.run.runner import Runner
from engine.snapshot import Snapshot
from maedet_tui.store.database import StoreError
from maedet_tui.store.writer import RunStore
from maedet_tui.trackers import Trackers

_log = logging.getLogger(__name__)

#: seconds between two transactions, and between two looks at wishes
WRITE_EVERY, LOOK_EVERY = 0.4, 0.1
#: transactions are spaced to take at most this share of a processor
MOST_SHARE = 0.05
#: seconds that the last transaction is tried for
PATIENCE = 3.0


#: a word that another process can write -> what to do about it
Wishes = Mapping[str, Callable[[], object]]


class Recorder:
    """Records a runner in a store, and tells trackers.

    trouble: why nothing can be written at present, in one sentence. notices: what has
    happened to the run's files meanwhile, and was mended.
    """

    def __init__(self, store: RunStore, runner: Runner, wishes: Wishes, trackers: Trackers):
        self.trouble: str | None = None
        self.notices: tuple[str, ...] = ()
        self._store = store
        self._runner = runner
        self._wishes = wishes
        self._trackers = trackers
        self._written: tuple[object, object] = (None, None)
        self._seen = -1
        self._using = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the end of the search is written, or has proved impossible to write."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def write(self) -> bool:
        """Write what is new now; whether that worked, or `trouble` says why not."""
        with self._using:
            # in this order: a status may be ahead of its checkpoint, never behind it
            checkpoint, snapshot = self._runner.checkpoint, self._runner.snapshot
            if checkpoint is not None:
                self._trackers.tell(checkpoint.history)
            try:
                written = self._written[0] is checkpoint and self._written[1] is snapshot
                if not self._mended(checkpoint, snapshot) and not written:
                    fresh = checkpoint if checkpoint is not self._written[0] else None
                    self._store.write(fresh, snapshot)
            except StoreError as error:
                if self._store.closed:  # a search that did not end in time goes on alone
                    return True
                self.trouble = str(error)
                return False
            self._written = (checkpoint, snapshot)
            self.trouble = None
            return True

    def _mended(self, checkpoint: Checkpoint | None, snapshot: Snapshot) -> bool:
        """Whether the database had to be written anew, and so is up to date. Raises StoreError."""
        said = self._store.mend(checkpoint, snapshot, thorough=snapshot.ended)
        if said is None:
            return False
        _log.warning(said)
        self.notices = (*self.notices, said)
        self._written, self._seen = (checkpoint, snapshot), -1
        return True

    def _run(self) -> None:
        due = 0.0
        while not self._runner.join(LOOK_EVERY) and not self._store.closed:
            self._heed()
            if time.monotonic() >= due or self._changed():
                began, used = time.monotonic(), time.thread_time()
                self.write()
                busy = time.thread_time() - used
                due = began + max(WRITE_EVERY, busy / MOST_SHARE)
        deadline = time.monotonic() + PATIENCE
        while not self.write() and time.monotonic() < deadline:
            time.sleep(0.2)
        self._trackers.close()

    def _changed(self) -> bool:
        """Whether watchers should hear of the newest snapshot at once."""
        before = self._written[1]
        return not isinstance(before, Snapshot) or before.state != self._runner.snapshot.state

    def _heed(self) -> None:
        """Look after the files, and do what other processes wish."""
        try:
            with self._using:
                self._mended(self._runner.checkpoint, self._runner.snapshot)
        except StoreError as error:
            if not self._store.closed:
                self.trouble = str(error)
            return
        try:
            with self._using:
                seen = self._store.data_version()
                wishes = self._store.heed() if seen != self._seen else []
                self._seen = seen
        except StoreError:
            return  # writing says what is wrong, if it lasts
        for wish in wishes:
            if wish in self._wishes:
                self._wishes[wish]()
