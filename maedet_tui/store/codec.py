"""Engine values as rows and JSON, and back with everything checked: nothing is trusted
that a file says, and nothing in one is ever executed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from random import Random
from typing import Any

from engine.blocks import KINDS
from engine.checks import check
from engine.costs import Cost, stage_costs
from engine.formats.limits import MAX_VALUES, refuse_oversized
from engine.scorers.base import Score
from engine.search.member import Member, Proposal
from engine.snapshot import (
    PHASES,
    Audit,
    Candidate,
    LatencyResult,
    Phase,
    PopulationSummary,
    Portion,
    Ranked,
    Snapshot,
)
from engine.structure import Block, Structure

#: characters of JSON that any of our values can reach
_LONGEST = 10_000_000

#: what damaged or hostile values can raise while they are read
DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


#: one for all, since `json.dumps` with options makes a new one each time
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def dumps(value: Any) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


def loads(text: Any) -> Any:
    """The value of JSON text. Raises one of DAMAGE."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError("is not JSON of a sensible length")
    return json.loads(text)


def structure_text(structure: Structure) -> str:
    """The blocks as lists, in the order of `Block`'s fields."""
    return dumps(structure.blocks)


@lru_cache(maxsize=1024)
def read_structure(text: str) -> Structure:
    """A checked structure. Raises one of DAMAGE (a StructureError is a ValueError)."""
    blocks = tuple(_block(row) for row in loads(text))
    refuse_oversized(blocks)
    return check(Structure(blocks))


def _block(row: Any) -> Block:
    kind, *values = row
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError("has a block of unknown kind")
    for name, value in zip(Block._fields[1:], values, strict=True):
        if type(value) is not int or not 0 <= value <= MAX_VALUES[name]:
            raise ValueError(f"has a block with an impossible {name}")
    return Block(kind, *values)


def score_text(score: Score) -> str:
    """Every field of a score."""
    return dumps(
        {
            "z": score.z,
            "entropies": score.entropies,
            "z_std": score.z_std,
            "method": score.method,
            "detail": score.detail,
            "passes": score.passes,
        }
    )


@lru_cache(maxsize=1024)
def read_score(text: str) -> Score:
    """A score. Raises one of DAMAGE."""
    values = loads(text)
    z, *entropies = map(float, (values["z"], *values["entropies"]))
    return Score(
        z,
        tuple(entropies),
        float(values["z_std"]),
        str(values["method"]),
        str(values["detail"]),
        int(values["passes"]),
    )


def member_row(member: Member) -> tuple[Any, ...]:
    """A row of `population` or `bests`."""
    return (
        member.born,
        member.parent,
        str(member.origin),
        member.score.z,
        *member.cost,
        structure_text(member.structure),
        score_text(member.score),
    )


#: the columns of `population` and `bests` that `read_member` reads
SCORED = "iteration, parent, origin, params, flops, layers, structure, score"


def read_member(row: sqlite3.Row) -> Member:
    """A member out of the columns SCORED. Raises one of DAMAGE."""
    parent = None if row["parent"] is None else int(row["parent"])
    structure, cost = read_structure(row["structure"]), read_cost(row)
    proposal = Proposal(structure, cost, int(row["iteration"]), str(row["origin"]), parent)
    return Member(proposal, read_score(row["score"]))


def read_cost(row: sqlite3.Row) -> Cost:
    """Costs out of the columns of their names. Raises one of DAMAGE."""
    return Cost(int(row["params"]), int(row["flops"]), int(row["layers"]))


def phase_text(phase: Phase, progress: Portion | None) -> str:
    """The column `phase` of `status`: one word, with the progress behind it if there is one."""
    return f"{phase} {progress.done}/{progress.of}" if progress else phase


def read_phase(text: str) -> tuple[Phase, Portion | None]:
    """What `phase_text` wrote. Raises one of DAMAGE."""
    word, _, portion = text.partition(" ")
    if word not in PHASES:
        raise ValueError(f"its phase is {word[:40]!r}")
    return word, Portion(*map(int, portion.split("/"))) if portion else None


def read_rng(text: str) -> tuple[Any, ...]:
    """The state of a `Random`, tried on one. Raises one of DAMAGE."""
    version, words, gauss = loads(text)
    state = (version, tuple(words), gauss)
    Random().setstate(state)
    return state


def findings(snapshot: Snapshot) -> dict[str, Any]:
    """What a snapshot says beyond the columns of `status`, ready for JSON."""
    best = snapshot.best
    return {
        "switched_at": snapshot.switched_at,
        "population": asdict(snapshot.population) if snapshot.population else None,
        "best": _candidate(best) if best is not None else None,
        "audit": asdict(snapshot.audit) if snapshot.audit is not None else None,
        "recheck": [
            {**_candidate(ranked.candidate), "tied": ranked.tied} for ranked in snapshot.recheck
        ],
        "latency": asdict(snapshot.latency) if snapshot.latency is not None else None,
        "notices": list(snapshot.notices),
        "error": snapshot.error,
    }


def read_findings(text: str, image_size: tuple[int, int]) -> dict[str, Any]:
    """The fields of a `Snapshot` that `findings` wrote. Raises one of DAMAGE."""
    values = loads(text)
    population, audit, best = values["population"], values["audit"], values["best"]
    switched_at, error = values["switched_at"], values["error"]
    latency = values.get("latency")  # runs of before had none
    return {
        "switched_at": None if switched_at is None else int(switched_at),
        "population": PopulationSummary(**population) if population else None,
        "best": read_candidate(best, image_size) if best else None,
        "audit": Audit(**audit) if audit else None,
        "recheck": tuple(
            Ranked(read_candidate(ranked, image_size), bool(ranked["tied"]))
            for ranked in values["recheck"]
        ),
        "latency": LatencyResult(**latency) if latency else None,
        "notices": tuple(map(str, values["notices"])),
        "error": None if error is None else str(error),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "structure": structure_text(candidate.structure),
        "score": score_text(candidate.score),
    }


def read_candidate(values: Mapping[str, Any], image_size: tuple[int, int]) -> Candidate:
    """A candidate, its costs counted anew. Raises one of DAMAGE."""
    structure = read_structure(values["structure"])
    costs = stage_costs(structure, image_size)
    return Candidate(structure, read_score(values["score"]), sum(costs, Cost(0, 0, 0)), costs)
