"""A search on a background thread, for whoever watches and steers it.

The thread owns the search; everyone else reads `snapshot`, which is replaced as a
whole and never changed, and sends wishes (pause, resume, stop).
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.memory import one_heap
from engine.run.audit import LEAVE_WITHIN, Auditor
from engine.run.checkpoint import Checkpoint
from engine.run.exact import Proof
from engine.run.failures import reason
from engine.run.finishing import finish
from engine.run.loop import Loop
from engine.run.preparing import prepare
from engine.run.publishing import Publisher
from engine.run.search import Search
from engine.run.wishes import Wishes
from engine.scorers.base import Cancelled, Scorer, ScoringError
from engine.settings import Preset
from engine.snapshot import RunState, Snapshot

if TYPE_CHECKING:
    from engine.scorers.workers.places import MakePlaces

_log = logging.getLogger(__name__)

#: before what is not meant for a user's eyes
BROKE_OFF = "the search broke off: "


class Runner:
    """A search of one preset, on a daemon thread of its own.

    scorer, auditor: used in place of those that the preset asks for. start_from: the
    checkpoint of an earlier search to go on from. latency_folder: where measured
    latencies are kept, for a preset with a latency budget. places: of the workers that a preset
    asks for, by default this machine.

    A search that fails says why in `Snapshot.error`; the traceback of what was not expected
    goes to the log.
    """

    def __init__(
        self,
        preset: Preset,
        *,
        scorer: Scorer | None = None,
        auditor: Callable[[], Auditor] | None = None,
        start_from: Checkpoint | None = None,
        latency_folder: Path | None = None,
        places: MakePlaces | None = None,
    ):
        self.preset = preset
        self._scorer = scorer
        self._auditor = auditor
        self._latency_folder, self._places = latency_folder, places
        self._search = Search(preset, start_from)
        self._publisher = Publisher(self._search, start_from)
        self._wishes = Wishes(self._publisher, self._search.pace)
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The newest state of the search; audits go on arriving after its end."""
        return self._publisher.snapshot

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest state to go on from, replaced as a whole; None before the first."""
        return self._publisher.checkpoint

    def start(self) -> None:
        """Begin. Raises RuntimeError if begun before."""
        one_heap()
        self._thread.start()
        # torch aborts the process if the interpreter ends under a thread inside it
        atexit.register(self._leave)

    def pause(self) -> None:
        """Hold the search until `resume`; the state becomes "paused" when it holds."""
        self._wishes.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._wishes.resume()

    def give_way(self) -> None:
        """Leave the interpreter to others for an instant, at most a fifth of the time.

        Without it, whoever has an answer to draw gets the interpreter's lock for half a
        millisecond in turn with the search.
        """
        self._wishes.give_way()

    def stop(self) -> None:
        """End the search for good, keeping the best so far."""
        self._wishes.stop()
        self._close_auditor()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; whether it has come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _leave(self) -> None:
        self.stop()
        self._thread.join(LEAVE_WITHIN)

    def _close_auditor(self) -> None:
        if self._search.auditor is not None:
            self._search.auditor.close()

    # -- on the search's thread ------------------------------------------------------

    def _run(self) -> None:
        search = self._search
        search.pace.go()
        state: RunState
        try:
            state = self._searched()
        except Cancelled:
            state = "stopped"
        except Exception as error:  # a thread's last word must reach the user, whatever it is
            state, why = "failed", reason(error, (ScoringError,))
            if isinstance(error, ScoringError):  # a sentence to its user, not a fault of ours
                search.error = why
                _log.info("the search of %s failed: %s", self.preset.name, why)
            else:
                search.error = BROKE_OFF + why
                _log.exception("the search of %s failed", self.preset.name)
        if state != "finished":
            self._close_auditor()
        try:
            self._publisher.publish(state)
        except Exception as error:  # nobody would hear of the end, and wait for it
            _log.exception("the end of the search of %s could not be told", self.preset.name)
            self._publisher.break_off(search.error or BROKE_OFF + reason(error, ()))
        self._scorer = None
        search.release()
        atexit.unregister(self._leave)

    def _searched(self) -> RunState:
        search, publisher, wishes = self._search, self._publisher, self._wishes
        scorer = prepare(
            search,
            self._scorer,
            self._auditor,
            self._latency_folder,
            wishes.interrupted,
            self._places,
        )
        kind = Proof if self.preset.schedule.exact else Loop
        kind(search, scorer, publisher, wishes).run()
        if wishes.stopped:
            return "stopped"
        search.checking = True
        publisher.publish("running")
        finish(search, scorer, wishes.interrupted)
        return "stopped" if wishes.stopped else "finished"
