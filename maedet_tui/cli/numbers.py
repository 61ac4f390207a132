"""Numbers of the command line that must be some number."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click

from engine.formats.rows import shown


class FiniteRange(click.FloatRange):
    """A range that nan is not in: it would pass every limit that it is compared with."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises click.BadParameter."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{shown(value)} is not a finite number.", param, ctx)
        return number
