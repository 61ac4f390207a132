"""Results of a stage, kept as JSON part by part, and the table that they make."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.course import Row, Stage


@dataclass
class Results:
    """What a stage has found. made: the circumstances; results of others are not gone on with.
    parts: rows and seconds by name. left_out: parts for which there was no time."""

    path: Path
    stage: Stage
    made: dict[str, Any]
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    _begun: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, stage: Stage, small: bool) -> Results:
        """What is there of the stage, if it was made on this card with this torch."""
        made = {
            "card": torch.cuda.get_device_name(),
            "torch": torch.__version__,
            "small": small,
        }
        result = cls(folder / f"{stage.name}.json", stage, made)
        try:
            document = json.loads(result.path.read_text("utf-8"))
        except (OSError, ValueError):
            return result
        if document.get("made") == made:
            result.parts, result.notes = document["parts"], document["notes"]
        return result

    @property
    def kept(self) -> bool:
        """Whether nothing missed its target."""
        return all(row[3] is not False for part in self.parts.values() for row in part["rows"])

    @property
    def failed(self) -> list[str]:
        """Parts that ended with an error."""
        return [name for name, part in self.parts.items() if part["error"]]

    def begin(self, name: str) -> None:
        self._begun[name] = {"rows": [], "error": "", "seconds": 0.0}

    def add(self, name: str, row: Row) -> None:
        self._begun[name]["rows"].append(list(row))

    def fail(self, name: str, error: Exception) -> None:
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        self._begun[name]["error"] = traceback.format_exc()
        self.add(name, Row(name, f"{type(error).__name__}: {text}"[:200], "no error", False))
        traceback.print_exc(file=sys.stdout)

    def end(self, name: str, seconds: float) -> None:
        """Keep a part, whole or failed, in the file."""
        self.parts[name] = self._begun.pop(name) | {"seconds": round(seconds, 2)}
        document = {"stage": self.stage.name, "made": self.made, "parts": self.parts}
        text = json.dumps(document | {"notes": self.notes}, indent=1) + "\n"
        scratch = self.path.with_suffix(".part")
        scratch.write_text(text, "utf-8")
        os.replace(scratch, self.path)


def markdown(results: Sequence[Results]) -> str:
    """All rows of all stages, a table each; what was left out is said."""
    lines = [f"Measured on: {results[0].made['card']}, torch {results[0].made['torch']}."]
    if results[0].made["small"]:
        lines = ["Not measured on a GPU: a walk through the stages on the processor."]
    for result in results:
        lines += ["", f"### {result.stage.title}", "", "| | | target |", "|---|---|---|"]
        for part in result.parts.values():
            for what, found, target, kept in part["rows"]:
                missed = " (missed)" if kept is False else ""
                lines.append(f"| {_cell(what)} | {_cell(found)}{missed} | {_cell(target)} |")
        if result.left_out:
            lines += ["", f"No time was left for: {', '.join(result.left_out)}."]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
