"""The Python file with what timm or torchvision needs behind it."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.backbone import promised_shapes
from maedet_tui.export.code import (
    backbone_source,
    check_backbone,
    fill,
    loaded,
    replaced,
    with_imports,
)
from maedet_tui.export.mmdet import fpn_channels
from maedet_tui.export.source import ExportError, Source

_TIMM = """\
from timm.layers import ClassifierHead
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
"""
_TORCHVISION = """\
from torchvision.models.detection import FCOS, MaskRCNN, RetinaNet
from torchvision.ops.feature_pyramid_network import (
    FeaturePyramidNetwork,
    LastLevelMaxPool,
    LastLevelP6P7,
)
"""
_SIDE = 128


def write_timm(source: Source, path: Path) -> list[str]:
    """A file whose import makes timm.create_model know the backbone."""
    text = with_imports(backbone_source(source), _TIMM)
    path.write_text(text + fill("timm.py.txt", name=source.name, title=source.title), "utf-8")
    with loaded(path) as module:
        phrases = check_backbone(source, module)
        import timm

        model = timm.create_model(f"{source.name}_timm", features_only=True).eval()
        with torch.no_grad():
            found = [tuple(map_.shape) for map_ in model(torch.randn(1, 3, _SIDE, _SIDE))]
        if found != list(promised_shapes(source.structure, (_SIDE, _SIDE), (1, 2, 3, 4))):
            raise ExportError(f"timm's features have the shapes {found}")
        if model.feature_info.reduction() != [4, 8, 16, 32]:
            raise ExportError(f"timm's features have strides {model.feature_info.reduction()}")
    return [*phrases, f"timm.create_model('{source.name}_timm', features_only=True) gives C2-C5"]


def write_torchvision(source: Source, path: Path) -> list[str]:
    """A file with factories of FCOS, RetinaNet and Mask R-CNN on the backbone."""
    nn_ = "from torch import nn\n"
    text = replaced(backbone_source(source), nn_, nn_ + _TORCHVISION)
    abstract = "from collections.abc import"
    text = replaced(text, abstract, f"from collections import OrderedDict\n{abstract}")
    factories = fill(
        "torchvision.py.txt",
        name=source.name,
        title=source.title,
        fpn_channels=fpn_channels(source),
    )
    path.write_text(text + factories, "utf-8")
    with loaded(path) as module:
        phrases = check_backbone(source, module)
        image = torch.rand(3, _SIDE, _SIDE)
        for name in ("fcos", "retinanet", "mask_rcnn"):
            detector = getattr(module, name)(num_classes=3, min_size=_SIDE, max_size=_SIDE).eval()
            with torch.no_grad():
                (found,) = detector([image])
            if not {"boxes", "labels", "scores"} <= set(found):
                raise ExportError(f"{name} puts out {', '.join(found)}")
    return [*phrases, "FCOS, RetinaNet and Mask R-CNN detect on an image"]
