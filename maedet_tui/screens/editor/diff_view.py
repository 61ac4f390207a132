"""What has changed since the built-in preset, line by line."""

from __future__ import annotations

from difflib import unified_diff
from typing import NamedTuple

from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph

_STYLES = {"+": "$success", "-": "$error", "@": MUTED}


class Difference(NamedTuple):
    """A text and the built-in preset it came from: its name and text, None if from none."""

    text: str
    origin: tuple[str, str] | None


def changes(before: str, after: str) -> list[str]:
    """The lines of a unified diff, without its two lines of file names."""
    return list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]


class DiffPanel(Panel[Difference]):
    """Added lines begin with +, removed ones with -."""

    def parts(self, shown: Difference, width: int) -> list[Part]:
        if shown.origin is None:
            return [paragraph("This is no near relative of any built-in preset.", width, MUTED)]
        name, before = shown.origin
        self.border_title = f"Changes to {name}"
        lines = changes(before, shown.text)
        if not lines:
            return [paragraph(f"No line differs from the built-in {name}.", width, MUTED)]
        return [(f"{line}\n", _STYLES.get(line[:1], "")) for line in lines]
