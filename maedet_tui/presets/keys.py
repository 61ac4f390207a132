"""What each key of a preset means, said here alone: the editor's help, the short form,
`maedet-tui presets keys` and docs/presets.md take it from here.

Ranges and defaults are the schema's own, but where its checks are no plain bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from engine.settings import (
    ACTIVATIONS,
    DEVICES,
    DTYPES,
    SCORERS,
    SIZE_READINGS,
    STRATEGIES,
    WARM_STARTS,
)
from maedet_tui.presets import key_forms

#: in place of a paragraph of the paper, where it has none
OURS = "ours"


class Key(NamedTuple):
    """A key by its dotted name. takes: what may be written. default: where it is left out.
    paper: where it stands in the paper. inside: names of the keys of a section, in order."""

    name: str
    meaning: str
    takes: str = ""
    default: str = ""
    paper: str = OURS
    inside: tuple[str, ...] = ()


_WIDTHS = "for each of C1-C5 a pair such as [64, 256], null for no limit"
_CHOICES = "a list of whole numbers from 1 to 100, such as [1, 3, 6]"

#: meaning, what is taken ("" where the schema's bounds say it), place in the paper
_SAID: dict[str, tuple[str, str, str]] = {
    "name": ("What the preset is called; the name of its file where this is left out.",
             "text of 1 to 100 characters", OURS),
    "description": ("A line about it, for lists and reports.", "text", OURS),
    "reference": ("The paper's structure that the search is shown beside.",
                  "a name of `maedet-tui zoo`, or null", "Tables 10-15"),
    "budget": ("Limits of a structure, B and L; null is no limit.", "", "Algorithm 1"),
    "budget.flops": ("Most FLOPs of the backbone at `image_size`: multiply-accumulates, and what "
                     "batch norm and pooling add.",
                     "{flops}, or null", "Appendix E, 91G for M; Tables 10-14"),
    "budget.image_size": ("The image at which FLOPs, latency and memory are counted, width first.",
                          "WIDTHxHEIGHT, sides from 32 to 16384", "Table 1"),
    "budget.params": ("Most parameters: weights of convolutions, and two a batch-norm channel.",
                      "{params}, or null", "Section 4.3; its searches limit FLOPs and layers"),
    "budget.layers": ("Most convolutional layers, L; a bottleneck has three.", "", "Algorithm 1"),
    "budget.latency": ("Longest time for a batch (`timing`) at `image_size`, measured on `device`.",
                       "a time such as 25ms or 0.5s, at most 1000s, or null", "Section 4.3"),
    "budget.flops_min": ("Fewest FLOPs, for searches in a band.", "{flops}, or null",
                         "Appendix F searches in a band"),
    "budget.params_min": ("Fewest parameters.", "{params}, or null", OURS),
    "budget.effectiveness": ("Most layers over the geometric mean of their fan-ins: how deep for "
                             "its width. ResNet-50 has 0.087.", "",
                             "DeepMAD (CVPR 2023), not this paper"),
    "budget.memory": ("Most bytes of the maps that are held at once, one image in float32.",
                      "{memory}, or null", OURS),
    "score": ("What Z is: the entropies that are added up, and how.", "", "Eq. 5"),
    "score.resolution": ("Side of the square image of noise behind the entropy.",
                         "a multiple of 32 from 64 to 4096", "Appendix A, 384"),
    "score.alphas": ("Weights of C1-C5 in Z; only their ratios matter.",
                     "five numbers from 0, such as [0, 0, 1, 1, 6], not all 0",
                     "Eq. 5; Appendix D, Table 8"),
    "score.size": ("How \"the size of the feature map\" is read, which H is multiplied by: "
                   "nominal as the channels of a doubling pyramid, area without channels, volume "
                   "with the structure's own, log-channels adds log C instead.",
                   ", ".join(SIZE_READINGS), "Eq. 5; nominal meets Table 8 best"),
    "score.activation": ("What stands behind a convolution while entropy is measured.",
                         ", ".join(ACTIVATIONS), "Eq. 2; the released code has none"),
    "space": ("What a mutation may reach.", "", "Appendix A"),
    "space.blocks": ("Kinds of block that one may turn into in coarse mutation.",
                     "a list of kinds with a depth, such as [ResBlock]", "Appendices A and B"),
    "space.kernels": ("Sides of kernels to choose from.",
                      "a list of odd numbers from 1 to 31", "Appendix A, 3 or 5"),
    "space.expansions": ("Expansion ratios of inverted bottlenecks to choose from.", _CHOICES,
                         "Appendix B, 1, 3 or 6"),
    "space.width_step": ("Widths are multiples of it.", "", "Tables 10-15, 8"),
    "space.max_width": ("The widest a block may be. auto: M's 2048 times the root of FLOPs per "
                        "layer over M's.", "a multiple of `width_step` from 8 to 65,536, or auto",
                        "Tables 10-14, 2048 and 2400"),
    "space.bottleneck_ratio": ("Least and largest width inside a bottleneck over the one it puts "
                               "out.", "a pair such as [0.1, 1], null for no limit",
                               "TinyNAS, not this paper"),
    "space.stage_depths": ("Most bottlenecks in each of C1-C5. auto: layers // 9, C2 at most 3.",
                           "auto, or for each of C1-C5 a whole number from 1 to 1000",
                           "the authors' limits"),
    "space.split_above": ("A block with more bottlenecks is divided in two.", "",
                          "Appendix A, 10"),
    "space.monotone_widths": ("Whether no block may be narrower than the one before it.",
                              "true or false", "Tables 10-15 keep to it"),
    "space.max_expansion": ("Largest output of a block over its input, the stem's aside.", "",
                            "the authors' code, 4"),
    "space.widths": ("Least and largest output width of each stage.", _WIDTHS,
                     "the authors' code"),
    "initial": ("The structure that the search begins with. auto: a small pyramid within the "
                "budget.", "auto, a name of `maedet-tui zoo`, or a list of blocks",
                "Table 15; Appendix A"),
    "search": ("The evolution.", "", "Algorithm 1"),
    "search.population": ("N, how many structures are kept. auto: what suits the iterations.",
                          "a whole number from 2 to 1,000,000, or auto", "Appendix A, 256"),
    "search.iterations": ("T, how many children are made.", "", "Appendix A, 96,000"),
    "search.keep": ("How many of the best go on at the switch to fine mutation, at most N.", "",
                    "Algorithm 1, line 4"),
    "search.fine_at": ("When that is, as a share of T; 1 is never.", "", "Algorithm 1, T/2"),
    "search.seed": ("Where the random numbers begin: the same seed finds the same structure.", "",
                    OURS),
    "search.strategy": ("evolution; random draws each structure anew; exact proves the best "
                        "possible.", ", ".join(STRATEGIES), "Algorithm 1"),
    "search.compound": ("How often one more mutation comes on top of another, against local "
                        "optima; 0 in the paper.", "", OURS),
    "search.trade": ("How often another width or depth is set to what the budget leaves room for; "
                     "0 in the paper.", "", OURS),
    "search.balance": ("Whether trades cut widths too, and fill the budget; null: as population "
                       "is auto.", "true, false or null", OURS),
    "search.warm_start": ("Search in closed form, and measure only the best by passes.",
                          f"{', '.join(WARM_STARTS)} or null", OURS),
    "search.stop_gap": ("End once the best is this near to the bound on the best possible.",
                        "a percentage such as 0.05%, or null", OURS),
    "search.time_limit": ("End after so long.", "a time such as 30s, 10min or 2h, or null", OURS),
    "scorer": ("How structures are scored; auto: passes on a GPU, the closed form without one.",
               ", ".join(SCORERS), "Algorithm 1, line 12; Table 9"),
    "device": ("Where passes run.", ", ".join(DEVICES), OURS),
    "forward": ("How forward passes are made.", "", "Section 4.1"),
    "forward.repeats": ("Passes behind a score.", "", "Section 4.1, one"),
    "forward.memory": ("Most memory: of the process on a CPU, of the search on a GPU.",
                       "{memory}, at least 64M", "Section 1, 2 GB"),
    "forward.batch": ("Images in a pass of Zen-Score or NASWOT; the entropy takes one.", "",
                      "Table 9"),
    "timing": ("What a latency budget is the time of.", "", OURS),
    "timing.batch": ("Images at once.", "", OURS),
    "timing.dtype": ("Their number format.", ", ".join(DTYPES), OURS),
    "audit": ("Whether new bests of a closed-form search are measured by passes meanwhile.",
              "true or false", OURS),
    "workers": ("Processes that make the passes of a search side by side; null makes them in its "
                "own process.", "", OURS),
    "bound": ("Whether a process beside the search bounds the best possible.", "true or false",
              OURS),
}  # fmt: skip


@cache
def all_keys() -> Mapping[str, Key]:
    """Every key by its dotted name, in the order of the schema; imports pydantic."""
    from pydantic import BaseModel

    from maedet_tui.presets.schema import PresetFile, section

    written = PresetFile().model_dump()
    bounds = PresetFile.model_json_schema()
    found: dict[str, Key] = {}

    def add(model: type[BaseModel], values: dict[str, Any], schema: Any, prefix: str) -> None:
        for field in model.model_fields:
            name = prefix + field
            meaning, takes, paper = _SAID.get(name, ("", "", OURS))
            inner, about = section(model, field), schema["properties"][field]
            if inner is None or f"{name}.{next(iter(inner.model_fields))}" not in _SAID:
                takes = key_forms.filled(takes) or key_forms.bounds(about)
                default = key_forms.written(name, values[field])
                found[name] = Key(name, meaning, takes, default, paper)
                continue
            inside = tuple(inner.model_fields)
            found[name] = Key(name, meaning, paper=paper, inside=inside)
            add(inner, values[field], bounds["$defs"][inner.__name__], f"{name}.")

    add(PresetFile, written, bounds, "")
    return found


def explained(path: Sequence[str]) -> Key:
    """The key at a path of a preset, or the nearest around it that is known; the whole preset
    at none."""
    known = all_keys()
    for end in range(len(path), 0, -1):
        if (found := known.get(".".join(path[:end]))) is not None:
            return found
    top = tuple(name for name in known if "." not in name)
    return Key("", "A preset: what to search, for how long, and within which limits.", inside=top)


def facts(key: Key) -> list[tuple[str, str]]:
    """(label, words) of what there is to say of a key besides its meaning."""
    if key.inside:
        return [("keys", ", ".join(key.inside))]
    return [("takes", key.takes), ("default", key.default), ("paper", key.paper)]


def page() -> str:
    """docs/presets.md: every key in a table of its section."""
    known = all_keys()
    sections = {name: key for name, key in known.items() if key.inside}
    alone = [key for name, key in known.items() if not key.inside and "." not in name]
    lines = [
        "# The keys of a preset",
        "",
        "A preset is a YAML file. Every key may be left out, and then has its default; the presets",
        "that come with the program spell theirs out, with the place in the paper behind each. In",
        "the editor, what stands here of the key under the cursor is shown below the text; on the",
        "command line, `maedet-tui presets keys budget.flops` prints it. This page is what",
        "`maedet-tui presets keys --markdown` prints.",
        "",
        *_table(alone),
    ]
    for name, section in sections.items():
        lines += ["", f"## `{name}`", "", section.meaning, ""]
        lines += _table([known[f"{name}.{inner}"] for inner in section.inside])
    return "\n".join(lines) + "\n"


def _table(keys: Sequence[Key]) -> list[str]:
    lines = ["| key | what it is | takes | default | in the paper |", "|---|---|---|---|---|"]
    for key in keys:
        cells = (f"`{key.name}`", key.meaning, key.takes, f"`{key.default}`", key.paper)
        lines.append(f"| {' | '.join(cells)} |")
    return lines
