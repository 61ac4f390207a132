"""Files: reading a structure from whatever a user names, writing without ever half writing."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from engine.costs import total_cost
from engine.files import Unreadable, read_regular
from engine.formats import damo_yolo, plainnet, structure_info, structure_yaml
from engine.formats.rows import closest
from engine.formats.strict_yaml import MAX_LENGTH
from engine.messages import and_more, clipped
from engine.outputs import write_whole
from engine.published import KNOWN
from engine.structure import Structure, StructureError
from maedet_tui import formatting
from maedet_tui.errors import SaveError

#: structures of a file that are listed
_LISTED = 10
_YAML_SUFFIXES = (".yaml", ".yml")


class StructureFileError(Exception):
    """A structure that cannot be read, in one sentence; `unknown`: there is none of that name,
    `open_family`: a text of DAMO-YOLO's, of which no family was said."""

    def __init__(self, message: str, *, unknown: bool = False, open_family: bool = False):
        self.unknown = unknown
        self.open_family = open_family
        super().__init__(message)


class NamedStructure(NamedTuple):
    """A structure and what to call it."""

    title: str
    structure: Structure


def read_structure(ref: str, family: str | None = None) -> NamedStructure:
    """The structure that a user names: in the zoo, a run's folder, a YAML, structure_info or
    ZenNAS file. FILE#2 is the second of a file with several, FILE#se the one with
    squeeze-and-excitation where a ZenNAS text leaves that open, and FILE#csp the one of that
    family where one of DAMO-YOLO's does.

    family: says the latter apart from the name. Raises StructureFileError.
    """
    if ref in KNOWN:
        if family is not None:
            raise StructureFileError(f"{ref}: a family is for DAMO-YOLO's files; leave it out")
        return NamedStructure(KNOWN[ref].title, KNOWN[ref].structure)
    path, choice = Path(ref), ""
    if "#" in ref and not _exists(path):
        name, _, choice = ref.rpartition("#")
        path = Path(name)
    if choice in damo_yolo.FAMILIES and family not in (None, choice):
        raise StructureFileError(f"{ref}: --family says {family}; leave one of the two out")
    if not ref or not _exists(path):
        ref = ref if ref.isprintable() and 0 < len(ref) <= 200 else repr(ref[:60])
        looks_like_path = "/" in ref or "\\" in ref or bool(path.suffix)
        hint = closest(ref, KNOWN)
        message = (
            f"{ref}: no such file"
            if looks_like_path
            else f"{ref}: not in the zoo, and no such file; {hint}"
        )
        raise StructureFileError(message, unknown=True)
    if path.is_dir() and (path / "best.yaml").is_file():  # a run's folder stands for its best
        title, path = path.resolve().name, path / "best.yaml"
    else:
        title = path.name
    text = _read_text(path)
    if choice not in ("", family):
        title = f"{title}#{choice}"
    if family:
        title = f"{title}#{family}"
    try:
        return NamedStructure(title, _loaded(path, text, choice, family or ""))
    except structure_info.Several as several:
        raise StructureFileError(_listed(ref, several.found)) from None
    except StructureError as error:
        said = clipped(f"{ref}: {error}").replace("\n", "\n  ")
        open_family = isinstance(error, damo_yolo.OpenFamily)
        raise StructureFileError(said, open_family=open_family) from None


def read_structures(refs: Iterable[str], family: str | None = None) -> list[NamedStructure]:
    """Several of them; the family is that of those whose text leaves it open.

    Raises StructureFileError, also where the family is of no use to any of them.
    """
    refs = list(refs)
    used = False
    found = []
    for ref in refs:
        try:
            found.append(read_structure(ref))
        except StructureFileError as error:
            if family is None or not error.open_family:
                raise
            found.append(read_structure(ref, family))
            used = True
    if family is not None and not used:
        raise StructureFileError(
            f"--family {family}: none of {', '.join(refs)} leaves its family open; leave it out"
        )
    return found


