"""MLflow: a database in the run's folder, or the server that MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.snapshot import Point
from maedet_tui.trackers.values import curves, settings

EXPERIMENT = "maedet-tui"
#: most metrics and parameters that MLflow takes at once
_METRICS, _PARAMS = 1000, 100
_LONGEST = 500


class MlflowSink:
    """mlflow.db in the run's folder: `mlflow ui --backend-store-uri sqlite:///.../mlflow.db`.

    A server gets a new run, of the same name, each time that the search is gone on with.
    """

    def __init__(self, folder: Path, preset: str):
        from mlflow import MlflowClient
        from mlflow.entities import Param

        for name in ("mlflow", "alembic"):  # the screen has the terminal
            logging.getLogger(name).setLevel(logging.ERROR)
        local = f"sqlite:///{(folder / 'mlflow.db').resolve()}"
        self._client = client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or local)
        known = client.get_experiment_by_name(EXPERIMENT)
        experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
        self._run = client.create_run(experiment, run_name=folder.name).info.run_id
        params = [Param(key, str(value)[:_LONGEST]) for key, value in _flat(settings(preset))]
        for start in range(0, len(params), _PARAMS):
            client.log_batch(self._run, params=params[start : start + _PARAMS])

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove what an earlier tracker of the run wrote in its folder."""
        (folder / "mlflow.db").unlink(missing_ok=True)

    def add(self, points: Sequence[Point]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(value), now, point.iteration)
            for point in points
            for name, value in curves(point).items()
        ]
        for start in range(0, len(metrics), _METRICS):
            self._client.log_batch(self._run, metrics=metrics[start : start + _METRICS])

    def close(self) -> None:
        self._client.set_terminated(self._run)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings under dotted names."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
