"""Eq. 2-5 once more, in the most literal way, to check the scorers against.

Nothing of the engine is used but the numbers in a Structure: this file has its own
reading of what a bottleneck is, fresh weights for every layer, all in float64, and
gamma as the paper takes it, the Euclidean norm of the feature map.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def convolutions(block):
    """(in, out, kernel, stride, groups) of each convolution of a block, in order."""
    found = []
    if block.kind == "Focus":
        found.append((12, block.out_channels, block.kernel, 1, 1))
        return found
    if block.kind == "Conv":
        found.append((block.in_channels, block.out_channels, block.kernel, block.stride, 1))
        return found
    width = block.in_channels
    for number in range(block.depth):
        stride = block.stride if number == 0 else 1
        if block.kind == "ResBlock" or block.kind == "ZenResBlock":
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck, block.bottleneck, block.kernel, stride, 1))
            found.append((block.bottleneck, block.out_channels, 1, 1, 1))
        elif block.kind == "GroupedBlock":
            groups = block.bottleneck // math.gcd(block.bottleneck, block.group)
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck, block.bottleneck, block.kernel, stride, groups))
            found.append((block.bottleneck, block.out_channels, 1, 1, 1))
        elif block.kind == "DepthwiseBlock":
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck,) * 2 + (block.kernel, stride, block.bottleneck))
            found.append((block.bottleneck, block.out_channels, 1, 1, 1))
        elif block.kind == "K1KXBlock":
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck, block.out_channels, block.kernel, stride, 1))
        elif block.kind == "KXKXBlock":
            found.append((width, block.bottleneck, block.kernel, 1, 1))
            found.append((block.bottleneck, block.out_channels, block.kernel, stride, 1))
        elif block.kind == "ZenInvertedBlock":
            for inside, out, step in (
                (width, block.bottleneck, stride),
                (block.bottleneck, block.out_channels, 1),
            ):
                hidden = max(8, round(out * block.expansion / 8) * 8)
                found.append((inside, hidden, 1, 1, 1))
                found.append((hidden, hidden, block.kernel, step, hidden))
                found.append((hidden, out, 1, 1, 1))
        elif block.kind in ("BasicBlock", "ZenBasicBlock"):
            found.append((width, block.bottleneck, block.kernel, stride, 1))
            found.append((block.bottleneck, block.out_channels, block.kernel, 1, 1))
        elif block.kind == "InvertedBlock":
            hidden = width * block.expansion
            if block.expansion > 1:
                found.append((width, hidden, 1, 1, 1))
            found.append((hidden, hidden, block.kernel, stride, hidden))
            found.append((hidden, block.out_channels, 1, 1, 1))
        else:
            raise ValueError(block.kind)
        width = block.out_channels
    return found


@torch.inference_mode()
def entropies(structure, resolution, activation="relu", seed=0):
    """H of C1-C5 (Eq. 3, 4) of one pass, in nats."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = normal(1, 3, resolution, resolution)
    sum_log_gamma = 0.0
    found = []
    entropy = None
    for block in structure.blocks:
        if block.stride == 2 and entropy is not None:
            found.append(entropy)
        if block.kind == "MaxPool":
            x = F.max_pool2d(x, block.kernel, stride=block.stride, padding=block.kernel // 2)
            continue
        if block.kind == "Focus":
            x = F.pixel_unshuffle(x, 2)
        for inside, outside, kernel, stride, groups in convolutions(block):
            weight = normal(outside, inside // groups, kernel, kernel)
            h = F.conv2d(x, weight, bias=None, stride=stride, padding=kernel // 2, groups=groups)
            entropy = 0.5 * math.log(h.var(unbiased=False).item()) + sum_log_gamma
            phi = h.clamp(min=0.0) if activation == "relu" else h
            gamma = phi.norm().item()
            x = phi / gamma
            sum_log_gamma += math.log(gamma)
    found.append(entropy)
    return found


def z(structure, stage_entropies, alphas, size, resolution):
    """Z (Eq. 5), "size" read as one of the four ways."""
    total = 0.0
    for number, (alpha, entropy) in enumerate(zip(alphas, stage_entropies)):
        channels = structure.widths[number]
        side = resolution // 2 ** (number + 1)
        if size == "area":
            total += alpha * entropy * side**2
        elif size == "volume":
            total += alpha * entropy * side**2 * channels
        elif size == "nominal":
            total += alpha * entropy * side**2 * 2**number
        elif size == "log-channels":
            total += alpha * (entropy + math.log(channels))
    return total
