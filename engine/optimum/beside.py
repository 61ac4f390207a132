"""The bound of a search, computed in a process of its own beside it: what that process does.

It is another process because the search would wait for every step of a thread, and a polite
one, since it may have the processor only where the search leaves it. It needs no torch, and
ends with whoever started it: its input is closed then.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from time import process_time

from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from engine.optimum.worth import worth
from engine.settings import Preset
from engine.snapshot import Bound

#: seconds of a processor after which the bound is left as it is, and that solving once more
#: with more layers may take
LIMIT, MORE_LAYERS = 60.0, 20.0
#: bytes of the process at which likewise; what is known of a box is kept, and there may be many
MEMORY = 140_000_000


def bounds(
    preset: Preset,
    gone: Callable[[], bool] = lambda: False,
    spent: Callable[[], bool] = lambda: False,
) -> Iterator[Bound]:
    """What is known of a preset's optimum, as it gets known; `z` is left to who has a best.

    gone: asked between steps, whether nobody wants to know any more. spent: likewise whether
    the bound is to be left as it is. Raises NoOptimum.
    """
    optimum = Optimum(preset)
    without = preset.budget.latency is not None
    told = None
    while (more := optimum.step()) and not gone():
        if not optimum.trivial and optimum.bound != told:
            told = optimum.bound
            yield Bound(told, working=True, without_latency=without)
        if spent():
            break
    found = optimum.certificate
    value = None if found.trivial else found.bound
    provable = not more and found.proven and not without
    worths = tuple(worth(preset, found, 0.0)) if provable else ()
    yield Bound(value, without_latency=without, worth=worths)
    if provable and preset.budget.layers is not None:
        worths = tuple(worth(preset, found, MORE_LAYERS, gone))
        yield Bound(value, without_latency=without, worth=worths)


def _spent() -> bool:
    """Whether this process has had all that it may have."""
    return process_time() > LIMIT or _most() > MEMORY


def _most() -> int:
    """The most bytes that this process has held; 0 where the system does not tell.

    Not `getrusage`, which on Linux counts what the process held that this one came from.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            lines = [line for line in file if line.startswith("VmHWM:")]
        return 1024 * int(lines[0].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _gone() -> bool:
    """Whether the other end of standard input is closed: nothing more ever comes from there."""
    return bool(select.select([0], [], [], 0)[0])


def main() -> None:
    """Read a pickled preset from standard input, and print each bound as a line of JSON; or
    one of why there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the search heeds it, and ends this one
    os.nice(19)
    preset = pickle.load(sys.stdin.buffer)
    try:
        for found in bounds(preset, _gone, _spent):
            print(json.dumps(asdict(found)), flush=True)
    except NoOptimum as error:
        print(json.dumps({"none": str(error)}), flush=True)
    except BrokenPipeError:
        os._exit(0)  # nobody listens


if __name__ == "__main__":
    main()
