"""Speed and accuracy, measured: `python -m benchmarks` lists what there is."""
