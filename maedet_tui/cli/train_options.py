"""Options of `maedet-tui train` that become settings of the training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.presets.quantities import parse_image_size

#: what a number can sensibly be at most
MOST_STEPS, MOST_BATCH, MOST_CHANNELS, MOST_SEED = 10**9, 65_536, 8192, 2**63 - 1

if TYPE_CHECKING:
    from engine.training.settings import Settings


def image_size(_: Any, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """(height, width) out of an option's WIDTHxHEIGHT."""
    try:
        return None if value is None else parse_image_size(value)
    except ValueError as error:
        hint = parameter.opts[0]
        raise click.BadParameter(f"{value!r} {error}", param_hint=hint) from None


def _scales(_: Any, parameter: click.Parameter, value: str | None) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        least, most = map(float, value.split("-"))
    except ValueError:
        raise click.BadParameter(f"{value!r}: write LEAST-MOST such as 0.6-1.2") from None
    return least, most


def _whole(option: str, metavar: str, text: str, least: int = 1, most: int = MOST_STEPS) -> Any:
    return click.option(option, type=click.IntRange(least, most), metavar=metavar, help=text)


_OPTIONS = (
    _whole("--steps", "N", "Steps in all.  [default: 1000]"),
    _whole(
        "--batch",
        "B",
        "Images of a step, of all processes together.  [default: 8]",
        most=MOST_BATCH,
    ),
    click.option(
        "--size",
        metavar="WIDTHxHEIGHT",
        callback=image_size,
        help="What images are scaled to fit into.  [default: 1280x800]",
    ),
    click.option(
        "--scales",
        metavar="LEAST-MOST",
        callback=_scales,
        help="Factors of --size in training, drawn for each image.  [default: 0.6-1.2]",
    ),
    click.option(
        "--lr",
        type=float,
        metavar="RATE",
        help="Learning rate after the warm-up.  [default: 0.02 for 16 images, in proportion]",
    ),
    _whole("--warmup", "N", "Steps of warm-up.  [default: a tenth of --steps, at most 1000]", 0),
    click.option("--weight-decay", type=float, metavar="RATE", help="[default: 0.0001]"),
    click.option(
        "--norm-decay/--no-norm-decay",
        default=None,
        help="Whether norms and biases decay too.  [default: no]",
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
        help="auto is float32 on a CPU; on a GPU bfloat16 where it has that, else float16."
        "  [default: auto]",
    ),
    _whole(
        "--fpn-channels", "N", "Channels of pyramid and head.  [default: 256]", most=MOST_CHANNELS
    ),
    _whole("--head-depth", "N", "Convolutions of each of the head's towers.  [default: 4]", 0, 16),
    _whole("--seed", "S", "Of weights and order.  [default: 0]", 0, MOST_SEED),
)
#: option's name in Python, and its name in Settings where that is another
_NAMES = {"fpn_channels": "channels", "head_depth": "depth"}


def settings_options(command: Any) -> Any:
    """Add the options to a command, which gets them as keywords; None where not given."""
    for decorator in reversed(_OPTIONS):
        command = decorator(command)
    return command


def settings(given: Mapping[str, Any], device: str, saved: Settings | None) -> Settings:
    """The settings of a training.

    given: what settings_options adds. device: "cpu" or "cuda". saved: those of the
    checkpoint to go on from, which then hold. Raises TrainingError; Failure for an option
    that says otherwise than `saved`.
    """
    # torch comes with it, for which help and wrong usage need not wait
    from engine.training.settings import Settings

    values = {_NAMES.get(key, key): value for key, value in given.items() if value is not None}
    if "scales" in values:
        values["least"], values["most"] = values.pop("scales")
    if values.get("precision") == "auto":
        del values["precision"]
    if saved is not None:
        for name, value in values.items():
            if getattr(saved, name) != value:
                option = _option_of(name)
                raise Failure(
                    f"{option} differs from the training to go on with, which has "
                    f"{_text(getattr(saved, name))}; leave {option} out, or choose another "
                    "--output",
                    USAGE,
                )
        return saved
    values.setdefault("precision", _precision(device))
    values.setdefault("warmup", min(1000, values.get("steps", Settings.steps) // 10))
    return Settings(**values)


def _precision(device: str) -> str:
    if device == "cpu":
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def _option_of(name: str) -> str:
    options = {new: old for old, new in _NAMES.items()} | {"least": "scales", "most": "scales"}
    return "--" + options.get(name, name).replace("_", "-")


def _text(value: Any) -> str:
    return f"{value[1]}x{value[0]}" if isinstance(value, tuple) else str(value)
