"""A text area for YAML: colours for what is what, and a line under what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import TextArea
from textual.widgets.text_area import Selection, TextAreaTheme

from maedet_tui.formatting import printable
from maedet_tui.styles.themes import DARK, LIGHT
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars


def _language() -> str | None:
    """YAML where its parser is installed; there are systems that it has no wheel for."""
    installed = find_spec("tree_sitter") is not None and find_spec("tree_sitter_yaml") is not None
    return "yaml" if installed else None


def _colours(dark: bool) -> TextAreaTheme:
    theme = DARK if dark else LIGHT
    key, value = Style(color=theme.primary), Style(color=theme.success)
    return TextAreaTheme(
        name=theme.name,
        cursor_line_style=Style(bgcolor=theme.panel),
        syntax_styles={
            "yaml.field": key,
            "string": Style(),
            "number": value,
            "boolean": value,
            "constant.builtin": value,
            "comment": Style(color=theme.secondary, italic=True),
            "error": Style(color=theme.error),
            "punctuation.bracket": Style(color=theme.secondary),
            "punctuation.delimiter": Style(color=theme.secondary),
        },
    )


class YamlArea(TextArea):
    """Lines with a problem are underlined; a new line begins where the one before began."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "screen.undo", "Undo", tooltip="Take the last change of the text back"),
        Binding("ctrl+y", "redo", "Redo", show=False, tooltip="Make it again"),
    ]

    def __init__(self, text: str, characters: Glyphs, id: str | None = None):
        self._problem_lines: frozenset[int] = frozenset()
        self._glyphs = characters
        super().__init__(
            text,
            language=_language(),
            show_line_numbers=True,
            soft_wrap=False,
            tab_behavior="focus",
            compact=True,
            id=id,
        )

    def on_mount(self) -> None:
        for dark in (True, False):
            self.register_theme(_colours(dark))
        self.app.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._recolour()
        if not self._glyphs.braille:
            plain_scroll_bars(self)

    def mark(self, lines: Iterable[int]) -> None:
        """Underline these lines, counted from 1."""
        marked = frozenset(lines)
        if marked != self._problem_lines:
            self._problem_lines = marked
            self.notify_style_update()  # lines that are kept are of the marks before
            self.refresh()

    def go_to(self, line: int) -> None:
        """Put the cursor on the first word of a line, counted from 1, and show it."""
        row = min(max(line, 1), self.document.line_count) - 1
        text = self.document.get_line(row)
        self.move_cursor((row, len(text) - len(text.lstrip())), center=True)

    def select(self, place: tuple[int, int], length: int) -> None:
        """Select so many characters from a place (row, column) on, and show them."""
        row, column = place
        self.selection = Selection(place, (row, column + length))
        self.scroll_cursor_visible(center=True)

    def get_line(self, line_index: int) -> Text:
        text = super().get_line(line_index)
        text.plain = printable(text.plain)
        if line_index + 1 in self._problem_lines:
            start = len(text.plain) - len(text.plain.lstrip())
            text.stylize(Style(underline=True), start)
        return text

    async def on_key(self, event: Key) -> None:
        """Before the text area sees the key.

        A key with an action is obeyed here and now. Left to itself it would go from here to
        the app and be looked up there, while the letters that came behind it in one piece, as
        they do over a slow line, are written where the cursor was.
        """
        focused = self.screen.focused
        if focused is not None and focused is not self:  # which a key before this one has moved
            event.stop()
            event.prevent_default()
            focused.post_message(Key(event.key, event.character))
            return
        active = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if active is not None and active.enabled:
            event.stop()
            event.prevent_default()
            await self.app.run_action(active.binding.action, active.node)
            return
        if event.key == "enter" and not self.read_only:
            row, column = self.cursor_location
            line = self.document.get_line(row)
            indent = line[: len(line) - len(line.lstrip())][:column]
            if indent and self.selection.is_empty:
                event.stop()
                event.prevent_default()
                self.insert("\n" + indent)

    def _recolour(self) -> None:
        self.theme = (DARK if self.app.current_theme.dark else LIGHT).name
