"""How a command fails: in one sentence, with an exit code."""

from __future__ import annotations

import click

from maedet_tui.formatting import printable

FAILED, USAGE = 1, 2


class Failure(click.ClickException):
    """Ends the command with a message on standard error."""

    def __init__(self, message: str, code: int = FAILED):
        super().__init__(printable(message))
        self.exit_code = code  # type: ignore[misc]  # declared of the class, read of the instance
