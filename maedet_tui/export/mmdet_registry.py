"""MMDetection where it is installed, and a stand-in for as much of it as a backbone imports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

from torch import nn


class MMDetection(NamedTuple):
    """version; models: the registry that builds detectors, within `scope`; config: the class that
    reads configs."""

    version: str
    models: Any
    scope: Callable[[], AbstractContextManager[None]]
    config: Any


def mmdetection() -> MMDetection | str:
    """MMDetection with all of its models registered, or why it is not to be had."""
    if find_spec("mmdet") is None:
        return "MMDetection is not installed"
    try:
        import mmdet
        from mmdet.registry import MODELS
        from mmdet.utils import register_all_modules
        from mmengine.config import Config
        from mmengine.registry import DefaultScope

        register_all_modules(init_default_scope=False)
    except Exception as error:  # releases of it, mmcv and torch that do not belong together
        reason = (str(error).strip().splitlines() or [repr(error)])[0]
        return f"MMDetection cannot be imported, {reason[:200]}"
    scope = partial(DefaultScope.overwrite_default_scope, "mmdet")
    return MMDetection(mmdet.__version__, MODELS, scope, Config)


@contextmanager
def standing_in() -> Iterator[list[str]]:
    """Modules that a backbone for MMDetection imports, as far as it needs them to be built.

    Yields the names of the classes that register themselves.
    """
    names: list[str] = []

    class Registry:
        @staticmethod
        def register_module(force: bool = False) -> Callable[[type], type]:
            def register(found: type) -> type:
                names.append(found.__name__)
                return found

            return register

    class BaseModule(nn.Module):
        def __init__(self, init_cfg: Any = None):
            super().__init__()
            self.init_cfg = init_cfg

    contents: dict[str, dict[str, Any]] = {
        "mmcv": {},
        "mmcv.cnn": {"build_norm_layer": None},
        "mmdet": {},
        "mmdet.registry": {"MODELS": Registry},
        "mmengine": {},
        "mmengine.model": {"BaseModule": BaseModule},
        "mmengine.runner": {"CheckpointLoader": None},
    }
    before = {name: sys.modules.get(name) for name in contents}
    for name, values in contents.items():
        module = ModuleType(name)
        vars(module).update(values)
        sys.modules[name] = module
    try:
        yield names
    finally:
        for name, was in before.items():
            if was is None:
                del sys.modules[name]
            else:
                sys.modules[name] = was
