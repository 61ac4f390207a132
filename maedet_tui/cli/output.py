"""What every command shares: failing in one sentence, and one JSON object on one line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from engine.formats.damo_yolo import FAMILIES
from engine.scorers.base import Score, ScoringError
from engine.settings import SCORERS, Preset
from engine.structure import LEVELS
from maedet_tui.cli.failure import FAILED, USAGE, Failure
from maedet_tui.errors import SaveError
from maedet_tui.files import StructureFileError
from maedet_tui.presets.numbers import keeping
from maedet_tui.presets.problems import PresetError, tally
from maedet_tui.presets.reading import load
from maedet_tui.terminal import echo


def print_json(values: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output; what is no number becomes null.

    Characters that a terminal would obey are escaped, as JSON asks of some of them.
    """
    text = json.dumps(_finite(values), ensure_ascii=False, allow_nan=False)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    echo(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


@contextmanager
def failures() -> Iterator[None]:
    """Turn what a user can put right into a Failure."""
    try:
        yield
    except PresetError as error:
        from_option = any(problem.where.startswith("--") for problem in error.problems)
        lines = list(map(str, error.problems))
        count = tally(error.problems)
        message = lines[0] if count == 1 else "\n  ".join([f"{count:,} problems:", *lines])
        raise Failure(message, USAGE if error.unknown or from_option else FAILED) from None
    except StructureFileError as error:
        raise Failure(str(error), USAGE if error.unknown else FAILED) from None
    except (SaveError, ScoringError) as error:
        raise Failure(str(error)) from None


def load_preset(ref: str, options: Mapping[str, tuple[str, Any]]) -> Preset:
    """A preset with command-line options in place of what it says.

    options: option such as "--seed" -> (dotted key, value or None if not given).
    Raises PresetError.
    """
    overrides = {
        key: (value, option) for option, (key, value) in options.items() if value is not None
    }
    if "search.population" in overrides:
        overrides = keeping(overrides, load(ref).schedule.keep)
    return load(ref, overrides)


def score_values(score: Score) -> dict[str, Any]:
    """The keys of a score in JSON."""
    return {
        "entropy": dict(zip(LEVELS, score.entropies, strict=True)),
        "score": score.z,
        "score_std": score.z_std,
        "score_error": score.z_error,
        "passes": score.passes,
        "method": score.method,
        "scorer": score.detail,
    }


def family_option(command: Any) -> Any:
    """Add --family to a command that reads one structure."""
    nets = ", ".join(f"{name} for {whose}" for name, whose in FAMILIES.items())
    return click.option(
        "--family",
        type=click.Choice(list(FAMILIES)),
        help=f"Network that a file of DAMO-YOLO's means: {nets}. FILE#csp says it too.",
    )(command)


def scorer_options(command: Any) -> Any:
    """Add --scorer and --device to a command."""
    for decorator in (
        click.option(
            "--device",
            type=click.Choice(["auto", "cpu", "cuda"]),
            help="Where forward passes run.  [default: the preset's]",
        ),
        click.option(
            "--scorer",
            type=click.Choice(SCORERS),
            help="How entropy is obtained; auto takes forward passes on a GPU and the "
            "closed form without one. Or a proxy of another paper, by passes or in closed "
            "form.  [default: the preset's]",
        ),
    ):
        command = decorator(command)
    return command
