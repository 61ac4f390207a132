"""The keys that do something here, on the last line, in one widget.

Textual's own footer has a widget for each key: a tenth of the time from launch to first
paint, and as much again whenever a key comes or goes.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple, Protocol, runtime_checkable

from textual import events
from textual.binding import ActiveBinding
from textual.screen import Screen

from maedet_tui.widgets.panel import Panel, Part

KEY, WORD, EDGE = "bold $footer-key-foreground", "$footer-description-foreground", "$line"
OVER = " on $block-hover-background"


@runtime_checkable
class Wording(Protocol):
    """A screen whose keys do not always do the same, or matter as much."""

    def footer_word(self, action: str) -> str | None:
        """What the footer calls an action now, "" to leave it out; None for what its key
        says."""


class Key(NamedTuple):
    """A key as it is written, with a word for what it does, or none within a group, whose
    name follows its last key; the key to press; whether that does anything now."""

    written: str
    word: str
    press: str
    enabled: bool
    tooltip: str
    group: str = ""

    def parts(self, over: bool) -> list[Part]:
        """The key in styled parts, greyed out if it does nothing now."""
        ground = OVER if over else ""
        dim = "" if self.enabled else "dim "
        if not self.word:  # close together with the others of its group
            group = [(f" {self.group} ", WORD)] if self.group else []
            return [(self.written, dim + KEY + ground), *group]
        return [(f" {self.written} ", dim + KEY + ground), (f"{self.word} ", dim + WORD + ground)]


class Footer(Panel[tuple[tuple[Key, ...], Key | None]]):
    """The keys of what has the focus and of the screen; a click is as good as a key.

    Shows keys, and the one of the command palette, which keeps its place on the right; keys
    for which there is no room are left out whole.
    """

    USUAL_WIDTH = 80

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, int, Key]] = []
        self._over: str | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self.app.screen_change_signal.subscribe(self, self._other_screen)
        self.watch(self.app, "app_focus", self._back, init=False)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)
        self.app.screen_change_signal.unsubscribe(self)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen and screen.app.app_focus:
            above = screen.app.screen
            if above.is_modal and above is not screen:  # keys are the dialog's then
                screen = above
            self.show(self._keys(screen))

    def _other_screen(self, _: Screen[object]) -> None:
        """A dialog has come or gone above the screen that this is the last line of."""
        if self.is_attached and self.app.screen in (self.screen, *self._dialogs()):
            self._changed(self.screen)

    def _dialogs(self) -> list[Screen[object]]:
        stack = self.app.screen_stack
        at = stack.index(self.screen) if self.screen in stack else len(stack)
        return [screen for screen in stack[at + 1 :] if screen.is_modal]

    def _back(self, focus: bool) -> None:
        """The window has the focus again: keys may have come and gone meanwhile."""
        if focus and self.screen.is_current:
            self._changed(self.screen)

    def _keys(self, screen: Screen[object]) -> tuple[tuple[Key, ...], Key | None]:
        """The first key of each action, in the order of the bindings; the palette's."""
        active, wording = screen.active_bindings, screen if isinstance(screen, Wording) else None
        first: dict[str, ActiveBinding] = {}
        for one in active.values():
            if _word(one, wording):
                first.setdefault(one.binding.action, one)
        keys: list[Key] = []
        for group, members in groupby(first.values(), lambda one: one.binding.group):
            if group is None:
                keys += [self._key(one, _word(one, wording)) for one in members]
                continue
            first_of_group, *others = [self._key(one, "") for one in members]
            first_of_group = first_of_group._replace(written=f" {first_of_group.written}")
            keys += [first_of_group, *others]
            keys[-1] = keys[-1]._replace(group=group.description)
        palette = active.get(self.app.COMMAND_PALETTE_BINDING)
        return tuple(keys), palette and self._key(palette, palette.binding.description)

    def _key(self, one: ActiveBinding, word: str) -> Key:
        binding = one.binding
        written = self.app.get_key_display(binding)
        if not written.isascii() and self.app.has_class("-plain"):
            written = binding.key
        tooltip = one.tooltip or binding.tooltip or binding.description
        return Key(written, word, binding.key, one.enabled, tooltip)

    def parts(self, shown: tuple[tuple[Key, ...], Key | None], width: int) -> list[Part]:
        keys, palette = shown
        parts: list[Part] = []
        self._places, x = [], 0
        edge = "|" if self.app.has_class("-plain") else "▏"
        last: list[Part] = []
        if palette is not None:
            (written, style), *word = palette.parts(palette.press == self._over)
            last = [(edge, EDGE), (written.lstrip(), style), *word]
        end = width - sum(len(text) for text, _ in last)
        for key in keys:
            these = key.parts(over=key.press == self._over)
            after = x + sum(len(text) for text, _ in these)
            if after - 1 > end:  # a space is the last of each
                break
            self._places.append((x, after, key))
            parts, x = parts + these, after
        if palette is None or end < 0:
            return parts
        self._places.append((end, width, palette))
        if x > end:
            parts[-1] = (parts[-1][0][:-1], parts[-1][1])
        return [*parts, (" " * (end - x), ""), *last]

    def _at(self, x: int) -> Key | None:
        return next((key for start, end, key in self._places if start <= x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        key = self._at(event.x)
        self._mark(key)
        self.tooltip = key.tooltip if key is not None else None

    def on_leave(self) -> None:
        self._mark(None)

    def _mark(self, key: Key | None) -> None:
        over = key.press if key is not None else None
        if over != self._over:
            self._over = over
            self._rewrite()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        key = self._at(event.x)
        if key is None:
            return
        if key.enabled:
            self.app.simulate_key(key.press)
        else:
            self.app.bell()


def _word(one: ActiveBinding, screen: Wording | None) -> str:
    word = screen.footer_word(one.binding.action) if screen is not None else None
    if word is not None:
        return word
    return one.binding.description if one.binding.show else ""
