"""Reading presets: built-in by name, or any file by its path, with every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from errno import EACCES, EPERM
from pathlib import Path
from typing import Any

from engine.files import Unreadable, read_regular
from engine.formats.rows import closest
from engine.formats.strict_yaml import MAX_LENGTH, Document, YamlError, read
from engine.formats.strict_yaml import Path as KeyPath
from engine.settings import Preset
from maedet_tui.presets.folder import (
    SUFFIXES,
    builtin_file,
    builtin_names,
    further_names,
    user_presets,
)
from maedet_tui.presets.problems import PresetError, Problem

#: what YAML does not allow in its text
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


def builtin_presets() -> list[Preset]:
    """Every preset that comes with the program. Raises PresetError."""
    return [load(name) for name in builtin_names()]


def load(ref: str | Path, overrides: Mapping[str, tuple[Any, str]] | None = None) -> Preset:
    """The preset with that name, built in or the user's own, or in the file at that path.

    overrides: dotted key -> (value, option that gave it), in place of what is written;
    they pass the same checks. Raises PresetError.
    """
    text, source, name = read_source(ref)
    return parse(text, source=source, name=name, overrides=overrides)


def read_source(ref: str | Path) -> tuple[str, str, str]:
    """(text, source for messages, default name) of a preset. Raises PresetError."""
    ref = str(ref)
    if ref in builtin_names() or ref in further_names():
        return file_text(builtin_file(ref)), str(builtin_file(ref)), ref
    path = Path(ref)
    looks_like_path = "/" in ref or "\\" in ref or path.suffix in SUFFIXES
    # a file by its path is read whatever the state of the folder
    mine = {} if looks_like_path else user_presets()
    if ref in mine:
        return file_text(mine[ref]), str(mine[ref]), ref
    try:
        is_file, is_dir = path.is_file(), path.is_dir() and bool(ref)
    except (OSError, ValueError):  # a name that no file can have
        is_file = is_dir = False
    if not is_file:
        if is_dir:
            message = "is a folder; name the preset's file in it"
        elif looks_like_path:
            message = f"no such file; name a file or one of {', '.join(builtin_names())}"
        else:
            message = f"no such preset; {_available(ref, [*builtin_names(), *mine])}"
        raise PresetError([Problem(shown_name(ref), "", message)], unknown=True)
    return file_text(path), ref, path.stem


def shown_name(ref: str) -> str:
    """A name as a message can hold it: printable, and not a page long."""
    if ref.isprintable() and 0 < len(ref) <= 200:
        return ref
    return repr(ref[:60])


def _available(ref: str, names: list[str]) -> str:
    hint = closest(ref, names)
    known = f"available are {', '.join(names)}, or give the path of a YAML file"
    return f"{hint} ({known})" if hint.startswith("did") else known


def file_text(path: Path) -> str:
    """The text of a preset's file. Raises PresetError."""
    text, line = lenient_text(path)
    if line:
        message = "is not text in UTF-8 here; put it right and save it as UTF-8"
        raise PresetError([Problem(f"{path}:{line}", "", message)])
    return text


def lenient_text(path: Path) -> tuple[str, int]:
    """A file as far as it is text, and the first line that is not, 0 if all is.

    Bytes that are no UTF-8 become U+FFFD. Raises PresetError if there is nothing to read.
    """

    def refused(message: str) -> PresetError:
        return PresetError([Problem(str(path), "", message)])

    try:
        data = read_regular(path, MAX_LENGTH)
    except Unreadable as error:
        if error.large:
            fix = "far larger than any preset; name a YAML file as in `presets show`"
            raise refused(f"is {fix}") from None
        if error.folder or error.special:
            raise refused(f"{error}; move it elsewhere, or give it another ending") from None
        fix = "; give yourself the right to read it" if error.errno in (EACCES, EPERM) else ""
        raise refused(f"{error}{fix}") from None
    try:
        return data.decode("utf-8-sig"), 0
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return data.decode("utf-8-sig", errors="replace"), line


def parse(
    text: str,
    *,
    source: str = "preset",
    name: str = "preset",
    overrides: Mapping[str, tuple[Any, str]] | None = None,
) -> Preset:
    """A preset out of YAML text.

    source: the file, for messages. name: used where the text has no `name`.
    overrides: as for `load`. Raises PresetError with every problem of the text.
    """
    preset, problems = examine(text, source=source, name=name, overrides=overrides)
    if problems or preset is None:
        raise PresetError(problems)
    return preset


def examine(
    text: str,
    *,
    source: str = "preset",
    name: str = "preset",
    overrides: Mapping[str, tuple[Any, str]] | None = None,
) -> tuple[Preset | None, list[Problem]]:
    """A preset out of YAML text, and every problem of the text, in its order.

    With problems, defaults stand in for what is wrong; None where there is no initial
    structure to be made out. The arguments are as for `parse`.
    """
    if strange := CONTROL.search(text):
        line = text[: strange.start()].count("\n") + 1
        message = f"holds the control character U+{ord(strange[0]):04X}; delete it"
        return None, [Problem(f"{source}:{line}", "", message)]
    try:
        document = read(text)
    except YamlError as error:
        where = f"{source}:{error.line}" if error.line else source
        return None, [Problem(where, "", error.message)]
    if document.value is None:
        document.value = {}
    if not isinstance(document.value, dict):
        message = "a preset is a mapping of keys such as budget and search"
        return None, [Problem(f"{source}:1", "", message)]
    origins = _override(document, overrides or {})
    # pydantic takes a while to import: not before there is something to validate
    from maedet_tui.presets.validate import validate

    return validate(document, origins, source=source, name=name)


def load_entry(source: str, name: str) -> tuple[Preset | None, tuple[Problem, ...]]:
    """What is in a preset's file, as `examine` has it; an unreadable file is a problem too."""
    try:
        text = file_text(Path(source))
    except PresetError as error:
        return None, tuple(error.problems)
    preset, problems = examine(text, source=source, name=name)
    return preset, tuple(problems)


def _override(document: Document, overrides: Mapping[str, tuple[Any, str]]) -> dict[KeyPath, str]:
    """Put values into the document; returns path -> the option that gave it."""
    origins: dict[KeyPath, str] = {}
    for key, (value, option) in overrides.items():
        path = tuple(key.split("."))
        section = document.value
        for part in path[:-1]:
            if section.get(part) is None:
                section[part] = {}
            section = section[part]
            if not isinstance(section, dict):
                break  # a wrong type there is reported as such
        else:
            section[path[-1]] = value
            origins[path] = option
    return origins
