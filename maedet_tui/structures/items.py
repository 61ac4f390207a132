"""Every structure that can be looked at: of the zoo, of a search, of saved runs and of files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.costs import Cost, total_cost
from engine.scorers.base import Score
from engine.settings import Objective, Preset
from engine.snapshot import Snapshot
from engine.structure import Structure
from engine.zoo import ZOO, ZooEntry
from maedet_tui import formatting
from maedet_tui.files import NamedStructure, read_structure, read_structures
from maedet_tui.store.database import StoreError
from maedet_tui.store.folders import run_folders
from maedet_tui.store.reader import RunReader

#: the paper's own image size and objective, for what belongs to no search
PAPER = Preset("the paper's settings", ZOO["initial"].structure)


@dataclass(frozen=True)
class Item:
    """A structure to look at.

    name: short, for headings. origin: where it comes from, in words. preset: whose image
    size and objective it is judged by. score: what is known of it under that objective.
    stem: what its files are called.
    """

    name: str
    origin: str
    structure: Structure
    preset: Preset = PAPER
    score: Score | None = None
    stem: str = ""

    @property
    def cost(self) -> Cost:
        """Params, FLOPs at the preset's image size, and layers."""
        return total_cost(self.structure, self.preset.budget.image_size)

    def under(self, objective: Objective, image_size: tuple[int, int]) -> Item:
        """The same structure judged by something else."""
        settings = self.preset
        if (objective, image_size) == (settings.objective, settings.budget.image_size):
            return self
        known = self.score if objective == settings.objective else None
        budget = replace(settings.budget, image_size=image_size)
        judge = replace(settings, objective=objective, budget=budget)
        return replace(self, preset=judge, score=known)


def zoo_item(entry: ZooEntry, preset: Preset = PAPER) -> Item:
    """A structure of the paper."""
    return Item(entry.title, entry.source, entry.structure, preset, stem=entry.name)


def zoo_items(preset: Preset = PAPER) -> list[Item]:
    """The paper's structures and the ResNets."""
    return [zoo_item(entry, preset) for entry in ZOO.values()]


def best_item(snapshot: Snapshot, preset: Preset, run_dir: Path) -> Item | None:
    """The best of a search, if it has one."""
    best = snapshot.best
    if best is None:
        return None
    origin = f"{run_dir.name}, iteration {formatting.count(snapshot.best_iteration)}"
    return Item(
        "best", f"best of {origin}", best.structure, preset, best.score, f"{preset.name}-best"
    )


def member_items(snapshot: Snapshot, preset: Preset, run_dir: Path) -> list[Item]:
    """The population of a search, best first."""
    count = len(snapshot.members)
    return [
        Item(
            f"member {place}",
            f"{place} of {count} in the population of {run_dir.name}, from iteration "
            f"{formatting.count(member.born)} by {member.origin}",
            member.structure,
            preset,
            member.score,
            f"{preset.name}-member-{place}",
        )
        for place, member in enumerate(snapshot.members, 1)
    ]


def file_item(ref: str, preset: Preset = PAPER) -> Item:
    """What `read_structure` finds under that name. Raises StructureFileError."""
    return _of_file(ref, read_structure(ref), preset)


def named_items(refs: Sequence[str], family: str | None = None) -> tuple[Item, ...]:
    """Each by its name, of the paper or of a file; family: as `read_structures` has it.

    Raises StructureFileError.
    """
    found = read_structures(refs, family)
    return tuple(
        zoo_item(ZOO[ref]) if ref in ZOO else _of_file(ref, one)
        for ref, one in zip(refs, found, strict=True)
    )


def _of_file(ref: str, found: NamedStructure, preset: Preset = PAPER) -> Item:
    # without the ending, but with what tells several structures of a file apart
    stem = re.sub(r"\.[^.#]*((?:#\w+)*)$", r"\1", found.title)
    return Item(stem[:40], ref, found.structure, preset, stem=stem)


def saved_items(runs_dir: Path) -> Iterator[Item | str]:
    """The best of each run in a folder, newest first; of a run that cannot be read, why not."""
    found: list[tuple[float, Item | str]] = []
    try:
        folders = run_folders(runs_dir)
    except StoreError as error:
        yield str(error)
        return
    for folder in folders:
        try:
            with contextlib.closing(RunReader(folder)) as reader:
                item = _saved_item(folder, reader)
                if item is not None:
                    found.append((reader.record.created, item))
        except StoreError as error:
            found.append((0.0, str(error)))
    for _, one in sorted(found, key=lambda pair: -pair[0]):
        yield one


def _saved_item(folder: Path, reader: RunReader) -> Item | None:
    best, preset = reader.best(), reader.record.preset
    if best is None:
        return None
    origin = f"best of {folder}"
    return Item(folder.name, origin, best.structure, preset, best.score, folder.name)
