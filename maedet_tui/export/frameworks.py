"""The Python file with what timm or torchvision needs behind it."""

from __future__ import annotations

import warnings
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
from maedet_tui.export.proportion import proportion
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
_STANDARD = """\
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
"""
_SIDE = 128


def write_timm(source: Source, path: Path) -> list[str]:
    """A file whose import makes timm.create_model know the backbone, and how to pre-train it."""
    import timm

    text = with_imports(backbone_source(source), _TIMM)
    path.write_text(text + fill("timm.py.txt", name=source.name, title=source.title), "utf-8")
    recipe = path.with_name(f"{path.stem}_pretrain.sh")
    told = {"title": source.title, "file": recipe.name, "module": path.stem}
    recipe.write_text(fill("timm_pretrain.sh.txt", name=source.name, **told), "utf-8")
    name = f"{source.name}_timm"
    with warnings.catch_warnings(), loaded(path) as module:
        # an export of the same name may have been checked before in this process
        warnings.filterwarnings("ignore", message="Overwriting")
        phrases = check_backbone(source, module)
        image = torch.randn(1, 3, _SIDE, _SIDE)
        model = timm.create_model(name, features_only=True).eval()
        with torch.no_grad():
            found = [tuple(map_.shape) for map_ in model(image)]
            logits = timm.create_model(name, num_classes=3).eval()(image)
        if found != list(promised_shapes(source.structure, (_SIDE, _SIDE), (1, 2, 3, 4))):
            raise ExportError(f"timm's features have the shapes {found}")
        if model.feature_info.reduction() != [4, 8, 16, 32]:
            raise ExportError(f"timm's features have strides {model.feature_info.reduction()}")
        if logits.shape != (1, 3):
            raise ExportError(f"timm's classifier puts out {tuple(logits.shape)} for 3 classes")
    return [
        *phrases,
        f"timm.create_model('{name}', features_only=True) of timm {timm.__version__} gives C2-C5",
        f"{recipe.name} beside it pre-trains on ImageNet with the paper's settings",
    ]


def write_torchvision(source: Source, path: Path) -> list[str]:
    """A file with factories of FCOS, RetinaNet and Mask R-CNN on the backbone."""
    import torchvision

    text = with_imports(backbone_source(source), _TORCHVISION)
    text = replaced(text, "from collections.abc import Sequence\n", _STANDARD)
    channels = proportion(source.structure).channels
    texts = [
        text,
        fill("weights.py.txt", name=source.name),
        fill("torchvision.py.txt", name=source.name, title=source.title, fpn_channels=channels),
    ]
    path.write_text("".join(texts), "utf-8")
    with loaded(path) as module:
        phrases = check_backbone(source, module)
        image = torch.rand(3, _SIDE, _SIDE)
        for name in ("fcos", "retinanet", "mask_rcnn"):
            detector = getattr(module, name)(num_classes=3, min_size=_SIDE, max_size=_SIDE).eval()
            with torch.no_grad():
                (found,) = detector([image])
            if not {"boxes", "labels", "scores"} <= set(found):
                raise ExportError(f"{name} puts out {', '.join(found)}")
    how = f"of torchvision {torchvision.__version__}"
    return [*phrases, f"FCOS, RetinaNet and Mask R-CNN {how} detect on an image"]
