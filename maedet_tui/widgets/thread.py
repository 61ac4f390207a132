"""Work beside the screen, whose failure reaches people."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.worker import Worker, get_current_worker

from maedet_tui import logs

#: seconds that a notice of a failure stays
LEGIBLE = 12

_log = logging.getLogger(__name__)


def in_thread(
    node: DOMNode,
    work: Callable[[], object],
    failed: str,
    *,
    name: str = "",
    group: str = "default",
    exclusive: bool = False,
) -> Worker[None]:
    """Have a worker of `node` do something in a thread.

    failed: what is said if it raises anything, without a full stop; the log says why. Of
    work that nobody waits for any more, whose screen is gone, only the log knows.
    name, group, exclusive: as of Textual's workers.
    """
    app = node.app

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            if get_current_worker().is_cancelled or not app.is_running:
                _log.info(failed, exc_info=error)
            else:
                tell_from_thread(app, logs.failure(failed, error))

    return node.run_worker(
        guarded, name, group, thread=True, exclusive=exclusive, exit_on_error=False
    )


def tell_from_thread(app: App[Any], said: str) -> None:
    """Show the notice of a failure, from another thread than the app's."""
    with contextlib.suppress(RuntimeError):  # the app has ended
        app.call_from_thread(
            app.notify, said, title="That went wrong", severity="error", timeout=LEGIBLE,
            markup=False,
        )  # fmt: skip
