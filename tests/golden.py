"""Short searches as text, to hold a search against what it once found."""

from dataclasses import replace

from engine.scorers.factory import make_scorer
from engine.search.evolution import Evolution
from engine.settings import Preset
from engine.structure import Structure


def found(preset: Preset, iterations: int, seed: int) -> Structure:
    """The best structure of a short search in closed form, asked for one child at a time."""
    schedule = replace(preset.schedule, iterations=iterations, seed=seed)
    scorer = make_scorer(
        "closed-form" if preset.scorer == "auto" else preset.scorer,
        "cpu",
        preset.objective,
        preset.forward,
    )
    evolution = Evolution(replace(preset, schedule=schedule))
    while proposals := evolution.ask():
        structures = [proposal.structure for proposal in proposals]
        evolution.tell(zip(proposals, scorer.score(structures)))
    return evolution.best.structure


def written(structure: Structure) -> str:
    """The columns of Tables 10-15, a block a line: kernel, out, stride, then what its kind has
    of bottleneck, depth, expansion and reduction of its squeeze-and-excitation."""
    return "\n".join(
        f"{block.kind} {block.kernel} {block.out_channels} {block.stride}"
        f" {block.bottleneck} {block.depth} {block.expansion} {block.se}"
        for block in structure.blocks
    )
