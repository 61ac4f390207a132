"""Engine values as rows and JSON, and back with everything checked: nothing is trusted
that a file says, and nothing in one is ever executed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from random import Random
from typing import Any, TypeVar

from engine.blocks import KINDS
from engine.checks import check
from engine.costs import Cost, stage_costs
from engine.formats.limits import MAX_VALUES, refuse_oversized
from engine.formats.rows import shown
from engine.scorers.base import Score
from engine.search.ancestry import Ancestor
from engine.search.member import Member, Proposal
from engine.search.mutation import HEADINGS
from engine.search.tally import Tallied
from engine.snapshot import (
    PHASES,
    Audit,
    Bound,
    Candidate,
    LatencyResult,
    Phase,
    PopulationSummary,
    Portion,
    Ranked,
    Snapshot,
    Worth,
)
from engine.structure import LEVELS, Block, Structure
from maedet_tui.store import cells

Found = TypeVar("Found")

#: characters of JSON that any of our values can reach
LONGEST = 10_000_000

#: what damaged or hostile values can raise while they are read
DAMAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, ArithmeticError)
#: members of a final ranking, notices, and words of a random generator's state
_MOST_RANKED, _MOST_NOTICES, _MOST_WORDS = 1_000_000, 10_000, 1000
#: budgets that something may be worth
_MOST_WORTH = 100


#: one for all, since `json.dumps` with options makes a new one each time
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def dumps(value: Any) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


def loads(text: Any) -> Any:
    """The value of JSON text. Raises one of DAMAGE."""
    if not isinstance(text, str) or len(text) > LONGEST:
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
    entropies = values["entropies"]
    if not isinstance(entropies, list) or len(entropies) != len(LEVELS):
        raise ValueError("its score has no entropies of C1 to C5")
    return Score(
        cells.real(values["z"], "score"),
        tuple(cells.real(one, "entropy", or_nan=True) for one in entropies),
        cells.real(values["z_std"], "score's z_std", 0.0, or_nan=True),
        cells.text(values["method"], "score's method"),
        cells.text(values["detail"], "score's detail", cells.SENTENCE),
        cells.whole(values["passes"], "score's passes"),
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
    parent = cells.maybe(cells.whole, row["parent"], "member's parent")
    born = cells.whole(row["iteration"], "member's iteration")
    origin = cells.text(row["origin"], "member's origin", cells.SENTENCE)
    proposal = Proposal(read_structure(row["structure"]), read_cost(row), born, origin, parent)
    return Member(proposal, read_score(row["score"]))


def read_ancestor(row: sqlite3.Row) -> Ancestor:
    """A step of a lineage, made of an earlier one. Raises one of DAMAGE."""
    born = cells.whole(row["iteration"], "ancestor's iteration")
    return Ancestor(
        born,
        cells.maybe(cells.whole, row["parent"], "ancestor's parent", 0, born - 1),
        cells.real(row["z"], "ancestor's score"),
        cells.text(row["origin"], "ancestor's origin", cells.SENTENCE),
    )


def read_tallied(row: sqlite3.Row) -> Tallied:
    """A row of `mutations`. Raises one of DAMAGE."""
    if row["level"] not in LEVELS or row["field"] not in HEADINGS:
        raise ValueError("it has a mutation of nothing that can change")
    return Tallied(
        row["level"],
        row["field"],
        bool(cells.whole(row["several"], "several changes", most=1)),
        cells.text(row["fate"], "fate"),
        cells.whole(row["count"], "count"),
    )


def read_cost(row: sqlite3.Row) -> Cost:
    """Costs out of the columns of their names. Raises one of DAMAGE."""
    return Cost(*(cells.whole(row[name], name, most=2**63 - 1) for name in Cost._fields))


def phase_text(phase: Phase, progress: Portion | None) -> str:
    """The column `phase` of `status`: one word, with the progress behind it if there is one."""
    return f"{phase} {progress.done}/{progress.of}" if progress else phase


def read_phase(text: str) -> tuple[Phase, Portion | None]:
    """What `phase_text` wrote. Raises one of DAMAGE."""
    word, _, portion = cells.text(text, "phase").partition(" ")
    if word not in PHASES:
        raise ValueError(f"its phase is {shown(word)}")
    if not portion:
        return word, None
    done, of = (cells.whole(int(number), "progress") for number in portion.split("/"))
    if done > of or not of:
        raise ValueError(f"its progress is {done} of {of}")
    return word, Portion(done, of)


def read_rng(text: str) -> tuple[Any, ...]:
    """The state of a `Random`, tried on one. Raises one of DAMAGE."""
    version, words, gauss = loads(text)
    if not isinstance(words, list) or len(words) > _MOST_WORDS:
        raise ValueError("its random state is none")
    cells.maybe(cells.real, gauss, "random state")
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
        "bound": asdict(snapshot.bound) if snapshot.bound is not None else None,
        "notices": list(snapshot.notices),
        "error": snapshot.error,
    }


def read_findings(text: str, image_size: tuple[int, int]) -> dict[str, Any]:
    """The fields of a `Snapshot` that `findings` wrote. Raises one of DAMAGE."""
    values = loads(text)
    best, recheck, notices = values["best"], values["recheck"], values["notices"]
    for name, listed, most in (
        ("ranking", recheck, _MOST_RANKED),
        ("notices", notices, _MOST_NOTICES),
    ):
        if not isinstance(listed, list) or len(listed) > most:
            raise ValueError(f"its {name} is {shown(listed)}")
    latency = values.get("latency")  # runs of before had none
    return {
        "switched_at": cells.maybe(cells.whole, values["switched_at"], "switch"),
        "population": _record(PopulationSummary, values["population"], "population"),
        "best": read_candidate(best, image_size) if best else None,
        "audit": _record(Audit, values["audit"], "audit"),
        "recheck": tuple(
            Ranked(read_candidate(ranked, image_size), cells.truth(ranked["tied"], "tie"))
            for ranked in recheck
        ),
        "latency": _record(LatencyResult, latency, "latency"),
        "bound": _bound(values),
        "notices": tuple(cells.text(one, "notice", cells.SENTENCE) for one in notices),
        "error": cells.maybe(cells.text, values["error"], "error", cells.SENTENCE),
    }


def read_bound(text: str) -> Bound | None:
    """The bound among what `findings` wrote, and nothing else of it. Raises one of DAMAGE."""
    return _bound(loads(text))


def _bound(values: Mapping[str, Any]) -> Bound | None:
    found = values.get("bound")  # runs of before had none
    if not found:
        return None
    rest = dict(found)
    worth = rest.pop("worth")
    if not isinstance(worth, list) or len(worth) > _MOST_WORTH:
        raise ValueError(f"its budgets' worth is {shown(worth)}")
    return replace(cells.record(Bound, rest, "bound"), worth=tuple(map(_worth, worth)))


def _worth(values: Any) -> Worth:
    name, limit, more, gain = values
    return Worth(
        cells.text(name, "budget"),
        cells.whole(limit, "budget", most=2**63 - 1),
        cells.real(more, "larger budget", 0.0),
        cells.real(gain, "gain"),
    )


def _record(kind: Callable[..., Found], values: Any, name: str) -> Found | None:
    return cells.record(kind, values, name) if values else None


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
