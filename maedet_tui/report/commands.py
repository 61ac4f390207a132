"""Commands that a reader of a report can run: to search the same again, and to use the result."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from engine.settings import Preset
from maedet_tui.export import FORMATS, source_of
from maedet_tui.presets.folder import builtin_file, builtin_names
from maedet_tui.presets.problems import PresetError
from maedet_tui.presets.reading import load
from maedet_tui.report.gathering import Reported

#: what the files of a report's reader are called; names of runs may be anything
STRUCTURE, PRESET = "best.yaml", "preset.yaml"
#: formats that code is built on, and what to do with each; {name} is that of the module
_USES = {
    "python": "from {name} import {name}\n\nbackbone = {name}(out_indices=(1, 2, 3, 4))",
    "torchvision": "from {name}_torchvision import fcos, mask_rcnn, retinanet\n\n"
    "detector = fcos(num_classes=91)",
    "timm": "import timm\nimport {name}_timm\n\n"
    'features = timm.create_model("{name}", features_only=True)',
    "mmdet": "cd {name}_mmdet\nPYTHONPATH=. mim train mmdet fcos_{name}_1x.py",
    "onnx": "import onnxruntime\n\n"
    'session = onnxruntime.InferenceSession("{name}.onnx")  # C2-C5, any batch and size',
    "structure-info": "# {name}.txt is what the authors' released code loads",
}


class Use(NamedTuple):
    """One way to use a structure. command: writes the file. code: goes on with it."""

    format: str
    summary: str
    command: str
    code: str


def uses(run: Reported) -> list[Use]:
    """How to use the best in each framework, from STRUCTURE."""
    name = source_of(STRUCTURE.removesuffix(".yaml"), run.name, run.best.structure).name
    return [
        Use(one, FORMATS[one].summary, f"maedet-tui export {STRUCTURE} --format {one}",
            code.format(name=name))
        for one, code in _USES.items()
    ]  # fmt: skip


def again(run: Reported) -> str:
    """The command that searches the same, and finds the same with the same versions.

    By the built-in preset's name, where options of the command line make that the one that was
    searched; else with the preset as a file, which a report brings along.
    """
    if run.record.parent is not None:
        name = run.record.parent.replace("\\", "/").rstrip("/").rpartition("/")[2]
        return f"maedet-tui resume {shlex.quote(name)} --headless{_words(_going_on(run.preset))}"
    # what "auto" came to depends on the machine
    scorer = run.best.score.method if run.preset.scorer == "auto" else run.preset.scorer
    options = _options(run.preset)
    if options is None:
        options = {"--scorer": scorer} if run.preset.scorer == "auto" else {}
        return f"maedet-tui search {PRESET} --headless{_words(options)}"
    return (
        f"maedet-tui search {run.preset.name} --headless{_words({**options, '--scorer': scorer})}"
    )


def _words(options: Mapping[str, object]) -> str:
    return "".join(f" {option} {value}" for option, value in options.items())


def _going_on(preset: Preset) -> dict[str, object]:
    """Options of a run that went on from another one: its T and every limit that it has."""
    budget = preset.budget
    limits = {"--flops": budget.flops, "--params": budget.params, "--layers": budget.layers}
    return {
        "--iterations": preset.schedule.iterations,
        **{option: limit for option, limit in limits.items() if limit is not None},
    }


def _options(mine: Preset) -> dict[str, object] | None:
    """Options with which a built-in preset is this one; None if there are none."""
    if mine.name not in builtin_names():
        return None
    try:
        known = load(builtin_file(mine.name))
    except PresetError:
        return None
    options: dict[str, object] = {"--seed": mine.schedule.seed}
    for option in ("iterations", "population"):
        value = getattr(mine.schedule, option)
        if value != getattr(known.schedule, option):
            options[f"--{option}"] = value
    if mine.device != known.device:
        options["--device"] = mine.device
    population = mine.schedule.population
    schedule = replace(
        known.schedule,
        seed=mine.schedule.seed,
        iterations=mine.schedule.iterations,
        population=population,
        # a smaller population cannot keep more than all of it at the switch
        keep=known.schedule.keep
        if isinstance(population, str)
        else min(known.schedule.keep, population),
    )
    asked = replace(
        known,
        name=mine.name,
        schedule=schedule,
        scorer=mine.scorer,
        device=mine.device,
        source=mine.source,
    )
    return options if asked == mine else None
