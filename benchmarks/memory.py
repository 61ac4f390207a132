"""Memory, threads and descriptors of whole processes, beside what is promised of them.

    python -m benchmarks.memory [--quick] [--parts closed audit screen forward many long measure]

Each part starts the real program, or searches in a process of its own, looks at it from
outside five times a second, and has its peak from the system when it has ended. `--quick`
takes some minutes where the whole takes an hour. Ends with 1 if a limit is missed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import LOOK_EVERY, TOLD, Course, Sample, look, watch
from engine.settings import Preset

#: targets in bytes; by how much a process may grow that is to stay as it is
WITH_AUDIT, WITHOUT_AUDIT, FLAT = 900_000_000, 200_000_000, 0.05
#: `forward.memory` -> target
FORWARD = {2_000_000_000: 2_000_000_000, 1_000_000_000: 1_200_000_000}
#: the first million iterations, behind which a long search is to stay as it is
SETTLED = 1_000_000


class Row(NamedTuple):
    """What was measured, and whether it keeps to its target."""

    what: str
    found: str
    target: str
    kept: bool


class Extent(NamedTuple):
    """How long the parts take. screen: seconds. forward, long: iterations. many: searches."""

    screen: float
    forward: int
    many: int
    long: int


WHOLE, QUICK = Extent(600.0, 600, 20, 40_000_000), Extent(60.0, 150, 20, 2_500_000)


# -- what runs in a process of its own ------------------------------------------------


def many(searches: int, iterations: int = 12_000) -> None:
    """Searches with audits one after the other, as a screen may have them; tell of each.

    So long that their tables are full behind the third of them.
    """
    from engine.run.runner import Runner

    began = time.monotonic()
    for seed in range(searches):
        preset = _preset()
        schedule = replace(preset.schedule, iterations=iterations, population=64, seed=seed)
        runner = Runner(replace(preset, schedule=schedule))
        runner.start()
        runner.join()
        runner.stop()  # as leaving its dashboard does
        while any(thread.name == "audit" for thread in threading.enumerate()):
            time.sleep(0.01)
        time.sleep(LOOK_EVERY)  # the system forgets a thread a little later
        print(json.dumps(look(os.getpid(), began)), flush=True)


def measured(memory: int) -> None:
    """Forward passes, and proxies of fewer images, as the structures' screen makes them."""
    from engine.zoo import ZOO
    from maedet_tui.structures.known import measure

    preset = _preset(memory)
    preset = replace(preset, forward=replace(preset.forward, batch=1))
    for name in ("forward", "zen-score", "synflow", "naswot", "forward"):
        print(name, measure(name, preset, ZOO["maedet-l"].structure), flush=True)


def long(iterations: int) -> None:
    """One search of very many iterations, recorded as every search is."""
    from maedet_tui.runs.local import LocalRun

    preset = replace(_preset(), audit=False)
    schedule = replace(preset.schedule, iterations=iterations)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = LocalRun(replace(preset, schedule=schedule), Path(folder))
        run.start()
        while not run.wait(0.5):
            print(json.dumps([run.snapshot.iteration, look(os.getpid(), began)]), flush=True)
        run.close()


def _preset(memory: int | None = None) -> Preset:
    from maedet_tui.presets import load

    preset = load("maedet-m")
    if memory is None:
        return preset
    return replace(preset, device="cpu", forward=replace(preset.forward, memory=memory))


def _inside(call: str) -> list[str]:
    return ["-c", f"from benchmarks.memory import *; {call}"]


# -- the parts ------------------------------------------------------------------------


def _closed(extent: Extent) -> Iterator[Row]:
    course = _search(replace(_preset(), audit=False))
    yield _peak("closed form, no audit", course, WITHOUT_AUDIT)
    loaded = "torch is loaded" if course.torch else "torch is not loaded"
    yield Row("  likewise", loaded, "not loaded", not course.torch)


def _audit(extent: Extent) -> Iterator[Row]:
    yield _peak("closed form with audit", _search(_preset()), WITH_AUDIT)


