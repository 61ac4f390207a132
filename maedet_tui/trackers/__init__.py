"""Trackers that people already use: the history as it grows, in a format of theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # the command line names trackers before anything heavier is needed
    from engine.snapshot import Point


class Sink(Protocol):
    """Takes the points of a history, each once and in order, from its beginning."""

    def __init__(self, folder: Path, preset: str) -> None: ...

    @staticmethod
    def forget(folder: Path) -> None: ...

    def add(self, points: Sequence[Point]) -> None: ...

    def close(self) -> None: ...


class Tracker(NamedTuple):
    """Where a tracker is, which packages it needs, and what it writes.

    sink: module and class, made with the run's folder and its preset as YAML; its
    `forget(folder)` removes what an earlier one wrote there.
    """

    sink: str
    needs: tuple[str, ...]
    summary: str

    def load(self) -> type[Sink]:
        module, name = self.sink.rsplit(".", 1)
        sink: type[Sink] = getattr(import_module(f"{__name__}.{module}"), name)
        return sink


TRACKERS = {
    "csv": Tracker("history_csv.CsvSink", (), "history.csv"),
    "tensorboard": Tracker(
        "tensorboard.TensorBoardSink", ("tensorboard",), "event files for TensorBoard"
    ),
    "wandb": Tracker("wandb.WandbSink", ("wandb",), "an offline run for Weights & Biases"),
    "mlflow": Tracker(
        "mlflow.MlflowSink",
        ("mlflow", "sqlalchemy", "alembic"),
        "mlflow.db, or a run on the server of MLFLOW_TRACKING_URI",
    ),
}


def refuse_missing(names: Sequence[str]) -> None:
    """Raise SaveError for a tracker whose packages are not installed."""
    from maedet_tui.errors import SaveError

    for name in names:
        for package in TRACKERS[name].needs:
            if find_spec(package) is None:
                raise SaveError(
                    f"--track {name}: {package} is not installed; "
                    f"get it with `pip install 'maedet-tui[{name}]'`"
                )


def forget(folder: Path) -> None:
    """Remove what trackers wrote in a run's folder. Raises OSError."""
    for tracker in TRACKERS.values():
        tracker.load().forget(folder)


class Trackers:
    """The sinks of a run. trouble: why one was given up, if so: a tracker never ends a search."""

    def __init__(self, names: Sequence[str], folder: Path, preset: str = ""):
        """preset: the run's, as YAML."""
        self.trouble: str | None = None
        self._names, self._folder, self._preset = dict.fromkeys(names), folder, preset
        self._sinks: dict[str, Sink] = {}
        self._told = 0
        self._opened = False

    def tell(self, history: tuple[Point, ...]) -> None:
        """Pass on the points that are new."""
        if not self._opened:
            self._opened = True
            for name in self._names:
                self._try(name, partial(self._open, name))
        points, self._told = history[self._told :], len(history)
        for name, sink in list(self._sinks.items()) if points else ():
            self._try(name, partial(sink.add, points))

    def close(self) -> None:
        """Finish all files."""
        for name, sink in list(self._sinks.items()):
            self._try(name, sink.close)
        self._sinks.clear()

    def _open(self, name: str) -> None:
        sink = TRACKERS[name].load()
        sink.forget(self._folder)  # the history is told from its beginning again
        self._sinks[name] = sink(self._folder, self._preset)

    def _try(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # other people's packages raise whatever they like
            self._sinks.pop(name, None)
            why = str(error).strip().split("\n")[0][:200] or type(error).__name__
            self.trouble = f"{self._folder}: the tracker {name} was given up: {why}"
