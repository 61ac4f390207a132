"""A backbone as a torch module, built from the units and layers that `engine.blocks` lowers to.

This file depends on torch alone and knows no kind of block, so an export can hand it
out word for word: what users train is the code that is tested here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, List, Optional, TypedDict  # noqa: UP035  for TorchScript

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6}


class Conv2d(nn.Conv2d):
    """A convolution that leaves drawing its weights to `Backbone.init_weights`."""

    def reset_parameters(self) -> None:
        pass


class ConvNorm(nn.Module):
    """A convolution without bias, batch norm, and an activation if the layer has one."""

    def __init__(self, layer: Any):
        super().__init__()
        self.conv = Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel,
            layer.stride,
            padding=layer.kernel // 2,
            groups=layer.groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(layer.out_channels)
        self.act = activation(layer.activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.act(self.norm(self.conv(x)))
        return y


class SqueezeExcite(nn.Module):
    """Scales each channel by a gate in (0, 1), computed from the means of all channels."""

    def __init__(self, layer: Any):
        super().__init__()
        channels = layer.in_channels
        squeezed = max(1, channels // layer.kernel)
        self.reduce = Conv2d(channels, squeezed, 1)
        self.act = nn.ReLU(inplace=True)
        self.expand = Conv2d(squeezed, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate: torch.Tensor = self.expand(self.act(self.reduce(x.mean((2, 3), keepdim=True))))
        return x * gate.sigmoid()


class ResidualUnit(nn.Module):
    """The sum of a main path and a shortcut (None: the main path alone), then an activation."""

    def __init__(self, unit: Any):
        super().__init__()
        self.main = nn.Sequential(*map(module_of, unit.main))
        self.shortcut: Optional[nn.Module] = None  # noqa: UP045
        if unit.shortcut is not None:
            self.shortcut = nn.Sequential(*map(module_of, unit.shortcut))
        self.act = activation(unit.activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.main(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        y = self.act(y)
        return y


def activation(name: str) -> nn.Module:
    """The module of an activation's name; "none" is the identity."""
    return nn.Identity() if name == "none" else ACTIVATIONS[name](inplace=True)


def module_of(layer: Any) -> nn.Module:
    """The module of one layer. Raises ValueError for an operation that has none."""
    if layer.op == "conv":
        return ConvNorm(layer)
    if layer.op == "se":
        return SqueezeExcite(layer)
    if layer.op == "avgpool":  # odd sides round up, as those of the padded convolutions do
        return nn.AvgPool2d(layer.kernel, layer.stride, ceil_mode=True, count_include_pad=False)
    if layer.op == "maxpool":
        return nn.MaxPool2d(layer.kernel, layer.stride, layer.kernel // 2)
    raise ValueError(f"there is no module for a layer {layer.op!r}")


class Feature(TypedDict):
    """One map that comes out: its channels, its stride, and the name of its module."""

    num_chs: int
    reduction: int
    module: str


class FeatureInfo(list[Feature]):
    """The maps that come out, finest first."""

    def channels(self) -> list[int]:
        return [info["num_chs"] for info in self]

    def reduction(self) -> list[int]:
        return [info["reduction"] for info in self]

    def module_name(self) -> list[str]:
        return [info["module"] for info in self]


class Backbone(nn.Module):
    """The levels C1-C5 of a detection backbone, one stage each.

    stages: per level, (unit, how many in a row). A unit has `main` and `shortcut`, tuples
    of layers, and `activation`; a layer has op, in_channels, out_channels, kernel, stride,
    groups and activation.
    out_indices: levels whose maps come out, 0 for C1 (stride 2) to 4 for C5 (stride 32), in
    rising order. Levels behind the last of them are not built.
    frozen_stages: levels up to this one neither learn nor update their batch norm; -1 for none.
    norm_eval: batch norm keeps its statistics while training.
    zero_init_last: the last batch norm of each main path with a shortcut starts at zero, so
    that the unit starts as its shortcut.

    Raises ValueError for levels that there are not.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[tuple[Any, int]]],
        out_indices: Sequence[int] = (1, 2, 3, 4),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        zero_init_last: bool = False,
    ):
        super().__init__()
        out_indices = _checked_indices(out_indices, len(stages))
        if not -1 <= frozen_stages <= out_indices[-1]:
            raise ValueError(
                f"frozen_stages is {frozen_stages}, but must be from -1 (none) to "
                f"{out_indices[-1]} (all that are built)"
            )
        self.out_indices: List[int] = out_indices  # noqa: UP006
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.zero_init_last = zero_init_last
        self.stages = nn.Sequential(
            *(
                nn.Sequential(*(ResidualUnit(unit) for unit, count in stage for _ in range(count)))
                for stage in stages[: out_indices[-1] + 1]
            )
        )
        self.feature_info = FeatureInfo(
            {
                "num_chs": stages[index][-1][0].main[-1].out_channels,
                "reduction": 2 ** (index + 1),
                "module": f"stages.{index}",
            }
            for index in out_indices
        )
        self.init_weights()
        self.train()

    def init_weights(self) -> None:
        """Draw the initial weights: Kaiming normal, fan-out, as residual networks begin."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.reset_parameters()
        if self.zero_init_last:
            for module in self.modules():
                if isinstance(module, ResidualUnit) and module.shortcut is not None:
                    norms = [part.norm for part in module.main if isinstance(part, ConvNorm)]
                    nn.init.zeros_(norms[-1].weight)

    def train(self, mode: bool = True) -> Backbone:
        """Training mode, but for what is frozen."""
        super().train(mode)
        for stage in list(self.stages)[: self.frozen_stages + 1]:
            stage.eval().requires_grad_(False)
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def forward(self, x: torch.Tensor) -> List[torch.Tensor]:  # noqa: UP006
        """Maps of the chosen levels, finest first, out of images (batch, 3, height, width).

        Level i has the shape (batch, channels, ceil(height / 2^(i+1)), ceil(width / 2^(i+1))).
        Raises ValueError for images smaller than 32 pixels.
        """
        if x.shape[-2] < 32 or x.shape[-1] < 32:
            raise ValueError("the image is smaller than 32x32, the stride of the deepest features")
        features = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                features.append(x)
        return features


def _checked_indices(out_indices: Sequence[int], levels: int) -> list[int]:
    indices = [int(index) for index in out_indices]
    if not indices or indices != sorted(set(indices) & set(range(levels))):
        raise ValueError(
            f"out_indices is {tuple(out_indices)}, but must be rising levels from 0 (C1) to "
            f"{levels - 1} (C{levels})"
        )
    return indices