def _screen(extent: Extent) -> Iterator[Row]:
    course = _search(_preset(), "screen", seconds=extent.screen)
    what = f"with audit, screen open {extent.screen:.0f} s"
    last = course.samples[-3].resident  # before it ends
    yield _peak(what, course, WITH_AUDIT)
    yield Row("  at the end", _mb(last), f"at most {_mb(WITH_AUDIT)}", last <= WITH_AUDIT)


def _forward(extent: Extent) -> Iterator[Row]:
    for memory, target in FORWARD.items():
        preset = replace(_preset(memory), scorer="forward")
        course = _search(preset, "--iterations", str(extent.forward))
        what = f"forward at 384, {extent.forward} iterations, {memory / 1e9:.0f}G"
        yield _peak(what, course, target)


def _measure(extent: Extent) -> Iterator[Row]:
    for memory, target in FORWARD.items():
        course = watch(_inside(f"measured({memory})"))
        yield _peak(f"measuring a structure, {memory / 1e9:.0f}G", course, target)


def _many(extent: Extent) -> Iterator[Row]:
    course = watch(_inside(f"many({extent.many})"))
    samples = [Sample(*json.loads(line)) for line in course.lines]
    third, later = samples[2], samples[3:]
    most = max(sample.resident for sample in later) / third.resident - 1
    yield _peak(f"{extent.many} searches in one process", course, WITH_AUDIT)
    yield Row("  later ones over the third", f"{most:+.1%}", f"at most +{FLAT:.0%}", most <= FLAT)
    for name in ("threads", "descriptors"):
        counts = sorted({getattr(sample, name) for sample in samples[2:]})
        yield Row(f"  {name}", "-".join(map(str, counts)), "constant", len(counts) == 1)


def _long(extent: Extent) -> Iterator[Row]:
    course = watch(_inside(f"long({extent.long})"))
    looks = [(done, Sample(*sample).resident) for done, sample in map(json.loads, course.lines)]
    settled = next(size for done, size in looks if done >= SETTLED)
    growth = max(size for done, size in looks if done >= SETTLED) / settled - 1
    yield _peak(f"{extent.long / 1e6:g} million iterations", course, WITHOUT_AUDIT)
    yield Row("  over the first million", f"{growth:+.1%}", f"at most +{FLAT:.0%}", growth <= FLAT)


def _search(preset: Preset, *words: str, seconds: float | None = None) -> Course:
    """`maedet-tui search` of a preset; "screen" as a word: with its screen."""
    from maedet_tui.presets import dump

    screen = "screen" in words
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "preset.yaml"
        path.write_text(dump(preset))
        command = ["-m", "maedet_tui", "search", str(path), "--runs-dir", str(folder / "runs")]
        more = [word for word in words if word != "screen"]
        return watch([*command, *(() if screen else ("--json-lines",)), *more],
                     seconds=seconds, screen=screen)  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _peak(what: str, course: Course, target: int) -> Row:
    ended = "" if course.code in (0, *TOLD) else f", ended with {course.code}"
    kept = course.peak <= target and not ended
    return Row(what, f"peak {_mb(course.peak)}{ended}", f"at most {_mb(target)}", kept)


def _mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


PARTS: dict[str, Callable[[Extent], Iterator[Row]]] = {
    "closed": _closed, "audit": _audit, "screen": _screen, "forward": _forward,
    "many": _many, "long": _long, "measure": _measure,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some minutes in all, for each night")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    for name in Extent._fields:
        parser.add_argument(f"--{name}", type=float, help=f"in place of {getattr(WHOLE, name):g}")
    options = parser.parse_args(arguments)
    extent = QUICK if options.quick else WHOLE
    given = {name: getattr(options, name) for name in Extent._fields}
    asked = {name: int(value) for name, value in given.items() if value is not None}
    extent = extent._replace(**asked)
    missed = 0
    for part in options.parts:
        for row in PARTS[part](extent):
            missed += not row.kept
            verdict = "" if row.kept else "   MISSED"
            print(f"{row.what:42}{row.found:>22}   {row.target}{verdict}", flush=True)
    if missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
