"""Exports imported as a user imports them, and what the frameworks need to run on a CPU."""

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
import torch

from engine.backbone import build
from maedet_tui.export import Source, export
from tests.engine.backbone.test_network import randomise_norms
from tests.export.conftest import BOTTLENECKS

SMALL = Source("small", "small", BOTTLENECKS)


class Operations(ModuleType):
    """mmcv's compiled operations, of which its edition without them has none: suppression is
    torchvision's, all others fail when they are called."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_, **__):
            raise RuntimeError(f"{name} is a compiled operation of mmcv")

        return absent

    @staticmethod
    def nms(boxes, scores, iou_threshold, offset):
        from torchvision.ops import nms

        return nms(boxes, scores, iou_threshold)


if importlib.util.find_spec("mmcv") and importlib.util.find_spec("mmcv._ext") is None:
    sys.modules["mmcv._ext"] = Operations("mmcv._ext")
    sys.modules["mmcv._ext"].__spec__ = ModuleSpec("mmcv._ext", None)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Export small in a format and import the file, from the folder where it lies."""
    added = []

    def import_(format_, name):
        folder = tmp_path_factory.mktemp(format_)
        export(SMALL, format_, folder if format_ == "mmdet" else folder / f"{name}.py")
        sys.path.insert(0, str(folder))
        added.append((str(folder), name))
        return importlib.import_module(name)

    yield import_
    for folder, name in added:
        sys.path.remove(folder)
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def trained():
    """A backbone whose weights nobody draws by chance."""
    torch.manual_seed(1)
    return randomise_norms(build(BOTTLENECKS, out_indices=(0, 1, 2, 3, 4))).eval()


def same_weights(module, other):
    """Whether all that a module has is what the other one has under that name."""
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in module.state_dict().items())
