"""The trainable network of a structure as plain modules, to check the proxies against.

Nothing of the engine is used but the numbers in a Structure; weights are handed in, in
the order of the layers, each unit's main path before its shortcut.
"""

from __future__ import annotations

from torch import nn


def conv(inside, outside, kernel, stride=1, groups=1):
    """A convolution and its batch norm."""
    return [
        nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outside),
    ]


class Residual(nn.Module):
    """A main path, the shortcut around it (None for none), and what follows the sum."""

    def __init__(self, main, shortcut, after):
        super().__init__()
        self.main = nn.Sequential(*main)
        self.shortcut = None if shortcut is None else nn.Sequential(*shortcut)
        self.after = nn.Sequential(*after)

    def forward(self, x):
        y = self.main(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.after(y)


def network(structure, residual=True):
    """The modules of a structure; without residual links, if so wished."""
    modules = []
    for block in structure.blocks:
        width, out = block.in_channels, block.out_channels
        if block.kind == "Conv":
            modules += [*conv(width, out, block.kernel, block.stride), nn.ReLU()]
            continue
        if block.kind == "MaxPool":
            modules.append(nn.MaxPool2d(block.kernel, block.stride, block.kernel // 2))
            continue
        for number in range(block.depth):
            stride = block.stride if number == 0 else 1
            inside, after = block.bottleneck, [nn.ReLU()]
            shortcut = []
            if number == 0:
                pool = (
                    [nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)]
                    if stride == 2
                    else []
                )
                shortcut = [*pool, *conv(width, out, 1)]
            if block.kind == "ResBlock":
                main = [*conv(width, inside, 1), nn.ReLU()]
                main += [*conv(inside, inside, block.kernel, stride), nn.ReLU()]
                main += conv(inside, out, 1)
            elif block.kind == "BasicBlock":
                main = [*conv(width, inside, block.kernel, stride), nn.ReLU()]
                main += conv(inside, out, block.kernel)
            else:
                hidden, after = width * block.expansion, []
                main = [*conv(width, hidden, 1), nn.ReLU()] if block.expansion > 1 else []
                main += [*conv(hidden, hidden, block.kernel, stride, hidden), nn.ReLU()]
                main += conv(hidden, out, 1)
                shortcut = [] if stride == 1 and width == out else None
            modules.append(Residual(main, shortcut if residual else None, after))
            width = out
    return nn.Sequential(*modules)


def load(net, weights):
    """Put weights into the convolutions of a network, in order."""
    convolutions = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    assert [w.shape for w in weights] == [c.weight.shape for c in convolutions]
    for convolution, weight in zip(convolutions, weights):
        convolution.weight.data = weight.clone().contiguous()
    return net


def of_kind(net, kind):
    """Modules of a kind, in order."""
    return [module for module in net.modules() if isinstance(module, kind)]
