"""`maedet-tui` and `python -m maedet_tui`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # pydantic would look for plugins in every installed package: a tenth of the start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # imports make many objects and no garbage; looking for it often costs another tenth
    gc.set_threshold(50_000)
    import click

    from maedet_tui.cli import cli

    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = 130
    except Exception as error:  # nobody's to put right, so a traceback is for the log alone
        from maedet_tui import logs

        click.echo(f"Error: {logs.failure('The command broke off', error)}", err=True)
        code = 1
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> None:
    """End the process, at once if a search or an audit is still inside torch.

    Tearing the interpreter down around such a thread aborts the process, and waiting
    for it would take as long as it likes. Whatever there is to save has been saved.
    """
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
