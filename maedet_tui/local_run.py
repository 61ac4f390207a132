"""A search in this process: an engine's runner, and the folder that its results go to."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import threading
from dataclasses import asdict, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.formats import saved_yaml, structure_info
from engine.formats.saved_yaml import Saved
from engine.runner import Runner
from engine.settings import Preset
from engine.snapshot import Candidate, Snapshot
from engine.structure import StructureError
from maedet_tui.files import latency_folder, save_error, write_atomically
from maedet_tui.presets.write import dump
from maedet_tui.run import SaveError

DEFAULT_RUNS_DIR = Path("runs")
#: seconds between saves of a new best while a search goes on
AUTOSAVE_EVERY = 30.0


class LocalRun:
    """A `maedet_tui.run.SearchRun` whose search runs on a thread of this process.

    The best is saved whenever asked, every half minute if it is a new one, and when
    the search ends, however it ends. Files of earlier runs are never touched.
    """

    def __init__(self, preset: Preset, runs_dir: Path = DEFAULT_RUNS_DIR, name: str | None = None):
        """Claim the run's folder and write the preset into it; the search does not start yet.

        Raises SaveError if the name is taken or the place cannot be written, so that
        no search runs for hours to find that out.
        """
        self.preset = preset
        self.run_dir = claim_folder(runs_dir, preset.name, name)
        self.save_error: str | None = None
        self._frozen = self.run_dir / "preset.yaml"
        write_atomically(self._frozen, dump(preset))
        self._runner = Runner(preset, latency_folder=latency_folder())
        self._saving = threading.Lock()
        self._saved: Candidate | None = None
        self._watcher = threading.Thread(target=self._watch, name="autosave", daemon=True)
        self._started = False
        self._noted: tuple[Snapshot, Snapshot] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The newest state, with a notice if the best could not be saved."""
        snapshot = self._runner.snapshot
        if self.save_error is None:
            return snapshot
        if self._noted is None or self._noted[0] is not snapshot:
            notices = (*snapshot.notices, f"Not saved: {self.save_error}")
            self._noted = (snapshot, replace(snapshot, notices=notices))
        return self._noted[1]

    @property
    def saved(self) -> Path | None:
        """The path of best.yaml, once there is one."""
        return self.run_dir / "best.yaml" if self._saved is not None else None

    def start(self) -> None:
        """Begin the search."""
        self._started = True
        self._runner.start()
        self._watcher.start()

    def pause(self) -> None:
        self._runner.pause()

    def resume(self) -> None:
        self._runner.resume()

    def stop(self) -> None:
        """End the search for good; the best so far is kept and saved."""
        self._runner.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the search has ended and its best is saved; whether that is so."""
        if not self._started:
            return True
        self._watcher.join(timeout)
        return not self._watcher.is_alive()

    def close(self, timeout: float | None = None) -> None:
        """Stop and wait; a search that does not end in time has its best saved as it is.

        An empty-handed run takes its folder away again.
        """
        if self._started:
            self.stop()
            if not self.wait(timeout):
                self._autosave()
        if self._saved is None and self.save_error is None:
            with contextlib.suppress(OSError):
                self._frozen.unlink()
                self.run_dir.rmdir()

    def save(self) -> Path:
        """Write the best so far (`best.yaml`, `best.txt`); the path of the YAML.

        Raises SaveError, also when there is no best yet.
        """
        with self._saving:
            snapshot = self._runner.snapshot
            best = snapshot.best
            if best is None:
                raise SaveError("There is no best structure to save yet; the search has only begun")
            path = self.run_dir / "best.yaml"
            write_atomically(path, saved_yaml.dumps(self._described(snapshot, best)))
            # a structure without a class in the authors' code is saved as YAML alone
            with contextlib.suppress(StructureError):
                info = structure_info.dumps(best.structure)
                write_atomically(self.run_dir / "best.txt", info)
            self._saved = best
            self.save_error = None
            return path

    def _described(self, snapshot: Snapshot, best: Candidate) -> Saved:
        preset = self.preset
        return Saved(
            structure=best.structure,
            score=best.score,
            objective=preset.objective,
            image_size=preset.budget.image_size,
            search={
                "preset": preset.name,
                "seed": preset.schedule.seed,
                "population": preset.schedule.population,
                "best_at_iteration": snapshot.best_iteration,
                "iteration": snapshot.iteration,
                "iterations": snapshot.iterations,
                "state": snapshot.state,
                "seconds": round(snapshot.seconds, 3),
                "scorer": snapshot.scorer,
                "scorer_asked": preset.scorer,
                "device_asked": preset.device,
                "audit": _audit(snapshot),
                "latency": _latency(snapshot),
                "versions": _versions(best.score.method),
            },
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    def _watch(self) -> None:
        while True:
            self._runner.join(AUTOSAVE_EVERY)
            # asked before saving: what ends meanwhile is saved in one more round
            ended = self._runner.snapshot.ended
            self._autosave()
            if ended:
                return

    def _autosave(self) -> None:
        snapshot = self._runner.snapshot
        if snapshot.best is None or (snapshot.best is self._saved and not snapshot.ended):
            return
        try:
            self.save()
        except SaveError as error:
            self.save_error = str(error)


def _audit(snapshot: Snapshot) -> dict[str, object] | None:
    """What forward passes made of the best, where a closed-form search had it measured."""
    audit = snapshot.audit
    if audit is None or audit.iteration != snapshot.best_iteration:
        return None
    return {
        "predicted": audit.predicted,
        "measured": audit.measured,
        "error": audit.error,
        "passes": audit.passes,
        "detail": audit.detail,
    }


def _latency(snapshot: Snapshot) -> dict[str, object] | None:
    """Predicted and measured seconds of the best, under a latency budget."""
    return None if snapshot.latency is None else asdict(snapshot.latency)


def _versions(method: str) -> dict[str, str]:
    """Versions of what the score depends on."""
    versions = {"python": platform.python_version()}
    for package in ("maedet-tui", "numpy", *(() if method == "closed-form" else ("torch",))):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def claim_folder(runs_dir: Path, preset_name: str, name: str | None) -> Path:
    """Make the folder of a new run and return its path.

    name: the user's, refused if it is taken. Without one, the preset's name and the
    time make one, and a number is added if that is taken. Raises SaveError.
    """
    if name is not None:
        refuse_bad_name(name)
        folder = runs_dir / name
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
        except FileExistsError as error:
            if not folder.is_dir():
                raise save_error(folder, error) from None
            try:
                taken = any(folder.iterdir())
            except OSError as unreadable:
                raise save_error(folder, unreadable) from None
            if taken:
                raise SaveError(f"{folder}: holds a run already; choose another --name") from None
            _refuse_unwritable(folder)
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    stem = re.sub(r"[^\w.-]+", "-", preset_name).strip(".-") or "search"
    stem = f"{stem[:60]}-{datetime.now():%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        folder = runs_dir / (stem if number == 1 else f"{stem}-{number}")
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
        except FileExistsError as error:
            if not folder.exists():  # runs_dir itself is a file
                raise save_error(runs_dir, error) from None
            continue
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    raise SaveError(f"{runs_dir}: has a thousand runs of this second; choose a --name")


def refuse_bad_name(name: str) -> None:
    """Raise SaveError unless the name is that of one folder, and a visible one."""
    if (
        not name.strip()
        or name.startswith(".")
        or len(name) > 100
        or not name.isprintable()
        or any(character in name for character in '/\\:*?"<>|')
    ):
        raise SaveError(
            f"--name {name!r} cannot name a folder; use letters, digits, '-', '_' and '.'"
        )


def _refuse_unwritable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SaveError(f"{folder}: you may not write there; choose another --name or --runs-dir")
