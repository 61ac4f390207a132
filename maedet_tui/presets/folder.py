"""Where presets are, by name: those that come with the program, and the user's own folder.

The home screen lists names before it paints, so nothing here is imported that reads files.
"""

from __future__ import annotations

import os
from pathlib import Path

from maedet_tui.errors import SaveError
from maedet_tui.presets.problems import PresetError, Problem

#: names another folder
VARIABLE = "MAEDET_PRESETS"
SUFFIXES = (".yaml", ".yml")

#: presets of the program: a wheel has them in here, a checkout beside `maedet_tui`
_INSTALLED = Path(__file__).parent / "builtin"
BUILTIN = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "presets"

#: budgets that people have, as `presets new` writes them
LADDER = BUILTIN / "ladder"
#: spaces and budgets of other papers, whose backbones classify
CLASSIFICATION = BUILTIN / "classification"
#: and of those whose backbones detect
DETECTION = BUILTIN / "detection"


def builtin_names() -> list[str]:
    """Names of the presets that come with the program, in their order of size."""
    names = [path.stem for path in BUILTIN.glob("*.yaml")]
    # the paper's three budgets first, small to large, then everything else by name
    first = ["maedet-s", "maedet-m", "maedet-l"]
    return [name for name in first if name in names] + sorted(set(names) - set(first))


def ladder_names() -> list[str]:
    """Names of the presets for budgets beside the paper's, by space and FLOPs."""
    names = [path.stem for path in LADDER.glob("*.yaml")]
    return sorted(names, key=lambda name: (name.partition("-")[0], len(name), name))


def further_names() -> list[str]:
    """Names of the presets beside the paper's: the ladder's and other papers'."""
    others = [
        name
        for folder in (CLASSIFICATION, DETECTION)
        for name in sorted(path.stem for path in folder.glob("*.yaml"))
    ]
    return [*ladder_names(), *others]


def builtin_file(name: str) -> Path:
    """The file of a built-in preset, those beside the paper's among them."""
    for folder in (LADDER, CLASSIFICATION, DETECTION):
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    return BUILTIN / f"{name}.yaml"


def user_folder() -> Path:
    """Where the user's presets are kept; it need not exist yet."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("maedet-tui", appauthor=False) / "presets"


def user_presets() -> dict[str, Path]:
    """The user's presets by name, in order. Raises PresetError if the folder is unreadable."""
    folder = user_folder()
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix in SUFFIXES and not path.name.startswith(".")
        )
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"cannot be read: {error.strerror}; {VARIABLE} names another folder"
        raise PresetError([Problem(str(folder), "", message)]) from None
    found: dict[str, Path] = {}
    for path in files:
        found.setdefault(path.stem, path)
    return found


def user_path(name: str) -> Path:
    """The file of the user's preset of that name, there or not. Raises PresetError."""
    return user_presets().get(name) or user_folder() / f"{name}.yaml"


def refuse_bad_name(name: str) -> None:
    """Raise SaveError unless a preset of the user's may have the name."""
    from maedet_tui.files import names_a_file

    if not names_a_file(name):
        raise SaveError(f"{name!r} cannot name a file; use letters, digits, '-', '_' and '.'")
    if Path(name).suffix in SUFFIXES:
        raise SaveError(f"{name}: leave {Path(name).suffix} out; a name is enough")
    if name in builtin_names() or name in further_names():
        raise SaveError(f"{name}: is a built-in preset, which stays as it is; choose another name")


def refuse_taken(name: str) -> None:
    """Raise SaveError unless a new preset of the user's can have the name."""
    refuse_bad_name(name)
    try:
        taken = name in user_presets()
    except PresetError as error:
        raise SaveError(str(error)) from None
    if taken:
        raise SaveError(f"{name}: is a preset of yours already; choose another name")


def save(name: str, text: str) -> Path:
    """Write a preset of the user's, over an older one of the name; its path. Raises SaveError."""
    from maedet_tui.files import save_error, write_atomically

    refuse_bad_name(name)
    try:
        path = user_path(name)
    except PresetError as error:
        raise SaveError(str(error)) from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path.parent, error, VARIABLE) from None
    write_atomically(path, text, option=VARIABLE)
    return path


def remove(path: Path) -> None:
    """Remove a preset of the user's. Raises SaveError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(f"{path}: cannot be removed: {error.strerror}") from None


def free_name(name: str) -> str:
    """The name, or with a number after it if it is taken. Raises PresetError."""
    taken = {*builtin_names(), *further_names(), *user_presets()}
    number = 2
    while (candidate := name if name not in taken else f"{name}-{number}") in taken:
        number += 1
    return candidate
