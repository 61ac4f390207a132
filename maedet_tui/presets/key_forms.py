"""How what a key of a preset takes, and its default, are put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_QUANTITY = "a quantity such as {}, at most {}"


def filled(takes: str) -> str:
    """What a key takes, with the limits of its quantity in the place of its name."""
    from maedet_tui.presets.quantities import (
        MOST_FLOPS,
        MOST_MEMORY,
        MOST_PARAMS,
        format_quantity,
    )

    most = (("flops", "91G", MOST_FLOPS), ("params", "25.8M", MOST_PARAMS),
            ("memory", "2G", MOST_MEMORY))  # fmt: skip
    for name, such, limit in most:
        takes = takes.replace(f"{{{name}}}", _QUANTITY.format(such, format_quantity(limit)))
    return takes


def bounds(about: Mapping[str, Any]) -> str:
    """The plain bounds of a field of the schema, in words."""
    arms = about.get("anyOf", [about])
    number = next((arm for arm in arms if arm.get("type") in ("integer", "number")), None)
    if number is None:
        return ""
    kind = "a whole number" if number["type"] == "integer" else "a number"
    low, high = number.get("minimum"), number.get("maximum")
    words = [kind]
    if low is not None:
        words.append(f"from {low:,}")
    if (above := number.get("exclusiveMinimum")) is not None:
        words.append(f"above {above:,}")
    if high is not None:
        words.append(f"to {high:,.15g}")
    if (below := number.get("exclusiveMaximum")) is not None:
        words.append(f"below {below:,}")
    return " ".join(words) + (", or null" if len(arms) > 1 else "")


def written(name: str, value: Any) -> str:
    """A default as one would write it."""
    from maedet_tui.presets.quantities import format_image_size, format_quantity

    if name == "budget.image_size":
        return format_image_size(value)
    if name == "forward.memory":
        return str(format_quantity(value))
    return _yaml(value)


def _yaml(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        if all(one == [None, None] for one in value.values()):
            return "no limits"
        return ", ".join(f"{key}: {_yaml(one)}" for key, one in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'
