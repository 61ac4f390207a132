"""`maedet-tui completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import failures
from maedet_tui.files import save_error, write_atomically
from maedet_tui.terminal import echo

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "maedet-tui"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option(
    "--install", is_flag=True, help="Write it where the shell looks for it, and say where that is."
)
def completion(shell: str | None, install: bool) -> None:
    """Print what makes SHELL complete commands and options, or install it for your user.

    SHELL is by default the one that $SHELL names.
    """
    if shell is None:
        shell = Path(os.environ.get("SHELL", "")).name
        if shell not in SHELLS:
            raise Failure(f"which shell? Name one of {', '.join(SHELLS)}", USAGE)
    text = script(shell)
    if not install:
        echo(text)
        return
    path = place(shell)
    with failures():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise save_error(path, error, None) from None
        write_atomically(path, text + "\n", option=None)
    echo(f"Wrote {path}")
    echo(_next(shell, path))


def script(shell: str) -> str:
    """The shell's code, as Click writes it."""
    from maedet_tui.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None  # of SHELLS
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    # not the subclass's own, which runs bash to look at its version
    return ShellComplete.source(kind(cli, {}, PROGRAM, variable))


def place(shell: str) -> Path:
    """Where a user's own completions are looked for."""
    home = Path.home()
    if shell == "bash":
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        return data / "bash-completion" / "completions" / PROGRAM
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return config / "fish" / "completions" / f"{PROGRAM}.fish"
    return home / ".zfunc" / f"_{PROGRAM}"


def _next(shell: str, path: Path) -> str:
    if shell == "zsh":
        return (
            "Add to ~/.zshrc, if it is not there yet, and open a new shell:\n"
            f"  fpath+=({path.parent}); autoload -Uz compinit; compinit"
        )
    if shell == "bash":
        return "A new shell completes, where the package bash-completion is installed."
    return "A new shell completes."
