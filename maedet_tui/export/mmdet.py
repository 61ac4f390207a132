"""A folder for MMDetection 3: the backbone, GFLV2's head, and configs of three detectors."""

from __future__ import annotations

import ast
import copy
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from maedet_tui.export.code import (
    backbone_source,
    check_backbone,
    fill,
    loaded,
    replaced,
    with_imports,
)
from maedet_tui.export.mmdet_parts import DETECTORS, HEADS, LONGEST, SHORTER, Schedule
from maedet_tui.export.mmdet_registry import MMDetection, mmdetection, standing_in
from maedet_tui.export.proportion import proportion
from maedet_tui.export.source import ExportError, Source

_IMPORTS = """\
from mmcv.cnn import build_norm_layer
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
"""


def write_mmdet(source: Source, folder: Path, weights: Path | None = None) -> list[str]:
    """Write the folder and load it back, in MMDetection if it is installed.

    weights: written beside the configs, which then start from them.
    """
    folder.mkdir()
    backbone = with_imports(backbone_source(source), _IMPORTS)
    abstract = "from collections.abc import Sequence\n"
    more = "import copy\nfrom collections.abc import Mapping, Sequence\n"
    texts = {
        f"{source.name}.py": replaced(backbone, abstract, more)
        + fill("weights.py.txt", name=source.name)
        + fill("mmdet_backbone.py.txt", title=source.title, class_name=source.class_name),
        "gflv2_head.py": fill("mmdet_gflv2_head.py.txt"),
        "schedule_6x.py": _schedule(source),
    }
    for key in DETECTORS:
        texts[f"{key}_{source.name}.py"] = _config(source, key, weights is not None)
        for name, schedule in SHORTER.items():
            file_name = f"{key}_{source.name}_{name}.py"
            texts[file_name] = _shorter(source, key, schedule, file_name)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    phrases: list[str] = []
    if weights is not None:
        from maedet_tui.export.weights import with_weights

        module, phrases = with_weights(source, weights, out_indices=(1, 2, 3, 4))
        torch.save(module.state_dict(), folder / f"{source.name}.pth")
    return [*_check(source, folder), *phrases]


def _scales(source: Source, shares: tuple[float, float]) -> list[tuple[int, int]]:
    """Sizes that images are made to fit into: long side, short side."""
    if proportion(source.structure).mobile:
        return [(round(320 * share), round(320 * share)) for share in shares]
    return [(1333, round(800 * share)) for share in shares]


def _schedule(source: Source) -> str:
    low, high = LONGEST.scales
    side = "size" if proportion(source.structure).mobile else "short side"
    of = _scales(source, (1.0, 1.0))[0]
    return fill(
        "mmdet_schedule.py.txt",
        scales_words=f"# the {side} is drawn from {low} to {high} times {of[1]}",
        scales=_scales(source, LONGEST.scales),
        test_scale=of,
    )


def _shorter(source: Source, key: str, schedule: Schedule, file_name: str) -> str:
    detector, (low, high) = DETECTORS[key], _scales(source, schedule.scales)
    resize = f'dict(type="RandomResize", scale=[{low}, {high}], keep_ratio=True)'
    if low == high:
        resize = f'dict(type="Resize", scale={low}, keep_ratio=True)'
    return fill(
        "mmdet_shorter.py.txt",
        detector=detector.name,
        title=source.title,
        how=schedule.how,
        file_name=file_name,
        base=f"{key}_{source.name}.py",
        resize=resize,
        epochs=schedule.epochs,
        lr=schedule.lr,
        start=detector.start if schedule.warmup == 500 else "0.1",
        warmup=schedule.warmup,
        decays=list(schedule.decays),
    )


