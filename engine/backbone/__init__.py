"""Structures as trainable modules, and proof that a module is the structure it claims to be.

The entropy is that of the vanilla network (Section 4.3); what is trained also has batch
norm and residual links, which this package adds as the units of `engine.blocks` say.
"""

from __future__ import annotations

from typing import Any

from engine.backbone.network import Backbone
from engine.backbone.verify import Measured, MismatchError, measure, promised_shapes, verify
from engine.blocks import Unit, units
from engine.checks import check
from engine.structure import Structure


def lowered_stages(structure: Structure) -> tuple[tuple[tuple[Unit, int], ...], ...]:
    """For each level, C1 first, its units as (unit, how many in a row)."""
    return tuple(
        tuple(pair for block in stage for pair in units(block)) for stage in structure.stages
    )


def build(structure: Structure, **options: Any) -> Backbone:
    """The structure as a module with fresh weights; `Backbone` says what the options are.

    Raises StructureError if it cannot be built, ValueError for options out of range.
    """
    return Backbone(lowered_stages(check(structure)), **options)


__all__ = [
    "Backbone",
    "Measured",
    "MismatchError",
    "build",
    "lowered_stages",
    "measure",
    "promised_shapes",
    "verify",
]
