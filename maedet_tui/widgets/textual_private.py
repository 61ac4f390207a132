"""What is private in Textual and cannot be done without, each with the reason.

All else that this program asks of Textual is documented there. Looked at with Textual 8.2;
`tests/ui/test_failures.py` and `tests/ui/test_quitting.py` notice if it changes.
"""

from __future__ import annotations

from textual.app import App
from textual.css.query import NoMatches
from textual.widget import MountError

from maedet_tui import logs


class PrivateApp(App[None]):
    """An app whose crashes are logged, which does not crash while it ends, and can take a toast
    away."""

    def send(self, sequence: str) -> None:
        """Have the terminal do what is not drawing, such as showing a notice of the desktop.

        Private, because `bell` is all that there is a public way for.
        """
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def _handle_exception(self, error: Exception) -> None:
        """Log a crash, unless it is a screen that lacks widgets because the app ends meanwhile.

        Private, because no public hook sees an exception that ends the app. `_exit` is the
        only sign that `exit` has been called: `is_running` goes with the last screen.
        """
        if self._exit and isinstance(error, (NoMatches, MountError)):
            return
        logs.traceback_of("The screen has crashed", error)
        super()._handle_exception(error)

    def forget_toast(self, message: str, title: str) -> None:
        """Take a toast away that says just this. Private, because in public all can go or none."""
        for toast in list(self._notifications):
            if (toast.message, toast.title) == (message, title):
                self._unnotify(toast, refresh=False)
