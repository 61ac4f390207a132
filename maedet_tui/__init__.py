"""The terminal side of maedet-tui: command line, presets, files and screens."""
