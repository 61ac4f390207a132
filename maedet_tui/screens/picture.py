"""The screen as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from textual.app import App

from maedet_tui.errors import SaveError
from maedet_tui.files import write_atomically
from maedet_tui.store.folders import SCREENSHOT


def keep(app: App[Any], folder: Path) -> None:
    """Write the screen into a folder as SVG, and say where it is, or why it is not."""
    path = folder / f"{SCREENSHOT}{datetime.now():%Y%m%d-%H%M%S}.svg"
    try:
        write_atomically(path, app.export_screenshot(), option=None)
    except (SaveError, OSError) as error:
        app.notify(str(error), title="No screenshot", severity="error", timeout=10, markup=False)
    else:
        app.notify(str(path), title="Saved the screen", markup=False)
