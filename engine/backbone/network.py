"""A backbone as a torch module, built from the units and layers that `engine.blocks` lowers to.

This file depends on torch alone and knows no kind of block, so an export can hand it
out word for word: what users train is the code that is tested here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import torch
import torch.fx
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

#: whether torch.export is tracing; torch before 2.7 cannot tell it from torch.compile
is_exporting = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)
ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "silu": nn.SiLU}


class Conv2d(nn.Conv2d):
    """A convolution that leaves drawing its weights to `Backbone.init_weights`."""

    def reset_parameters(self) -> None:
        pass


class ConvNorm(nn.Module):
    """A convolution, batch norm, and an activation if the layer has one."""

    def __init__(self, layer: Any):
        super().__init__()
        self.conv = Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel,
            layer.stride,
            padding=layer.kernel // 2,
            groups=layer.groups,
            bias=layer.bias,
        )
        self.norm = nn.BatchNorm2d(layer.out_channels)
        self.act = activation(layer.activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.act(self.norm(self.conv(x)))
        return y


class AvgPool2d(nn.AvgPool2d):
    """The mean of 2x2 cells; odd sides round up, as those of the padded convolutions do."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if is_exporting():
            # the same means, in sizes of which torch.export can prove that they are those of the
            # convolutions beside it: the last cell of an odd side is seen twice
            return F.avg_pool2d(F.pad(x, (0, 1, 0, 1), mode="replicate"), 2, 2)
        return super().forward(x)


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


