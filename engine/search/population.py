"""The population P of Algorithm 1: scored structures, worst first, none twice."""

from __future__ import annotations

from bisect import bisect_right
from random import Random

from engine.search.ancestry import Ancestry
from engine.search.member import Member
from engine.structure import Structure


class Population:
    """At most `capacity` members, in ascending order of Z; each change is a new `version`.

    ancestry: where they come from.
    """

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.version = 0
        self.ancestry = Ancestry()
        self.members: list[Member] = []
        self._z: list[float] = []
        self._known: set[Structure] = set()

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, structure: Structure) -> bool:
        return structure in self._known

    @property
    def best(self) -> Member:
        """The member of highest Z. Raises IndexError on an empty population."""
        return self.members[-1]

    def draw(self, rng: Random) -> Member:
        """A member, uniformly (line 7)."""
        return self.members[int(rng.random() * len(self.members))]

    def add(self, member: Member) -> bool:
        """Append a member and drop the worst beyond the capacity (lines 13 and 15).

        Returns whether the new member stayed. Members of equal Z rank by age.
        """
        z = member.score.z
        place = bisect_right(self._z, z)
        if len(self.members) >= self.capacity:
            if place == 0:
                return False
            self.ancestry.join(member)  # first: the worst may be its parent
            self._drop_worst()
            place -= 1
        else:
            self.ancestry.join(member)
        self._z.insert(place, z)
        self.members.insert(place, member)
        self._known.add(member.proposal.structure)
        self.version += 1
        return True

    def keep_top(self, count: int) -> None:
        """Keep the `count` members of highest Z (line 4)."""
        while len(self.members) > count:
            self._drop_worst()
        self.version += 1

    def scores(self) -> tuple[float, ...]:
        """Z of every member, ascending."""
        return tuple(self._z)

    def _drop_worst(self) -> None:
        worst = self.members.pop(0)
        self._known.discard(worst.proposal.structure)
        del self._z[0]
        self.ancestry.leave(worst)
