"""Algorithm 1 and 2."""

from __future__ import annotations

from typing import Literal

#: the two sorts of mutation, in the order in which Algorithm 1 makes them
SearchPhase = Literal["coarse", "fine"]