class NormedExcite(nn.Module):
    """Squeeze-and-excitation with batch norms in place of biases."""

    def __init__(self, layer: Any):
        super().__init__()
        channels, squeezed = layer.in_channels, layer.squeezed
        self.reduce = Conv2d(channels, squeezed, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(squeezed)
        self.act = activation(layer.activation)
        self.expand = Conv2d(squeezed, channels, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.act(self.norm1(self.reduce(x.mean((2, 3), keepdim=True))))
        gate: torch.Tensor = self.norm2(self.expand(y))
        return x * gate.sigmoid()


class Unshuffle(nn.Module):
    """The four pixels of each 2x2 cell as channels; an odd side gets a row of zeros."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = F.pad(x, (0, 1, 0, 1))
        even, odd = slice(0, -1, 2), slice(1, None, 2)
        cells = [padded[..., row, column] for row in (even, odd) for column in (even, odd)]
        return torch.stack(cells, 2).flatten(1, 2)


class ResidualUnit(nn.Module):
    """A main path and a shortcut (None: the main path alone), added up or, as in CSPNet, put
    behind each other as channels; then an activation.

    drop_path: how often an image skips the main path of a residual unit in training (stochastic
    depth, Huang et al. 2016).
    """

    def __init__(self, unit: Any):
        super().__init__()
        self.main = nn.Sequential(*map(part_of_path, unit.main))
        self.shortcut: nn.Sequential | None = None
        if unit.shortcut is not None:
            self.shortcut = nn.Sequential(*map(part_of_path, unit.shortcut))
        self.act = activation(unit.activation)
        self.stacks = unit.join == "concat"
        # one convolution beside another is no residual: both are one at inference (RepVGG)
        self.residual = unit.shortcut is not None and not self.stacks and len(unit.main) > 1
        self.drop_path = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.main(x)
        if self.shortcut is not None:
            if self.training and self.residual and self.drop_path > 0:
                kept = y.new_empty(y.shape[0], 1, 1, 1).bernoulli_(1 - self.drop_path)
                y = y * kept / (1 - self.drop_path)
            around = self.shortcut(x)
            y = torch.cat((y, around), 1) if self.stacks else y + around
        y = self.act(y)
        return y


def part_of_path(part: Any) -> nn.Module:
    """The module of a layer, or of a unit in the place of one."""
    return ResidualUnit(part) if hasattr(part, "main") else module_of(part)


def activation(name: str) -> nn.Module:
    """The module of an activation's name; "none" is the identity."""
    return nn.Identity() if name == "none" else ACTIVATIONS[name](inplace=True)


def module_of(layer: Any) -> nn.Module:
    """The module of one layer. Raises ValueError for an operation that has none."""
    if layer.op == "conv":
        return ConvNorm(layer)
    if layer.op == "se" and layer.squeezed:
        return NormedExcite(layer)
    if layer.op == "se":
        return SqueezeExcite(layer)
    if layer.op == "avgpool":
        return AvgPool2d(layer.kernel, layer.stride, ceil_mode=True, count_include_pad=False)
    if layer.op == "maxpool":
        return nn.MaxPool2d(layer.kernel, layer.stride, layer.kernel // 2)
    if layer.op == "unshuffle":
        return Unshuffle()
    raise ValueError(f"there is no module for a layer {layer.op!r}")


def last_norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    """The batch norms that what a path ends with comes out of."""
    if isinstance(module, ResidualUnit):
        paths = [module.main] if module.shortcut is None else [module.main, module.shortcut]
        return [norm for path in paths if len(path) for norm in last_norms(path[-1])]
    return [module.norm] if isinstance(module, ConvNorm) else []


class Feature(TypedDict):
    """One map that comes out: its channels, its stride, and the name of its module."""

    num_chs: int
    reduction: int
    module: str


def channels_of(part: Any) -> int:
    """Channels that a layer or a unit puts out."""
    if not hasattr(part, "main"):
        channels: int = part.out_channels
        return channels
    width = channels_of(part.main[-1])
    if part.join == "concat":
        around = part.shortcut[-1] if part.shortcut else None
        width += part.main[0].in_channels if around is None else channels_of(around)
    return width


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

    stages: per level, (unit, how many in a row). A unit has `main` and `shortcut`, tuples of
    layers and units, `activation` and `join`; a layer has op, in_channels, out_channels, kernel,
    stride, groups and activation.
    out_indices: levels whose maps come out, 0 for C1 (stride 2) to 4 for C5 (stride 32), in
    rising order. Levels behind the last of them are not built, and their weights in a state
    dict are left aside.
    frozen_stages: levels up to this one neither learn nor update their batch norm; -1 for none.
    norm_eval: batch norm keeps its statistics while training.
    zero_init_last: the last batch norm of each main path with a shortcut starts at zero, so
    that the unit starts as its shortcut.
    with_cp: training keeps the maps between units alone and computes the rest again on the
    way back, which saves memory and costs time.
    drop_path_rate: how often an image skips the main path of the last unit in training; units
    before it are skipped less often, in proportion to their depth.
    in_channels: of the images.

    Raises ValueError for options out of range.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[tuple[Any, int]]],
        out_indices: Sequence[int] = (1, 2, 3, 4),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        zero_init_last: bool = True,
        with_cp: bool = False,
        drop_path_rate: float = 0.0,
        in_channels: int = 3,
    ):
        super().__init__()
        out_indices = _checked_indices(out_indices, len(stages))
        if not -1 <= frozen_stages <= out_indices[-1]:
            raise ValueError(
                f"frozen_stages is {frozen_stages}, but must be from -1 (none) to "
                f"{out_indices[-1]} (all that are built)"
            )
        if not 0 <= drop_path_rate < 1:
            raise ValueError(f"drop_path_rate is {drop_path_rate}, but must be from 0 to below 1")
        self.out_indices = out_indices
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.zero_init_last = zero_init_last
        self.with_cp = with_cp
        self.levels = len(stages)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(*(ResidualUnit(unit) for unit, count in stage for _ in range(count)))
                for stage in _for_images(stages, in_channels)[: out_indices[-1] + 1]
            )
        )
        units = [unit for unit in self.modules() if isinstance(unit, ResidualUnit)]
        for number, unit in enumerate(units, 1):
            unit.drop_path = drop_path_rate * number / len(units)
        self.feature_info = FeatureInfo(
            {
                "num_chs": channels_of(stages[index][-1][0]),
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
                if isinstance(module, ResidualUnit) and module.residual:
                    for norm in last_norms(module.main[-1]):
                        nn.init.zeros_(norm.weight)

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

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Maps of the chosen levels, finest first, out of images (batch, 3, height, width).

        Level i has the shape (batch, channels, ceil(height / 2^(i+1)), ceil(width / 2^(i+1))).
        Raises ValueError for images smaller than 32 pixels.
        """
        check_size(x)
        features = []
        for index, stage in enumerate(self.stages):
            x = self.stage(stage, x)
            if index in self.out_indices:
                features.append(x)
        return features

    def stage(self, stage: nn.Module, x: torch.Tensor) -> torch.Tensor:
        """The map behind a stage; in training with `with_cp`, its units are computed twice."""
        if not (self.with_cp and self.training):
            y: torch.Tensor = stage(x)
            return y
        for unit in stage.children():
            x = checkpoint(unit, x, use_reentrant=False)
        return x

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **options: Any
    ) -> None:
        """Loading is strict but for levels that are not built."""
        start = f"{prefix}stages."
        for name in [name for name in state_dict if name.startswith(start)]:
            level = name[len(start) :].partition(".")[0]
            if level.isdecimal() and len(self.stages) <= int(level) < self.levels:
                del state_dict[name]
        super()._load_from_state_dict(state_dict, prefix, *args, **options)


def check_size(x: torch.Tensor) -> None:
    """Raise ValueError for images smaller than 32 pixels.

    A step of its own in graphs of torch.fx. What torch.export and torch.compile trace has no
    such step: it would forbid dimensions without a lower limit.
    """
    if not torch.compiler.is_compiling() and min(x.shape[-2:]) < 32:
        raise ValueError("the image is smaller than 32x32, the stride of the deepest features")


torch.fx.wrap("check_size")


def _for_images(
    stages: Sequence[Sequence[tuple[Any, int]]], channels: int
) -> list[Sequence[tuple[Any, int]]]:
    """The stages with a first layer that takes images of so many channels."""
    (unit, count), *others = stages[0]
    first, *rest = unit.main
    if first.in_channels == channels:
        return list(stages)
    if channels < 1:
        raise ValueError(f"in_channels is {channels}, but must be at least 1")
    if first.op != "conv" or first.groups > 1 or unit.shortcut is not None or count > 1:
        raise ValueError(
            f"in_channels is {channels}, but only {first.in_channels} is possible where the "
            "first block is no plain convolution"
        )
    unit = unit._replace(main=(first._replace(in_channels=channels), *rest))
    return [[(unit, count), *others], *stages[1:]]


def _checked_indices(out_indices: Sequence[int], levels: int) -> list[int]:
    indices = [int(index) for index in out_indices]
    if not indices or indices != sorted(set(indices) & set(range(levels))):
        raise ValueError(
            f"out_indices is {tuple(out_indices)}, but must be rising levels from 0 (C1) to "
            f"{levels - 1} (C{levels})"
        )
    return indices
