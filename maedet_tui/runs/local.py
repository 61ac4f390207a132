"""A search in this process: an engine's runner, and the folder that its results go to."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from engine.formats import saved_yaml, structure_info
from engine.run.runner import BROKE_OFF, Runner
from engine.search.member import Member
from engine.settings import Preset
from engine.snapshot import Candidate, Snapshot
from engine.structure import StructureError
from maedet_tui import logs
from maedet_tui.errors import SaveError
from maedet_tui.files import latency_folder, write_atomically
from maedet_tui.runs.described import described
from maedet_tui.runs.workplace import HERE, Workplace
from maedet_tui.store.begin import going_on, new_run, same_scorer
from maedet_tui.store.folders import DEFAULT_RUNS_DIR
from maedet_tui.store.recorder import Recorder
from maedet_tui.store.writer import RunStore
from maedet_tui.trackers import Trackers, refuse_missing

#: seconds between saves of a new best while a search goes on
AUTOSAVE_EVERY = 30.0

_log = logging.getLogger(__name__)


class LocalRun:
    """A `maedet_tui.runs.run.SearchRun` whose search runs on a thread of this process.

    All of it is recorded in the run's database twice a second, so that it can be resumed.
    The best is also saved as files whenever asked, every half minute if it is a new one,
    and when the search ends, however it ends. Files of earlier runs are never touched.
    """

    here = True

    def __init__(
        self,
        preset: Preset,
        runs_dir: Path = DEFAULT_RUNS_DIR,
        name: str | None = None,
        *,
        store: RunStore | None = None,
        track: Sequence[str] = (),
        at: Workplace = HERE,
    ):
        """Claim a new run's folder and begin its database; the search does not start yet.

        store: of a run to go on with instead. track: names of `maedet_tui.trackers`. at: where
        its workers are. detached: whether `detach` was asked for.
        Raises SaveError if the name is taken or the place cannot be written, so that no
        search runs for hours to find that out.
        """
        refuse_missing(track)
        preset = at.applied(preset)
        self.track, self.at, self.detached = tuple(track), at, False
        self._new = store is None
        self._store = store or new_run(preset, runs_dir, name)
        self.preset = preset
        self.run_dir = self._store.folder
        self.save_error: str | None = None
        self._runner = Runner(
            preset,
            start_from=self._store.found,
            latency_folder=latency_folder(),
            places=at.places(),
        )
        wishes = {
            "pause": self.pause, "resume": self.resume, "stop": self.stop, "save": self._autosave,
        }  # fmt: skip
        self._trackers = Trackers(track, self.run_dir, self._store.record.text)
        self._recorder = Recorder(self._store, self._runner, wishes, self._trackers)
        self._notices = going_on(self._store)
        self._saving, self._closing = threading.Lock(), threading.Lock()
        self.closed = False
        self._saved: Candidate | None = None
        self._watcher = threading.Thread(target=self._watch, name="autosave", daemon=True)
        self._started = False
        self._noted: tuple[Snapshot, tuple[str, ...], Path | None, Snapshot] | None = None
        #: where the traceback of what broke the search off is
        self._traceback: Path | None = None
        self._log_over: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, store: RunStore, track: Sequence[str] = (), at: Workplace = HERE) -> LocalRun:
        """The run in a store, to go on with where it stopped."""
        preset = same_scorer(store.record.preset, store.found)
        return cls(preset, store=store, track=track, at=at)

    @property
    def pid(self) -> int:
        """This process."""
        return os.getpid()

    @property
    def snapshot(self) -> Snapshot:
        """The newest state, with notices of what could not be saved, and where to read why
        it broke off."""
        snapshot = self._runner.snapshot
        extra = (*self._notices, *self._recorder.notices)
        if self.save_error is not None:
            extra += (f"Not saved: {self.save_error}",)
        if (trouble := self._recorder.trouble) is not None and trouble != self.save_error:
            extra += (f"Not recorded, so not to be resumed from here: {trouble}",)
        if self._trackers.trouble:
            extra += (self._trackers.trouble,)
        place = self._traceback if snapshot.error else None
        if not extra and place is None:
            return snapshot
        noted = self._noted
        if noted is None or noted[0] is not snapshot or noted[1:3] != (extra, place):
            shown = replace(snapshot, notices=(*snapshot.notices, *extra))
            if place is not None:
                shown = replace(shown, error=f"{snapshot.error}; the traceback is in {place}")
            self._noted = noted = (snapshot, extra, place, shown)
        return noted[3]

    def best_at(self, iteration: int) -> Member | None:
        """The structure that was the best then; None before the first."""
        checkpoint = self._runner.checkpoint
        bests = checkpoint.bests if checkpoint is not None else ()
        place = bisect_right(bests, iteration, key=attrgetter("born"))
        return bests[place - 1] if place else None

    @property
    def saved(self) -> Path | None:
        """The path of best.yaml, once there is one."""
        return self.run_dir / "best.yaml" if self._saved is not None else None

    @property
    def trouble(self) -> str | None:
        """Why the best is not saved or the run not recorded, if so."""
        return self.save_error or self._recorder.trouble

    def start(self) -> None:
        """Begin the search, or go on with it."""
        try:
            self._store.begin()
        except SaveError as error:  # may pass; recording says so if it does not
            self._recorder.trouble = str(error)
        self._started = True
        self._log_over = logs.for_run(self.run_dir)
        _log.info("searches with %s in %s", self.preset.name, self.run_dir)
        self._runner.start()
        self._recorder.start()
        self._watcher.start()

    def pause(self) -> None:
        self._runner.pause()

    def resume(self) -> None:
        self._runner.resume()

    def stop(self) -> None:
        """End the search for good; the best so far is kept and saved."""
        self._runner.stop()

    def give_way(self) -> None:
        """Leave the interpreter to the screen for an instant."""
        self._runner.give_way()

    @property
    def detachable(self) -> bool:
        """Whether there is something recorded for another process to go on from."""
        return self._runner.checkpoint is not None and self.trouble is None

    def detach(self) -> None:
        """Stop here, for `maedet_tui.runs.detach` to have another process go on."""
        self.detached = True
        self.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the search has ended and is saved and recorded; whether that is so."""
        if not self._started:
            return True
        self._watcher.join(timeout)
        return not self._watcher.is_alive()

    def close(self, timeout: float | None = None) -> None:
        """Stop and wait; a search that does not end in time is saved as it is.

        A new run that found nothing takes its folder away again.
        """
        if self._started:
            self.stop()
            if not self.wait(timeout):
                self._autosave()
                self._recorder.write()
        # once: a folder that was given back may be another run's by now
        with self._closing:
            if not self.closed:
                self.closed = True
                if self._new and self._saved is None and self.save_error is None:
                    self._store.discard()
                else:
                    self._store.close()
        self._log_over()

    def save(self) -> Path:
        """Write the best so far (`best.yaml`, `best.txt`); the path of the YAML.

        Raises SaveError, also when there is no best yet.
        """
        with self._saving:
            snapshot = self._runner.snapshot
            best = snapshot.best
            if best is None:
                raise SaveError("There is no best structure to save yet; the search has only begun")
            path = self.run_dir / "best.yaml"
            text = saved_yaml.dumps(described(self.preset, snapshot, best))
            write_atomically(path, text, private=True)
            # a structure without a class in the authors' code is saved as YAML alone
            with contextlib.suppress(StructureError):
                info = structure_info.dumps(best.structure)
                write_atomically(self.run_dir / "best.txt", info, private=True)
            self._saved = best
            self.save_error = None
            return path

    def _watch(self) -> None:
        while True:
            self._runner.join(AUTOSAVE_EVERY)
            # asked before saving: what ends meanwhile is saved in one more round
            ended = self._runner.snapshot.ended or self._runner.join(0)
            self._autosave()
            if ended:
                self._tell_the_log()
                self._recorder.join()
                return

    def _tell_the_log(self) -> None:
        """How the search ended; remembers where the log says why, if it broke off."""
        snapshot = self._runner.snapshot
        if (snapshot.error or "").startswith(BROKE_OFF):  # of which the engine has told the log
            self._traceback = logs.newest()
        _log.info("%s in %s", snapshot.state, self.run_dir)

    def _autosave(self) -> None:
        snapshot = self._runner.snapshot
        if snapshot.best is None or (snapshot.best is self._saved and not snapshot.ended):
            return
        try:
            self.save()
        except SaveError as error:
            self.save_error = str(error)
