"""`python -m benchmarks.gpu`, which is `python -m benchmarks gpu`."""

from benchmarks.gpu.command import main

main()
