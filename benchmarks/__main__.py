"""`python -m benchmarks` runs search, forward, accuracy and quality, one table each.

Each is also a command of its own with options: `python -m benchmarks.accuracy --help`. A
single one takes its options here too: `python -m benchmarks training --seeds 3`.
"""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("search", "forward", "accuracy", "quality")
#: run only if named: they take long, or need more packages
MORE = (
    "kinds",
    "optimum",
    "gaps",
    "proxies",
    "closed_proxies",
    "latency",
    "store",
    "ui",
    "training",
    "memory",
    "nms",
    "sweep",
    "gpu",
)


def main() -> None:
    given = sys.argv[1:] or NAMES
    first_option = next((i for i, word in enumerate(given) if word.startswith("-")), len(given))
    wanted, options = given[:first_option], given[first_option:]
    unknown = set(wanted) - {*NAMES, *MORE}
    if unknown or not wanted or (options and len(wanted) > 1):
        sys.exit(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join((*NAMES, *MORE))}"
            if unknown
            else "options belong to one benchmark; name it first"
        )
    for name in wanted:
        print(f"\n== {name}")
        sys.argv = [f"benchmarks.{name}", *options]
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
