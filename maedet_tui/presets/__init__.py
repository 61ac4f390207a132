"""Presets: YAML files that become `engine.settings.Preset`, or a list of every problem."""

from maedet_tui.presets.load import (
    builtin_names,
    builtin_presets,
    examine,
    load,
    parse,
    read_source,
)
from maedet_tui.presets.problems import PresetError, Problem
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
