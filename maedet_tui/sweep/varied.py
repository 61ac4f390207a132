"""What `--vary KEY=VALUES` says: values of a list, or so many in a row from one to another."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

from engine.formats.strict_yaml import YamlError, read
from engine.messages import clipped
from maedet_tui.presets.quantities import (
    format_duration,
    format_quantity,
    parse_duration,
    parse_quantity,
)

#: values of one key, and searches of one sweep
MOST_VALUES = 1000
#: significant digits of what lies between the ends of a row
DIGITS = 4
_ROW = re.compile(
    r"(?P<start>[^\s.,:]+(?:\.[0-9]+[^\s.,:]*)?)\.\.(?P<end>[^\s,:]+):(?P<count>[0-9]+)"
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_KEY = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+){0,3}")


class SweepError(Exception):
    """A sweep that cannot be, in one sentence or one line for each problem."""


class Varied(NamedTuple):
    """A key of presets, with dots between its parts, and the values that it takes in turn."""

    key: str
    values: tuple[Any, ...]


def parse_varied(text: str) -> Varied:
    """KEY=VALUES as it is written on a command line.

    VALUES are separated by commas, each as in a preset: `3,4`, `[0,0,1,1,4],[0,0,1,1,6]`; or a
    row `FROM..TO:COUNT`, each value being the one before times the same factor: `40G..160G:9`.
    Raises SweepError.
    """
    key, sign, values = text.partition("=")
    if not sign or not _KEY.fullmatch(key.strip()):
        raise SweepError(
            f"--vary {clipped(text, 80)!r}: write KEY=VALUES such as budget.flops=40G..160G:9 "
            "or search.seed=0,1,2"
        )
    key = key.strip()
    return Varied(key, values_of(key, values.strip()))


def values_of(key: str, said: Any) -> tuple[Any, ...]:
    """The values of a key, said in a text as `parse_varied` takes it, or in a list.

    Raises SweepError.
    """
    if isinstance(said, list):
        values = said
    elif not isinstance(said, str):
        values = [said]
    elif row := _ROW.fullmatch(said):
        values = _row(key, row["start"], row["end"], int(row["count"]))
    else:
        values = [_value(key, part) for part in _parts(key, said)]
    if not values:
        raise SweepError(f"{key}: has no values; write some, such as {key}=A,B")
    if len(values) > MOST_VALUES:
        raise SweepError(f"{key}: has {len(values):,} values; at most {MOST_VALUES:,} are possible")
    seen: list[Any] = []
    for value in values:
        if any(value == one and type(value) is type(one) for one in seen):
            raise SweepError(f"{key}: has {shown(value)} twice; write it once")
        seen.append(value)
    return tuple(values)


def shown(value: Any) -> str:
    """A value as it is written in a preset, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    return str(value)


def _parts(key: str, text: str) -> list[str]:
    """The text between commas, but for those in brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "[{") - (character in "]}")
        if depth < 0:
            break
        if character == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    if depth:
        raise SweepError(f"{key}: {clipped(text, 80)!r} has a bracket without its other half")
    parts.append(text[start:])
    if not all(part.strip() for part in parts):
        raise SweepError(f"{key}: {clipped(text, 80)!r} has a comma with nothing beside it")
    return parts


def _value(key: str, text: str) -> Any:
    try:
        return read(text).value
    except YamlError as error:
        raise SweepError(f"{key}: {clipped(text, 80)!r}: {error.message}") from None


def _row(key: str, start: str, end: str, count: int) -> list[Any]:
    """So many values from one to the other, each the one before times the same factor."""
    if not 2 <= count <= MOST_VALUES:
        raise SweepError(f"{key}: a row has 2 to {MOST_VALUES:,} values, not {count:,}")
    low, high = _number(key, start), _number(key, end)
    if min(low, high) <= 0:
        raise SweepError(f"{key}: a row is from and to numbers above 0; write the values instead")
    ratio = high / low
    between = [low * ratio ** (step / (count - 1)) for step in range(1, count - 1)]
    numbers = [low, *(float(f"{number:.{DIGITS}g}") for number in between), high]
    if all(_NUMBER.fullmatch(word) for word in (start, end)):
        whole = all(word.isdecimal() for word in (start, end))
        values: list[Any] = [round(number) if whole else number for number in numbers]
    elif start[-1] == "s":
        values = [format_duration(number) for number in numbers]
    else:
        values = [format_quantity(round(number)) for number in numbers]
    if len(set(values)) < count:
        raise SweepError(f"{key}: there are not {count:,} different values from {start} to {end}")
    return values


def _number(key: str, word: str) -> float:
    if _NUMBER.fullmatch(word):
        return float(Decimal(word))
    for parse in (parse_quantity, parse_duration):
        try:
            return float(parse(word))
        except ValueError:
            continue
    raise SweepError(
        f"{key}: {clipped(word, 40)!r} is no number to make a row from; "
        "write such as 40G..160G:9, 10ms..40ms:4 or 1..2:3"
    )
