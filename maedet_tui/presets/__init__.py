"""Presets: YAML files that become `engine.settings.Preset`, or a list of every problem."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from maedet_tui.presets.folder import builtin_names
from maedet_tui.presets.problems import PresetError, Problem

if TYPE_CHECKING:
    from maedet_tui.presets.reading import builtin_presets, examine, load, parse, read_source
    from maedet_tui.presets.write import dump

__all__ = [
    "PresetError",
    "Problem",
    "builtin_names",
    "builtin_presets",
    "dump",
    "examine",
    "load",
    "parse",
    "read_source",
]


def __getattr__(name: str) -> Any:
    """What reads and writes presets takes a while to import: not before it is used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{'write' if name == 'dump' else 'reading'}")
    value = globals()[name] = getattr(module, name)
    return value