def _config(source: Source, key: str, has_weights: bool = False) -> str:
    detector, size = DETECTORS[key], proportion(source.structure)
    imports = [source.name, "gflv2_head"] if key == "gflv2" else [source.name]
    head = replaced(HEADS[key], "$channels", str(size.channels), times=2)
    file = f"{source.name}.pth"
    init = f'\n        init_cfg=dict(type="Pretrained", checkpoint="{file}"),\n    '
    words = f"It starts from the backbone's weights in {file}."
    if not has_weights:
        words = (
            "To start from weights of the backbone, give the backbone below\n"
            'init_cfg=dict(type="Pretrained", checkpoint=FILE).'
        )
    return (
        fill(
            "mmdet_config.py.txt",
            title=source.title,
            detector=detector.name,
            how=LONGEST.how,
            file_name=f"{key}_{source.name}.py",
            weights=words,
            imports=str(imports).replace("'", '"'),
            model_type=detector.model,
            class_name=source.class_name,
            init_cfg=f",{init}" if has_weights else "",
            widths=list(source.structure.widths[1:]),
            channels=size.channels,
            head=replaced(head, "$depth", str(size.depth)),
            train_cfg=detector.train_cfg,
            nms=detector.nms,
            optimisation=detector.optimisation,
        ).rstrip()
        + "\n"
    )


def _check(source: Source, folder: Path) -> list[str]:
    widths = source.structure.widths[1:]
    for key in DETECTORS:
        model = _executed(folder / f"{key}_{source.name}.py")["model"]
        if tuple(model["neck"]["in_channels"]) != widths:
            raise ExportError(f"the pyramid of {key} does not fit the backbone's channels")
        for name, schedule in SHORTER.items():
            shorter = _executed(folder / f"{key}_{source.name}_{name}.py")
            if shorter["train_cfg"]["max_epochs"] != schedule.epochs:
                raise ExportError(f"the {name} of {key} does not have {schedule.epochs} epochs")
    settings = _executed(folder / "schedule_6x.py")
    if settings["train_cfg"]["max_epochs"] != 73 or settings["sync_bn"] != "torch":
        raise ExportError("the training settings are not the paper's")
    ast.parse((folder / "gflv2_head.py").read_text("utf-8"))
    known = mmdetection()
    if isinstance(known, str):
        with standing_in() as registered, loaded(folder / f"{source.name}.py") as module:
            phrases = check_backbone(source, module)
        if source.class_name not in registered:
            raise ExportError("the backbone did not register itself")
        return [
            *phrases,
            f"the backbone registers itself (with a stand-in for its registry: {known}), and the "
            "configs fit its channels",
        ]
    with ExitStack() as stack:
        module = stack.enter_context(loaded(folder / f"{source.name}.py"))
        stack.enter_context(loaded(folder / "gflv2_head.py"))
        phrases = check_backbone(source, module)
        for key in DETECTORS:
            for end in ("", *(f"_{name}" for name in SHORTER)):
                _build(source, folder / f"{key}_{source.name}{end}.py", known)
    names = ", ".join(detector.name for detector in DETECTORS.values())
    return [*phrases, f"MMDetection {known.version} builds {names} from the configs, 1x, 3x and 6x"]


def _build(source: Source, path: Path, known: MMDetection) -> None:
    """Build the detector of a config, and look at its pyramid. Raises ExportError."""
    config = known.config.fromfile(str(path), import_custom_modules=False)
    model = copy.deepcopy(config.model)
    if init_cfg := model.backbone.get("init_cfg"):  # which is looked for where training starts
        init_cfg.checkpoint = str(path.with_name(init_cfg.checkpoint))
    with known.scope():
        detector = known.models.build(model).eval()
    if init_cfg and path.with_name(f"{source.name}.pth").exists():
        detector.backbone.init_weights()
    with torch.no_grad():
        maps = detector.extract_feat(torch.randn(1, 3, 256, 256))
    found = [tuple(map_.shape[1:]) for map_ in maps]
    channels = proportion(source.structure).channels
    if found != [(channels, side, side) for side in (32, 16, 8, 4, 2)]:
        raise ExportError(f"the pyramid of {path.name} has the shapes {found}")


def _executed(path: Path) -> dict[str, Any]:
    """The names that a config defines."""
    names: dict[str, Any] = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), names)
    return names
