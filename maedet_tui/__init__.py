"""MAE-DET's search for detection backbones: in a terminal, and from Python by the names below.

    from maedet_tui import preset, search

    found = search(preset("maedet-m"))
    backbone = found.module()

They are imported when they are first asked for: `import maedet_tui` itself takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.scorers.base import ScoringError
    from engine.structure import Structure, StructureError
    from maedet_tui.api.designs import Design, design, score
    from maedet_tui.api.presets import Preset, preset
    from maedet_tui.api.searches import SearchResult, search
    from maedet_tui.errors import SaveError
    from maedet_tui.export.source import ExportError
    from maedet_tui.files import StructureFileError
    from maedet_tui.presets.problems import PresetError

_HOMES = {
    "Design": "maedet_tui.api.designs",
    "ExportError": "maedet_tui.export.source",
    "Preset": "maedet_tui.api.presets",
    "PresetError": "maedet_tui.presets.problems",
    "SaveError": "maedet_tui.errors",
    "ScoringError": "engine.scorers.base",
    "SearchResult": "maedet_tui.api.searches",
    "Structure": "engine.structure",
    "StructureError": "engine.structure",
    "StructureFileError": "maedet_tui.files",
    "design": "maedet_tui.api.designs",
    "preset": "maedet_tui.api.presets",
    "score": "maedet_tui.api.designs",
    "search": "maedet_tui.api.searches",
}

__all__ = [
    "Design",
    "ExportError",
    "Preset",
    "PresetError",
    "SaveError",
    "ScoringError",
    "SearchResult",
    "Structure",
    "StructureError",
    "StructureFileError",
    "design",
    "preset",
    "score",
    "search",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
