"""A folder for MMDetection 3: the backbone, GFLV2's head, and configs of three detectors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.costs import total_cost
from maedet_tui.export.code import (
    backbone_source,
    check_backbone,
    fill,
    loaded,
    replaced,
    with_imports,
)
from maedet_tui.export.source import ExportError, Source

#: the paper narrows pyramid and heads for MAE-DET-S, whose backbone takes 48.7 GFLOPs
_NARROW_UP_TO = 50_000_000_000

_HEADS = {
    "gflv2": """type="GFLV2Head",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=4,
        feat_channels=$channels,
        anchor_generator=dict(
            type="AnchorGenerator",
            ratios=[1.0],
            octave_base_scale=8,
            scales_per_octave=1,
            strides=[8, 16, 32, 64, 128],
        ),
        loss_cls=dict(type="QualityFocalLoss", use_sigmoid=True, beta=2.0, loss_weight=1.0),
        loss_dfl=dict(type="DistributionFocalLoss", loss_weight=0.25),
        reg_max=16,
        loss_bbox=dict(type="GIoULoss", loss_weight=2.0),""",
    "fcos": """type="FCOSHead",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=4,
        feat_channels=$channels,
        strides=[8, 16, 32, 64, 128],
        norm_on_bbox=True,
        centerness_on_reg=True,
        center_sampling=True,
        conv_bias=True,
        loss_cls=dict(type="FocalLoss", use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
        loss_bbox=dict(type="GIoULoss", loss_weight=1.0),
        loss_centerness=dict(type="CrossEntropyLoss", use_sigmoid=True, loss_weight=1.0),""",
    "retinanet": """type="RetinaHead",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=4,
        feat_channels=$channels,
        anchor_generator=dict(
            type="AnchorGenerator",
            octave_base_scale=4,
            scales_per_octave=3,
            ratios=[0.5, 1.0, 2.0],
            strides=[8, 16, 32, 64, 128],
        ),
        bbox_coder=dict(
            type="DeltaXYWHBBoxCoder",
            target_means=[0.0, 0.0, 0.0, 0.0],
            target_stds=[1.0, 1.0, 1.0, 1.0],
        ),
        loss_cls=dict(type="FocalLoss", use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
        loss_bbox=dict(type="L1Loss", loss_weight=1.0),""",
}
_ATSS = """dict(
        assigner=dict(type="ATSSAssigner", topk=9), allowed_border=-1, pos_weight=-1, debug=False
    )"""
_MAX_IOU = """dict(
        assigner=dict(
            type="MaxIoUAssigner",
            pos_iou_thr=0.5,
            neg_iou_thr=0.4,
            min_pos_iou=0,
            ignore_iof_thr=-1,
        ),
        sampler=dict(type="PseudoSampler"),
        allowed_border=-1,
        pos_weight=-1,
        debug=False,
    )"""
#: file -> (name, model type, training, IoU of the suppression)
_DETECTORS = {
    "gflv2": ("GFLV2", "GFL", _ATSS, 0.6),
    "fcos": ("FCOS", "FCOS", "None", 0.6),
    "retinanet": ("RetinaNet", "RetinaNet", _MAX_IOU, 0.5),
}


def fpn_channels(source: Source) -> int:
    """Width of pyramid and heads: 256, and 192 for backbones as small as MAE-DET-S."""
    return 192 if total_cost(source.structure).flops <= _NARROW_UP_TO else 256


def write_mmdet(source: Source, folder: Path) -> list[str]:
    """Write the folder and load back what can be loaded without MMDetection."""
    folder.mkdir()
    backbone = with_imports(backbone_source(source), "from mmdet.registry import MODELS\n")
    registered = fill("mmdet_backbone.py.txt", title=source.title, class_name=source.class_name)
    texts = {
        f"{source.name}.py": backbone + registered,
        "gflv2_head.py": fill("mmdet_gflv2_head.py.txt"),
        "schedule_6x.py": fill("mmdet_schedule.py.txt"),
        **{f"{key}_{source.name}.py": _config(source, key) for key in _DETECTORS},
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return _check(source, folder)


def _config(source: Source, key: str) -> str:
    detector, model_type, train_cfg, nms = _DETECTORS[key]
    channels = fpn_channels(source)
    imports = [source.name, "gflv2_head"] if key == "gflv2" else [source.name]
    return fill(
        "mmdet_config.py.txt",
        title=source.title,
        detector=detector,
        file_name=f"{key}_{source.name}.py",
        imports=str(imports).replace("'", '"'),
        model_type=model_type,
        class_name=source.class_name,
        widths=list(source.structure.widths[1:]),
        channels=channels,
        head=replaced(_HEADS[key], "$channels", str(channels), times=2),
        train_cfg=train_cfg,
        nms=nms,
    )


def _check(source: Source, folder: Path) -> list[str]:
    with _registry() as registered, loaded(folder / f"{source.name}.py") as module:
        phrases = check_backbone(source, module)
        if registered is not None and source.class_name not in registered:
            raise ExportError("the backbone did not register itself")
    ast.parse((folder / "gflv2_head.py").read_text("utf-8"))
    for key in _DETECTORS:
        model = _executed(folder / f"{key}_{source.name}.py")["model"]
        if tuple(model["neck"]["in_channels"]) != source.structure.widths[1:]:
            raise ExportError(f"the pyramid of {key} does not fit the backbone's channels")
    settings = _executed(folder / "schedule_6x.py")
    if settings["train_cfg"]["max_epochs"] != 73 or settings["sync_bn"] != "torch":
        raise ExportError("the training settings are not the paper's")
    how = "as MMDetection loads it" if registered is None else "with a stand-in for its registry"
    return [*phrases, f"the backbone registers itself ({how}), and the configs fit its channels"]


def _executed(path: Path) -> dict[str, Any]:
    """The names that a config defines."""
    names: dict[str, Any] = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), names)
    return names


@contextmanager
def _registry() -> Iterator[list[str] | None]:
    """MMDetection's registry if it is installed (None), else one that lists class names."""
    if find_spec("mmdet") is not None:
        yield None
        return
    names: list[str] = []

    class Registry:
        @staticmethod
        def register_module() -> Callable[[type], type]:
            def register(found: type) -> type:
                names.append(found.__name__)
                return found

            return register

    package, registry = ModuleType("mmdet"), ModuleType("mmdet.registry")
    registry.MODELS = Registry  # type: ignore[attr-defined]  # a module made here
    sys.modules.update({"mmdet": package, "mmdet.registry": registry})
    try:
        yield names
    finally:
        del sys.modules["mmdet"], sys.modules["mmdet.registry"]
