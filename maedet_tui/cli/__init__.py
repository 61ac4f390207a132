"""The command line, one file per command, imported when it is asked for.

What a command needs is imported at the top of its file. Inside functions are the imports of
what takes long and not every use of the command needs: torch, the screen, rich.
"""

from maedet_tui.cli.main import cli

__all__ = ["cli"]
