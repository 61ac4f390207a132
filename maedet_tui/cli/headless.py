"""A search without a screen: progress on a stream, signals heeded, the result at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol, TextIO

from engine.formats.structure_yaml import to_rows
from engine.snapshot import Snapshot
from maedet_tui import formatting, summary
from maedet_tui.cli import signals
from maedet_tui.cli.failure import FAILED
from maedet_tui.cli.output import print_json, score_values
from maedet_tui.cli.progress import Display, Row, shown_on
from maedet_tui.cli.streams import OutputLost, in_passing
from maedet_tui.presets import advice
from maedet_tui.runs.local import LocalRun
from maedet_tui.terminal import echo, ring

#: seconds between two looks at the search, and between two lines of JSON
LOOK_EVERY, JSON_EVERY = 0.1, 1.0
#: seconds that an interrupted search is given to end before its best is saved as it is
PATIENCE = 0.5


def search_headless(
    begin: Callable[[], LocalRun],
    *,
    as_json: bool = False,
    json_lines: bool = False,
    detached: bool = False,
    notify: str | None = None,
) -> int:
    """Search, showing progress; print the result. Returns the exit code.

    begin: makes the run; a signal that comes meanwhile ends it as one that comes later.
    json_lines: progress too is JSON, on standard output. detached: the terminal that
    the search was started from may go. notify: one of `terminal.CALLS`, sent at the end to
    the terminal that standard error is. Raises OutputLost, with the best saved.
    """
    stream = sys.stderr if as_json and not json_lines else sys.stdout
    with signals.collected(keep_on_hangup=detached) as received:
        run = begin()
        if not received:
            run.start()
        try:
            with _shown(stream, json_lines) as display:
                told: set[str] = set()
                while not run.wait(LOOK_EVERY) and not received:
                    display.show(run.snapshot)
                    _tell(run.snapshot.notices, told, display)
                display.show(run.snapshot)  # a search may end before it was looked at once
                _tell(run.snapshot.notices, told, display)
        except OutputLost:
            run.close(PATIENCE)
            if run.saved:
                echo(f"{run.run_dir}: stopped; `maedet-tui resume {run.run_dir}` goes on", err=True)
            raise
        run.close(PATIENCE if received else None)
        code = _finish(run, as_json or json_lines, {"event": "result"} if json_lines else {})
        if notify is not None and sys.stderr.isatty():
            ring(notify, f"{run.run_dir.name}: {run.snapshot.state}")
    return 128 + received[0] if received else code


def _tell(notices: tuple[str, ...], told: set[str], display: _Shown) -> None:
    """Pass on each notice once; some come and go, such as a full disk."""
    for notice in notices:
        if notice not in told:
            told.add(notice)
            display.note(notice)


def _finish(run: LocalRun, as_json: bool, label: dict[str, str]) -> int:
    """Say how the search ended, on both streams. Returns the exit code."""
    snapshot = run.snapshot
    if snapshot.best is None:
        reason = snapshot.error or "interrupted before the first structure was scored"
        echo(f"Error: {reason}", err=True)
        return FAILED
    if snapshot.state == "failed":
        echo(f"Error: {snapshot.error}", err=True)
    if run.save_error:
        echo(summary.rescue(run.save_error, snapshot), err=True)
    elif run.trouble:
        echo(f"Error: {run.trouble}", err=True)
    if as_json:
        print_json({**label, **result(run, snapshot)})
    else:
        gap = advice.known_gap(snapshot.bound)
        said = advice.lines(snapshot.best.structure, run.preset, gap)
        echo("\n".join([summary.outcome(snapshot), *said]))
        if run.saved and not run.save_error:
            echo(f"\nSaved: {run.saved}")
    return FAILED if snapshot.state == "failed" or run.trouble else 0


def result(run: LocalRun, snapshot: Snapshot) -> dict[str, Any]:
    """The keys of a search's JSON; the snapshot must have a best."""
    best = snapshot.best
    assert best is not None
    score = score_values(best.score)
    return {
        "run_dir": str(run.run_dir),
        "score": score.pop("score"),
        **best.cost._asdict(),
        "iterations": snapshot.iteration,
        "seconds": round(snapshot.seconds, 3),
        "structure": to_rows(best.structure),
        **score,
        "state": snapshot.state,
        "preset": run.preset.name,
        "seed": run.preset.schedule.seed,
        "latency": asdict(snapshot.latency) if snapshot.latency else None,
        **_bound(snapshot),
        "advice": advice.of_structure(best.structure, run.preset, advice.known_gap(snapshot.bound)),
        "best_at_iteration": snapshot.best_iteration,
        "tied_with_best": summary.tied(snapshot.recheck) if snapshot.recheck else None,
        "saved": str(run.saved) if run.saved and not run.save_error else None,
    }


def _bound(snapshot: Snapshot) -> dict[str, Any]:
    """What is known of the best possible, by the keys of `maedet-tui optimum --json`."""
    bound = snapshot.bound
    gap = bound.gap if bound else None
    return {
        "bound": bound.value if bound else None,
        "gap": None if gap is None else 100 * gap,
        "proven": bool(bound and bound.proven),
    }


class _Shown(Protocol):
    def show(self, snapshot: Snapshot) -> None: ...
    def note(self, sentence: str) -> None: ...


class _Watched:
    """On a display; in plain lines, the switch to fine mutation is told at once."""

    def __init__(self, display: Display):
        self._display = display
        self._phase = ""
        self.note = display.note

    def show(self, snapshot: Snapshot) -> None:
        best, bound, left = snapshot.best, snapshot.bound, snapshot.eta
        row = Row(
            formatting.phase(snapshot.phase, snapshot.progress),
            snapshot.iteration,
            snapshot.iterations,
            (
                formatting.rate(snapshot.rate) if snapshot.rate else "",
                f"best Z {formatting.score(best.score.z)}" if best else "",
                f"gap {formatting.gap(bound.gap)}" if bound and bound.gap is not None else "",
                f"{formatting.duration(left)} left" if left is not None else "",
            ),
        )
        switched = bool(self._phase) and snapshot.phase != self._phase
        self._phase = snapshot.phase
        self._display.show(row, line=lambda: summary.progress(snapshot), at_once=switched)


class _JsonLines:
    """One object a second and one for each new notice, for machines."""

    def __init__(self) -> None:
        self._next = 0.0

    def show(self, snapshot: Snapshot) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + JSON_EVERY
        best = snapshot.best
        self._print(
            {
                "event": "progress",
                "state": snapshot.state,
                "phase": formatting.phase(snapshot.phase, snapshot.progress),
                "iteration": snapshot.iteration,
                "iterations": snapshot.iterations,
                "seconds": round(snapshot.seconds, 3),
                "rate": snapshot.rate,
                "eta": snapshot.eta,
                "score": best.score.z if best else None,
                "best_at_iteration": snapshot.best_iteration,
                "counts": dict(snapshot.counts),
                **_bound(snapshot),
            }
        )

    def note(self, sentence: str) -> None:
        self._print({"event": "notice", "text": sentence})

    @staticmethod
    def _print(values: dict[str, Any]) -> None:
        with in_passing():
            print_json(values)


@contextmanager
def _shown(stream: TextIO, json_lines: bool) -> Iterator[_Shown]:
    if json_lines:
        yield _JsonLines()
        return
    with shown_on(stream) as display:
        yield _Watched(display)
