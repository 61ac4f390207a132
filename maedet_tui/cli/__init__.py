"""The command line, one file per command; imports wait until a command needs them."""

from maedet_tui.cli.main import cli

__all__ = ["cli"]
