"""A bordered box of text that repaints only the lines that are no longer the same.

A search computes while it is watched, so a screen that repaints whole boxes for
one new digit would slow it down: Textual's own text widgets do, and take several
times as long.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from maedet_tui.formatting import printable
from maedet_tui.widgets.kept import Kept

#: (text, style): a style as in Textual's markup, "" for the plain foreground
Part = tuple[str, str]

MUTED = "$foreground-muted"
STRONG = "bold"

Shown = TypeVar("Shown")


class Panel(Kept, Generic[Shown]):
    """Subclasses say in `parts` what the text is, given what is shown and the width."""

    TITLE = ""
    ALLOW_SELECT = False
    #: width to write for before the first layout
    USUAL_WIDTH = 34
    #: whether there is more to see where it has the whole screen
    GAINS_DETAIL = False

    def __init__(self, id: str | None = None, classes: str | None = None):
        super().__init__(id=id, classes=classes)
        self.border_title = self.TITLE
        self._shown: Shown | None = None
        self._lines: list[tuple[Part, ...]] = []
        self._styles: dict[str, Style] = {}

    def show(self, shown: Shown) -> None:
        """Show something; costs next to nothing if the text stays the same."""
        self._shown = shown
        self._rewrite()

    def parts(self, shown: Shown, width: int) -> list[Part]:
        """The text in styled parts, at most `width` wide where that can be."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """What the panel says, without styles."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(len(self._lines), 1)

    def on_resize(self, _: Resize) -> None:
        self._rewrite()

    def notify_style_update(self) -> None:
        """Another theme: the styles in hand are of the one before."""
        super().notify_style_update()
        self._styles.clear()

    def _rewrite(self) -> None:
        if self._shown is None:
            return
        width = self.content_size.width
        old = self._lines
        self._lines = new = split(self.parts(self._shown, width or self.USUAL_WIDTH))
        if len(new) != len(old):
            measure_anew(self)
            return
        changed = [y for y, line in enumerate(new) if line != old[y]]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        width, ground = self.content_size.width, self._style("")
        if y >= len(self._lines):
            return Strip.blank(width, ground)
        segments = [Segment(text, self._style(name)) for text, name in self._lines[y]]
        return Strip(segments).adjust_cell_length(width, ground)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            style = self.visual_style
            if name:
                style += self.app.stylesheet.parse_style(name)
            self._styles[name] = style.rich_style
        return self._styles[name]


def measure_anew(widget: Widget) -> None:
    """Have a widget laid out whose content has another height now.

    Textual keeps a height that it measured until the styles change, or until a layout is
    asked for anew: not while it is at one that was asked for before.
    """
    widget.styles.merge_rules({})
    widget.refresh(layout=True)


def split(parts: list[Part]) -> list[tuple[Part, ...]]:
    """Parts with line breaks in them as lines of parts; a last line that is empty is none."""
    lines: list[list[Part]] = [[]]
    for text, style in parts:
        first, *rest = map(printable, text.split("\n"))
        if first:
            lines[-1].append((first, style))
        for piece in rest:
            lines.append([(piece, style)] if piece else [])
    if not lines[-1]:
        lines.pop()
    return [tuple(line) for line in lines]


def row(
    label: str, value: str, style: str = "", *, label_width: int = 10, width: int = 0
) -> list[Part]:
    """A label and its value; a value longer than `width` leaves goes on below itself."""
    room = width - label_width - 1
    if width and len(value) > room > 8:
        value = ("\n" + " " * (label_width + 1)).join(wrap(value, room))
    return [(f"{label:<{label_width}} ", MUTED), (f"{value}\n", style)]


def paragraph(text: str, width: int, style: str = "") -> Part:
    """Text over as many lines as it takes."""
    return ("\n".join(wrap(text, max(width, 12)) or [""]) + "\n", style)
