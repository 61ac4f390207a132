"""A report of a run, written beside the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App

from maedet_tui.errors import SaveError
from maedet_tui.widgets.thread import in_thread

#: seconds that the place of a report stays to be read
LEGIBLE = 12


def write_report(app: App[Any], folder: Path, sweep: bool = False) -> None:
    """Write a page about the run, or the sweep, in this folder into it, and say where it is, or
    why it is not."""

    def told(title: str, said: str, severity: str) -> None:
        app.call_from_thread(
            app.notify, said, title=title, severity=severity, timeout=LEGIBLE, markup=False
        )

    def work() -> None:
        # what draws a page takes a while to be imported, and most screens never ask for one
        from maedet_tui.report.writing import write

        try:
            runs, sweeps = ([], [folder]) if sweep else ([folder], [])
            written = write(runs, option=None, sweeps=sweeps)
        except SaveError as error:
            told("No report", str(error), "error")
        else:
            told("Wrote a report, to be opened in a browser", str(written.path), "information")

    in_thread(app, work, "The report could not be written", group="report")
