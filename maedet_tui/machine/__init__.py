"""The machine that a search runs on: its device, its name, what the process takes of it."""
