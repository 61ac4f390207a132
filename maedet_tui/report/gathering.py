"""What a report tells of a run, read out of its folder once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.published import KNOWN
from engine.scorers.base import Score
from engine.search.member import Member
from engine.settings import Preset
from engine.snapshot import LIVE, Candidate, Snapshot
from engine.zoo import ZOO
from maedet_tui import formatting
from maedet_tui.store.about import Record
from maedet_tui.store.database import FILE, StoreError
from maedet_tui.store.folders import find_run, run_folders
from maedet_tui.store.listing import line
from maedet_tui.store.reader import RunReader
from maedet_tui.store.sessions import Session
from maedet_tui.structures.items import Item, zoo_item
from maedet_tui.structures.known import closed_form


@dataclass(frozen=True)
class Reported:
    """A run. state: as `maedet-tui runs` lists it. closed: closed form of the best.

    lineage: every structure that was the best for a time, oldest first. paper: the published
    structure for the budget, with its closed form, if there is one. note: what somebody has
    written about it.
    """

    name: str
    state: str
    record: Record
    snapshot: Snapshot
    best: Candidate
    closed: Score
    sessions: tuple[Session, ...]
    lineage: tuple[Member, ...]
    paper: Item | None
    note: str = ""

    @property
    def preset(self) -> Preset:
        """The one that was searched."""
        return self.record.preset

    @property
    def whose(self) -> str:
        """What stands before the name of `paper` in a sentence."""
        return KNOWN[self.paper.stem].whose if self.paper else ""

    @property
    def item(self) -> Item:
        """The best as a structure to look at."""
        return Item(self.name, f"best of {self.name}", self.best.structure, self.preset,
                    self.best.score, self.name)  # fmt: skip

    @property
    def day(self) -> str:
        """When it was begun: 2026-11-24, in UTC."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.record.created))

    @property
    def standing(self) -> str | None:
        """What a reader must know of a search that is not at its end, in a sentence."""
        done, planned = self.snapshot.iteration, self.snapshot.iterations
        at = f"iteration {formatting.count(done)} of {formatting.count(planned)}"
        if self.state in LIVE:
            return f"This search is under way: what follows is what it had at {at}."
        if self.state == "finished":
            return None
        if self.state == "failed":
            return f"This search failed at {at}: {self.snapshot.error or 'no reason was given'}"
        return f"This search was {self.state} at {at}."


def find(refs: Sequence[str], runs_dir: Path) -> tuple[list[Path], list[str]]:
    """The folders of the runs that a user names, and why some are none.

    A folder of runs stands for all of them, in order of their names.
    """
    folders: list[Path] = []
    problems: list[str] = []
    for ref in refs:
        try:
            found = _runs_in(ref, runs_dir) or [find_run(ref, runs_dir)]
        except StoreError as error:
            problems.append(str(error))
        else:
            known = {folder.resolve() for folder in folders}
            folders += [folder for folder in found if folder.resolve() not in known]
    return folders, problems


def _runs_in(ref: str, runs_dir: Path) -> list[Path]:
    """The runs in a folder that is none itself."""
    for folder in (runs_dir / ref, Path(ref)):
        with contextlib.suppress(OSError, ValueError):  # a name that no folder can have
            if ref and folder.is_dir() and not (folder / FILE).exists():
                return run_folders(folder)
    return []


def gather(folders: Iterable[Path]) -> tuple[list[Reported], list[str]]:
    """The runs in these folders, and a sentence about each that there is nothing to tell of."""
    reported, problems = [], []
    for folder in folders:
        try:
            reported.append(read(folder))
        except StoreError as error:
            problems.append(str(error))
    return reported, problems


def read(folder: Path) -> Reported:
    """A run, live or not. Raises StoreError; also where it has found nothing yet."""
    with contextlib.closing(RunReader(folder)) as reader:
        record, snapshot = reader.record, reader.snapshot()
        if snapshot is None or snapshot.best is None:
            raise StoreError(f"{folder}: has found nothing yet that could be reported")
        sessions, lineage = reader.sessions(), reader.lineage()
    preset, best = record.preset, snapshot.best
    entry = KNOWN.get(preset.reference or "")
    structures = [best.structure, *([entry.structure] if entry else [])]
    closed, *others = closed_form(preset.objective, structures)
    paper = None
    if entry is not None:
        shown = zoo_item(entry, preset)
        origin = f"{entry.source} of the paper" if entry.name in ZOO else entry.source
        paper = Item(f"{entry.title}", origin, shown.structure, preset,
                     others[0], entry.name)  # fmt: skip
    listed = line(folder)
    return Reported(folder.resolve().name, listed.state, record, snapshot, best, closed, sessions,
                    lineage, paper, listed.note)  # fmt: skip