def _loaded(path: Path, text: str, choice: str, family: str) -> Structure:
    """What a text holds; choice: what the user wrote behind the file's name. family: said
    apart from that."""
    number = int(choice) if re.fullmatch(r"\d{1,6}", choice) else None
    if choice in damo_yolo.FAMILIES:
        choice, family = "", choice
    yaml = _is_yaml(path, text)
    nested = not yaml and plainnet.is_plainnet(text)
    if family and (yaml or nested):
        raise StructureError([damo_yolo.not_theirs(family)])
    if yaml:
        if choice in ("", "1"):
            return structure_yaml.loads(text)
    elif nested:
        if choice in ("", "se", "1"):
            return plainnet.loads(text, se=plainnet.REDUCTION if choice == "se" else 0)
    elif number is not None or not choice:
        return structure_info.loads(text, number, family)
    raise StructureError(
        [
            f"#{choice} names none of its structures; write #1, #2, ... for one of several, #se "
            "for the squeeze-and-excitation of a ZenNAS text, #res, #csp or #mob for the family of "
            "a DAMO-YOLO, or nothing"
        ]
    )


def _listed(ref: str, found: list[Structure | str]) -> str:
    """A file's structures, of which one must be named."""
    lines = [f"{ref}: holds {len(found)} structures; name one, such as {ref}#1"]
    for number, one in enumerate(found[:_LISTED], 1):
        if isinstance(one, str):
            lines.append(f"#{number}: cannot be built: {one}")
            continue
        cost = total_cost(one)
        lines.append(
            f"#{number}: {formatting.quantity(cost.params)} params, "
            f"{formatting.quantity(cost.flops)} FLOPs at 1280x800, {cost.layers} layers"
        )
    if len(found) > _LISTED:
        lines.append(and_more(len(found) - _LISTED))
    return clipped("\n  ".join(lines))


def names_a_file(name: str) -> bool:
    """Whether a name is that of one file or folder on any system, and of a visible one."""
    return (
        bool(name.strip())
        and not name.startswith(".")
        and len(name) <= 100
        and name.isprintable()
        and not any(character in name for character in '/\\:*?"<>|')
    )


def latency_folder() -> Path:
    """Where measured latencies are kept, in the user's cache."""
    from platformdirs import user_cache_path

    return user_cache_path("maedet-tui", appauthor=False) / "latency"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_yaml(path: Path, text: str) -> bool:
    """Told by the name of the file, else by a line that only our YAML has."""
    if path.suffix in _YAML_SUFFIXES:
        return True
    return re.search(r"^(structure:|- *\{? *block:)", text, re.MULTILINE) is not None


def _read_text(path: Path) -> str:
    try:
        data = read_regular(path, MAX_LENGTH)
    except Unreadable as error:
        if error.folder:
            hint = f"{path}: is a folder; name a file such as {path}/best.yaml"
            raise StructureFileError(hint) from None
        if error.large:
            raise StructureFileError(f"{path}: is far larger than any structure") from None
        raise StructureFileError(f"{path}: {error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StructureFileError(f"{path}: is not text in UTF-8, so not a structure") from None


def write_atomically(
    path: Path,
    text: str | bytes,
    *,
    private: bool = False,
    named: bool = False,
    option: str | None = "--runs-dir",
) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part.

    private: for its owner alone. named: by the user, who may mean a pipe or a device; those
    are written into. option: names another place on the command line; None where that is
    not its place. Raises SaveError.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8")
    try:
        write_whole(path, content, mode=0o600 if private else _USUAL, named=named)
    except OSError as error:
        raise save_error(path, error, option) from None


def set_usual_permissions(path: Path) -> None:
    """Give a temporary file, made for its owner alone, the permissions of the user's other files.

    Raises OSError.
    """
    os.chmod(path, _USUAL)


def save_error(path: Path, error: OSError, option: str | None = "--runs-dir") -> SaveError:
    """What a failed write means to the user, with the fix.

    option: names another place on the command line; None where that is not its place.
    """
    elsewhere = f"another place with {option}" if option else "another folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SaveError(f"{path}: no space left to write it; free some and save again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SaveError(f"{path}: you may not write there; choose {elsewhere}")
    if error.errno == errno.ENOENT:
        other = f"use {option}" if option else "choose another"
        return SaveError(f"{path}: there is no folder {path.parent}; create it, or {other}")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return SaveError(f"{path}: a file is in the way of a folder; choose {elsewhere}")
    return SaveError(f"{path}: cannot be written: {error.strerror}")


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


#: permissions of the user's other files; read once, while there is one thread
_USUAL = 0o666 & ~_umask()
