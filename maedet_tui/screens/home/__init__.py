"""Home: presets and runs, to start from, to look at, and to put in order."""
