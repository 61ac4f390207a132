"""One command that proves the GPU path on a real card, and measures it.

    python -m benchmarks gpu [--minutes 9] [--output FOLDER] [--stages NAME ...] [--stand-in]

Needs torch, numpy and pyyaml alone. Each stage ends with a file of results in FOLDER, and what
is there already is not measured again: a call that was cut off, or had too little time, is made
once more and goes on. `FOLDER/gpu.md` is the table that docs/benchmarks.md takes over as it is.
`--stand-in` walks through every stage at a small size on the processor, by `stand_in`.
"""

from benchmarks.gpu.command import main

__all__ = ["main"]
