"""Screens with something on them that would be lost with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable


@runtime_checkable
class Keeping(Protocol):
    """Asks before it goes, and can be told to go without."""

    @property
    def modified(self) -> bool:
        """Whether anything would be lost by closing."""

    def leave(self, then: Callable[[], object]) -> None:
        """Do something that ends the screen, after asking about changes."""

    def rescue(self) -> None:
        """Keep the changes, when nobody can be asked about them any more."""

    def copy_selection(self) -> bool:
        """What Ctrl+C means while text is selected; whether any was."""
