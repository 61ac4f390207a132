"""Where the members of a population come from: back to the initial structure, without gaps.

Of those that have left the population only the ancestors of members are kept, and of them no
more than a line about each: in a search of any length a few hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.search.member import Member


class Ancestor(NamedTuple):
    """A step of a lineage: a structure that a later one was made of.

    born, parent: as of `Proposal`; no parent is known of the initial structure, nor of what
    was drawn at random. origin: the mutation that made it, in words.
    """

    born: int
    parent: int | None
    z: float
    origin: str


def ancestor(member: Member) -> Ancestor:
    """A member as a step of a lineage."""
    return Ancestor(member.born, member.parent, member.score.z, str(member.origin))


class Ancestry:
    """Members, and who of those that left has descendants among them.

    Each parent counts its children: those that are members, or ancestors of some. Children that
    wait for their scores cost nothing: whoever leaves meanwhile is kept until `settle`.
    """

    def __init__(self) -> None:
        self._living: dict[int, Member] = {}
        # members until somebody asks for them: most are released before, and words take time
        self._gone: dict[int, Member | Ancestor] = {}
        self._children: dict[int, int] = {}
        self._childless: list[int] = []

    def join(self, member: Member) -> None:
        """A child is a member now."""
        self._living[member.born] = member
        self._expect(member.parent)

    def leave(self, member: Member) -> None:
        """A member has left the population; a child of it may still wait for its score."""
        self._living.pop(member.born, None)
        self._gone[member.born] = member
        if member.born not in self._children:
            self._childless.append(member.born)

    def settle(self) -> None:
        """No child waits: those that left without one are forgotten, with those that have no
        other descendants."""
        if not self._childless:
            return
        childless, self._childless = self._childless, []
        for born in childless:
            if born not in self._children and (gone := self._gone.pop(born, None)) is not None:
                self._release(gone.parent)

    def _expect(self, parent: int | None) -> None:
        if parent is not None:
            self._children[parent] = self._children.get(parent, 0) + 1

    def _release(self, parent: int | None) -> None:
        """A child of `parent` is no more, and neither are ancestors that it alone had."""
        while parent is not None and parent in self._children:
            left = self._children[parent] - 1
            if left:
                self._children[parent] = left
                return
            del self._children[parent]
            gone = self._gone.pop(parent, None)
            parent = gone.parent if gone is not None else None

    def line(self, member: Member) -> tuple[Ancestor, ...]:
        """The lineage of a member, oldest first and itself last, as far back as is known."""
        found = [ancestor(member)]
        while (parent := found[-1].parent) is not None:
            if parent in self._gone:
                found.append(self._told(parent))
            elif parent in self._living:
                found.append(ancestor(self._living[parent]))
            else:
                break
        return tuple(reversed(found))

    def freeze(self) -> tuple[Ancestor, ...]:
        """The ancestors that are no members, oldest first; to be taken when no child waits."""
        self.settle()
        return tuple(self._told(born) for born in sorted(self._gone))

    def _told(self, born: int) -> Ancestor:
        """One of those that have left, of which no more than a line is kept from now on."""
        one = self._gone[born]
        if isinstance(one, Member):
            self._gone[born] = one = ancestor(one)
        return one

    def restore(self, ancestors: Iterable[Ancestor]) -> None:
        """Go on with the ancestors of a search that was interrupted, its members having joined;
        what is no ancestor of these, under another budget, is left out."""
        self._gone = {one.born: one for one in ancestors if one.born not in self._living}
        self._children = {}
        for one in (*self._living.values(), *self._gone.values()):
            self._expect(one.parent)
        self._childless = sorted(self._gone, reverse=True)
        self.settle()
