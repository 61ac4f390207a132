"""Which rows of a list are shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Order(NamedTuple):
    """An order by its name. key: what is sorted by; None of what is not known stands last."""

    name: str
    key: Callable[[Any], Any]
    largest_first: bool = False


def matches(words: str, texts: Iterable[str]) -> bool:
    """Whether each of the words is in one of the texts, whatever its capitals."""
    said = "\n".join(texts).casefold()
    return all(word in said for word in words.casefold().split())


@dataclass
class Arranged(Generic[T]):
    """orders: to choose from, besides the list's own. texts: of a row, in which words are
    looked for. words: what all rows have that are shown. number: of the order, 0 for the
    list's own."""

    orders: tuple[Order, ...]
    texts: Callable[[T], Iterable[str]]
    words: str = ""
    number: int = 0

    @property
    def order(self) -> str:
        """The name of the order; "" for the list's own."""
        return self.orders[self.number - 1].name if self.number else ""

    def next(self) -> None:
        """Another order, and from the last to the list's own."""
        self.number = (self.number + 1) % (len(self.orders) + 1)

    def choose(self, order: str) -> None:
        """The order of a name; the list's own where there is none of it."""
        names = ["", *(one.name for one in self.orders)]
        self.number = names.index(order) if order in names else 0

    def __call__(self, rows: Iterable[T]) -> list[T]:
        shown = [row for row in rows if matches(self.words, self.texts(row))]
        if not self.number:
            return shown
        order = self.orders[self.number - 1]
        known = [row for row in shown if order.key(row) is not None]
        known.sort(key=order.key, reverse=order.largest_first)
        return known + [row for row in shown if order.key(row) is None]

    def titled(self, title: str, shown: int, of: int) -> str:
        """What stands above the list: Runs, 3 of 20 with "m-", by best Z."""
        parts = [title]
        if self.words:
            parts.append(f'{shown} of {of} with "{self.words}"')
        if self.order:
            parts.append(f"by {self.order}")
        return ", ".join(parts)
