"""The bound on the best possible beside a search: a process is asked, a thread hears it out.

`engine.optimum.beside` is what the process does. The search reads what is known by then; how
it ends waits for the bound a little, since a short search is over before it is known.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import IO, Any

from engine.blocks import without_bound
from engine.run.failures import reason
from engine.scorers.base import Stop
from engine.settings import NO_ENTROPY, Preset
from engine.snapshot import Bound, Worth

_log = logging.getLogger(__name__)

#: seconds of a search before the process is begun, so that a first paint has the machine
DELAY = 1.0
#: seconds that the end of a search waits for its bound
PATIENCE = 5.0
#: the program; the folder that the engine is in comes first, where `-c` has the current one
CODE = "import sys; sys.path[0] = sys.argv[1]; from engine.optimum.beside import main; main()"
#: characters of what a process that failed has said last, for the log
MOST_SAID = 4000

FAILED = "the bound on the best possible is not computed: "


def bounded(preset: Preset) -> bool:
    """Whether a search of the preset has a bound computed beside it."""
    proxy = preset.scorer in NO_ENTROPY
    return preset.bound and not proxy and not preset.schedule.exact


class Beside:
    """The bound of one search. Every method returns at once, but for `finish`.

    known: what an earlier part of the search knew; the work that it left is done anew. latest:
    the newest, whose `z` the search knows; None where there is none. trouble: why, in a
    sentence, of which the log has the rest.
    """

    def __init__(self, preset: Preset, known: Bound | None = None):
        self.trouble: str | None = None
        without = preset.budget.latency is not None
        self.latest: Bound | None = known or Bound(working=True, without_latency=without)
        self._preset = preset
        self._known = None if known is None else known.value
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._hurry = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        # a short search would be over before a process has said as much
        blocks = (block.kind for block in preset.initial.blocks)
        why = without_bound({*preset.space.blocks, *blocks})
        if why is not None:
            self.trouble, self.latest = FAILED + why, known
        elif known is None or known.working:
            self._thread = threading.Thread(target=self._run, name="bound", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def hurry(self) -> None:
        """Begin at once: the search is about to end."""
        self._hurry.set()

    def finish(self, cancelled: Stop) -> None:
        """Wait for the bound that is the last one, for PATIENCE, or for `cancelled()`."""
        self.hurry()
        deadline = monotonic() + PATIENCE
        while self._thread is not None and self._thread.is_alive():
            settled = self.latest is not None and not self.latest.working
            if settled or cancelled() or monotonic() > deadline:
                return
            self._thread.join(0.05)

    def close(self) -> None:
        """Give up: the process ends, and what is known stays."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._hurry.set()
        atexit.unregister(self.close)

    def _run(self) -> None:
        try:
            self._hurry.wait(DELAY)
            process = self._begun()
            if process is not None:
                self._hear(process)
        except Exception as error:  # a thread's last word must reach the user, whatever it is
            if not self._closed:
                self.trouble = FAILED + reason(error, (OSError,))
                _log.exception("the bound failed")
        finally:
            if self.trouble and self._known is None:
                self.latest = None
            elif self.latest is not None and not self._closed:
                self.latest = replace(self.latest, working=False)

    def _begun(self) -> subprocess.Popen[bytes] | None:
        """The process, which knows what to do; None where nobody wants it any more."""
        root = str(Path(__file__).parents[2])
        one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        with self._lock:
            if self._closed:
                return None
            # in this process' own group and session: a scheduler that shares the machine
            # between sessions first would not heed how polite it is
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", CODE, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **one_core},
            )
        stdin = _piped(process.stdin)
        try:  # it stays open: that it closes tells the process that nobody listens any more
            stdin.write(pickle.dumps(self._preset))
            stdin.flush()
        except BrokenPipeError:  # it has ended, and says why by what it leaves behind
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
        return process

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        with process:
            for line in _piped(process.stdout):
                if self._closed:
                    return
                self._take(json.loads(line))
            said = _piped(process.stderr).read().decode(errors="replace")
            process.wait()
        if process.returncode and not self._closed:
            last = said.strip().rpartition("\n")[2] or f"its process ended by {process.returncode}"
            self.trouble = FAILED + last
            _log.error("the process of the bound failed:\n%s", said[-MOST_SAID:])

    def _take(self, told: dict[str, Any]) -> None:
        if "none" in told:
            self.trouble = FAILED + told["none"]
            return
        found = Bound(**{**told, "worth": tuple(Worth(*one) for one in told["worth"])})
        # what was known before holds as well
        values = [value for value in (found.value, self._known) if value is not None]
        if not self._closed:
            self.latest = replace(found, value=min(values, default=None))


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # they are all pipes
    return stream
