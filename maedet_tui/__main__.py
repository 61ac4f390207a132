"""`maedet-tui` and `python -m maedet_tui`."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # pydantic would look for plugins in every installed package: a tenth of the start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # imports make many objects and no garbage; looking for it often costs another tenth
    gc.set_threshold(50_000)
    try:
        from maedet_tui.cli import streams
    except KeyboardInterrupt:  # before there is anything to lose
        os.write(2, b"Interrupted.\n")
        os._exit(130)
    streams.take()
    try:
        code = _run()
        streams.finish()
    except streams.OutputLost as lost:
        streams.forget()
        _say(f"Error: {lost}")
        code = 1
    _leave(code)


def _run() -> int:
    import click

    from maedet_tui.cli import cli
    from maedet_tui.cli.streams import OutputLost

    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        _say(said.getvalue().rstrip("\n"))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        return 130
    except OutputLost:
        raise
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else bool(ended.code)
    except Exception as error:  # nobody's to put right, so a traceback is for the log alone
        from maedet_tui import logs

        _say(f"Error: {logs.failure('The command broke off', error)}")
        return 1
    return code if isinstance(code, int) else 0


def _say(sentence: str) -> None:
    from maedet_tui.terminal import echo

    echo(sentence, err=True)


def _leave(code: int) -> None:
    """End the process, at once if a search or an audit is still inside torch.

    Tearing the interpreter down around such a thread aborts the process, and waiting
    for it would take as long as it likes. Whatever there is to save has been saved.
    """
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
