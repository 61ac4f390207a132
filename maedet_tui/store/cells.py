"""Values out of a database that anything may have happened to: each of the kind, and in the
range, that ours have. What is neither is damage, told by the name of its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from math import isnan
from typing import Any, TypeVar

from engine.formats.rows import shown

#: largest count, as large as a double holds exactly; any real number of ours, so that it can
#: be printed; seconds of a search; the last second of year 9999, which calendars end with
MOST_COUNT, MOST_REAL, MOST_SECONDS, LAST_TIME = 2**53, 1e100, 1e10, 253_402_300_799.0
#: characters of a name, of what is said, such as an error's text, and of a path
NAME, SENTENCE, PATH = 200, 100_000, 10_000

Read = TypeVar("Read")


def whole(value: Any, name: str, least: int = 0, most: int = MOST_COUNT) -> int:
    """A whole number from least to most. Raises ValueError."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"its {name} is {shown(value)}")
    return value


def real(
    value: Any,
    name: str,
    least: float = -MOST_REAL,
    most: float = MOST_REAL,
    *,
    or_nan: bool = False,
) -> float:
    """A finite number from least to most. Raises ValueError.

    or_nan: nan stands for one that is not known.
    """
    if type(value) not in (int, float):
        raise ValueError(f"its {name} is {shown(value)}")
    if not (least <= value <= most or (or_nan and isnan(value))):
        raise ValueError(f"its {name} is {shown(value)}")
    return float(value)


def text(value: Any, name: str, most: int = NAME) -> str:
    """Text of at most so many characters. Raises ValueError."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"its {name} is {shown(value)}")
    return value


def truth(value: Any, name: str) -> bool:
    """True or false. Raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"its {name} is {shown(value)}")
    return value


def seconds(value: Any, name: str) -> float:
    """A span of time. Raises ValueError."""
    return real(value, name, 0.0, MOST_SECONDS)


def moment(value: Any, name: str) -> float:
    """Seconds since 1970. Raises ValueError."""
    return real(value, name, 0.0, LAST_TIME)


def maybe(read: Callable[..., Read], value: Any, *arguments: Any) -> Read | None:
    """What `read` makes of a value, None of None."""
    return None if value is None else read(value, *arguments)


#: annotation of a field -> what reads it
_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "int": whole,
    "float": real,
    "float | None": lambda value, name: maybe(real, value, name),
    "str": lambda value, name: text(value, name, SENTENCE),
    "bool": truth,
}


def record(kind: Callable[..., Read], values: Any, name: str) -> Read:
    """A dataclass of numbers, texts and truths out of a mapping. Raises ValueError."""
    if not isinstance(values, dict):
        raise ValueError(f"its {name} is {shown(values)}")
    known = fields(kind)  # type: ignore[arg-type] # whose annotation knows no callable classes
    if unknown := set(values) - {field.name for field in known}:
        raise ValueError(f"its {name} has {shown(min(unknown))}")
    read = {}
    for field in known:
        if field.name in values:
            reader = _FIELDS[str(field.type)]
            read[field.name] = reader(values[field.name], f"{name}'s {field.name}")
        elif field.default is MISSING:
            raise ValueError(f"its {name} has no {field.name}")
    return kind(**read)
