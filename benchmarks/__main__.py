"""`python -m benchmarks` runs search, forward, accuracy and quality, one table each.

Each is also a command of its own with options: `python -m benchmarks.accuracy --help`.
"""

from __future__ import annotations

import runpy
import sys

NAMES = ("search", "forward", "accuracy", "quality")


def main() -> None:
    wanted = sys.argv[1:] or NAMES
    unknown = set(wanted) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in wanted:
        print(f"\n== {name}")
        sys.argv = [f"benchmarks.{name}"]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
