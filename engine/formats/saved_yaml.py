"""best.yaml: a structure with its costs, its score, and the search that found it.

Whoever opens the file later should not have to guess how the number in it came
about: the scorer, its passes, the objective, the seed and the versions are all there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.costs import Cost, stage_costs, total_cost
from engine.formats import strict_yaml
from engine.formats.rows import shown
from engine.formats.structure_yaml import from_rows, to_rows
from engine.scorers.base import Score
from engine.settings import Objective
from engine.structure import LEVELS, Structure, StructureError

#: changes when a reader of older files could no longer cope
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Saved:
    """What best.yaml holds.

    image_size: (height, width) of the FLOPs in `cost`. search: plain data on the
    search (preset, seed, iterations, versions, ...). created: time in ISO 8601.
    """

    structure: Structure
    score: Score
    objective: Objective
    image_size: tuple[int, int]
    search: dict[str, Any] = field(default_factory=dict)
    created: str = ""

    @property
    def cost(self) -> Cost:
        """Params, FLOPs and layers of the structure at `image_size`."""
        return total_cost(self.structure, self.image_size)


def dumps(saved: Saved) -> str:
    """The file's text."""
    cost, score, objective = saved.cost, saved.score, saved.objective
    height, width = saved.image_size
    stages = stage_costs(saved.structure, saved.image_size)
    return "# Found by maedet-tui. `maedet-tui score FILE` reads it back.\n" + strict_yaml.dump(
        {
            "format": FORMAT,
            "structure": to_rows(saved.structure),
            "costs": {
                "image_size": f"{width}x{height}",
                "params": cost.params,
                "flops": cost.flops,
                "layers": cost.layers,
            },
            "stages": {
                level: {**stage._asdict(), "entropy": entropy}
                for level, stage, entropy in zip(LEVELS, stages, score.entropies, strict=True)
            },
            "score": {
                "z": score.z,
                "z_std": score.z_std,
                "z_error": score.z_error,
                "method": score.method,
                "detail": score.detail,
                "passes": score.passes,
                "objective": {
                    "resolution": objective.resolution,
                    "alphas": list(objective.alphas),
                    "size": objective.size,
                    "activation": objective.activation,
                },
            },
            "search": saved.search,
            "created": saved.created,
        }
    )


def loads(text: str) -> Saved:
    """What `dumps` wrote. The costs are counted anew from the structure.

    Raises StructureError where the file is not one of ours or has been damaged.
    """
    try:
        document = strict_yaml.read(text)
    except strict_yaml.YamlError as error:
        raise StructureError([str(error)]) from None
    value = document.value
    if not isinstance(value, dict) or "structure" not in value or "score" not in value:
        raise StructureError(["this is not a saved best structure; it has no structure and score"])
    if value.get("format") != FORMAT:
        raise StructureError(
            [f"format is {shown(value.get('format'))}, but this version reads format {FORMAT}"]
        )
    structure = from_rows(value["structure"])
    try:
        score, objective = value["score"], value["score"]["objective"]
        width, height = (int(side) for side in value["costs"]["image_size"].split("x"))
        return Saved(
            structure,
            Score(
                z=float(score["z"]),
                entropies=tuple(float(value["stages"][level]["entropy"]) for level in LEVELS),
                z_std=float(score["z_std"]),
                method=str(score["method"]),
                detail=str(score["detail"]),
                passes=int(score["passes"]),
            ),
            Objective(
                int(objective["resolution"]),
                tuple(float(alpha) for alpha in objective["alphas"]),
                str(objective["size"]),
                str(objective["activation"]),
            ),
            (height, width),
            dict(value["search"]),
            str(value["created"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StructureError([f"score, costs or stages are damaged: {shown(error)}"]) from None
