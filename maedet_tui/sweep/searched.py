"""A search of a sweep: what was planned of it, where it stands, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.snapshot import gap_to

if TYPE_CHECKING:
    from engine.structure import Structure

#: `stopped` and `failed` ones go on with `sweep resume`; `finished` ones are never repeated
STATES = ("waiting", "running", "finished", "stopped", "failed")
WISHES = ("pause", "resume", "stop")


class Where(NamedTuple):
    """Where a sweep searches. jobs: searches at a time; None: as many as there is room for. ray:
    a cluster, as for `maedet_tui.sweep.rays.OnRay`; None: processes here. gpus: of each search on
    a cluster. shared: the sweep's folder is the same on all machines of it."""

    jobs: int | None = None
    ray: str | None = None
    gpus: float = 0.0
    shared: bool = False

    def words(self) -> list[str]:
        """As options of the command line."""
        said = [] if self.jobs is None else ["--jobs", str(self.jobs)]
        if self.ray is not None:
            said += ["--ray", self.ray, "--gpus", str(self.gpus)]
        return said + ["--shared"] * self.shared


class Task(NamedTuple):
    """What a process needs to search, and all that it is sent.

    folder: of the run. text: its preset's YAML, which is used if there is no run yet.
    """

    number: int
    folder: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search has found. place: the process that searched. bound: that no Z exceeds, if
    one is known. error: why it failed or what could not be kept, in a sentence."""

    place: str | None = None
    iteration: int = 0
    seconds: float = 0.0
    z: float | None = None
    bound: float | None = None
    method: str | None = None
    params: int | None = None
    flops: int | None = None
    layers: int | None = None
    latency: float | None = None
    structure: Structure | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Ended(Found):
    """How a search ended."""

    state: str


@dataclass(frozen=True, slots=True)
class Search(Found):
    """One row of a sweep's database. begun, ended: seconds since 1970. The rest as for
    `maedet_tui.sweep.plan.Planned`."""

    number: int
    name: str
    preset: str
    varied: tuple[tuple[str, str], ...]
    iterations: int
    state: str
    begun: float | None = None
    ended: float | None = None

    @property
    def done(self) -> float:
        """The share that is searched; all of what has finished, for a proof ends before T."""
        share = min(self.iteration / self.iterations, 1.0)
        return 1.0 if self.state == "finished" else share

    @property
    def gap(self) -> float | None:
        """How far Z is below its bound, as a share of it."""
        if self.z is None or not self.bound:
            return None
        return gap_to(self.bound, self.z)
