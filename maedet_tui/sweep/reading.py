"""A sweep as a YAML file that is kept: which presets, what varies, how many seeds."""

from __future__ import annotations

from pathlib import Path

from engine.formats.rows import closest, shown
from engine.formats.strict_yaml import YamlError, read
from maedet_tui.presets.folder import SUFFIXES
from maedet_tui.presets.reading import file_text
from maedet_tui.sweep.plan import Wanted
from maedet_tui.sweep.varied import SweepError, Varied, values_of

KEYS = ("presets", "vary", "seeds", "audit", "bound")


def wanted_of(ref: str) -> Wanted | None:
    """The sweep that is in a file; None for what is none, such as a preset.

    Raises SweepError, and PresetError for a file that cannot be read.
    """
    path = Path(ref)
    if path.suffix not in SUFFIXES or not path.is_file():
        return None
    try:
        document = read(file_text(path))
    except YamlError:
        return None  # said where it is read as a preset
    values = document.value
    if not isinstance(values, dict) or "presets" not in values:
        return None

    def wrong(key: str, said: str) -> SweepError:
        return SweepError(f"{ref}:{document.line((key,))}: {key}: {said}")

    for key in values:
        if key not in KEYS:
            raise wrong(str(key), f"is not a known key; {closest(str(key), KEYS)}")
    presets = values["presets"]
    if isinstance(presets, str):
        presets = [presets]
    if not isinstance(presets, list) or not all(isinstance(one, str) for one in presets):
        raise wrong("presets", "must be a list of names or files, such as [maedet-s, maedet-m]")
    vary = values.get("vary") or {}
    if not isinstance(vary, dict):
        raise wrong("vary", "must be keys with their values, such as budget.flops: 40G..160G:9")
    seeds = values.get("seeds")
    if seeds is not None and (isinstance(seeds, bool) or not isinstance(seeds, int)):
        raise wrong("seeds", f"is {shown(seeds)}; write a whole number such as 3")
    audit, bound = (values.get(key, False) for key in ("audit", "bound"))
    for key, value in (("audit", audit), ("bound", bound)):
        if not isinstance(value, bool):
            raise wrong(key, f"is {shown(value)}; write true or false")
    try:
        varied = tuple(Varied(str(key), values_of(str(key), said)) for key, said in vary.items())
    except SweepError as error:
        raise wrong("vary", str(error)) from None
    return Wanted(tuple(_beside(path, one) for one in presets), varied, seeds, audit, bound)


def _beside(path: Path, preset: str) -> str:
    """A preset's file is looked for beside the sweep's."""
    file = path.parent / preset
    return str(file) if Path(preset).suffix in SUFFIXES and file.is_file() else preset
