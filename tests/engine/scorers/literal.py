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
    if block.kind in ("Focus", "SiLUFocus"):
        found.append((12, block.out_channels, block.kernel, 1, 1))
        return found
    if block.kind in ("Conv", "SiLUConv"):
        found.append((block.in_channels, block.out_channels, block.kernel, block.stride, 1))
        return found
    if block.kind == "SPP":  # the map that is not pooled
        half = block.in_channels // 2
        return [(block.in_channels, half, 1, 1, 1), (half, block.out_channels, 1, 1, 1)]
    if block.kind.startswith("CSP"):
        return _first_half(block)
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
        elif block.kind in ("DepthwiseBlock", "MobileBlock"):
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck,) * 2 + (block.kernel, stride, block.bottleneck))
            found.append((block.bottleneck, block.out_channels, 1, 1, 1))
        elif block.kind in ("K1KXBlock", "RepK1KXBlock"):
            found.append((width, block.bottleneck, 1, 1, 1))
            found.append((block.bottleneck, block.out_channels, block.kernel, stride, 1))
        elif block.kind in ("KXKXBlock", "RepKXKXBlock"):
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


def _first_half(block):
    """Of a CSP block, what the half with the pairs goes through."""
    found, width, out = [], block.in_channels, block.out_channels
    if block.stride == 2:
        found.append((width, out, 3, 2, 1))
        width = out
    half, first = out // 2, 1 if block.kind == "CSPK1KXBlock" else block.kernel
    found.append((width, half, 1, 1, 1))
    for _ in range(block.depth):
        found += [
            (half, block.bottleneck, first, 1, 1),
            (block.bottleneck, half, block.kernel, 1, 1),
        ]
    return [*found, (half, out, 1, 1, 1)]


@torch.inference_mode()
def entropies(structure, resolution, activation="relu", seed=0, halves=False):
    """H of C1-C5 (Eq. 3, 4) of one pass, in nats. halves: both of a CSP block, as it is built,
    and not the first alone."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def others(outside, inside):
        return torch.randn(outside, inside, 1, 1, generator=second, dtype=torch.float64)

    second = torch.Generator().manual_seed(seed + 1000)
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
        if block.kind in ("Focus", "SiLUFocus"):
            x = F.pixel_unshuffle(x, 2)
        listed = convolutions(block)
        split = len(listed) - 2 * block.depth - 2 if halves and block.kind.startswith("CSP") else -1
        for number, (inside, outside, kernel, stride, groups) in enumerate(listed):
            if number == split:
                beside = F.conv2d(x, others(outside, inside)).clamp(min=0.0)
                sum_beside = sum_log_gamma
            weight = normal(outside, inside // groups, kernel, kernel)
            h = F.conv2d(x, weight, bias=None, stride=stride, padding=kernel // 2, groups=groups)
            if split >= 0 and number == len(listed) - 1:
                # the columns of the second half, whose map is in units of its own gamma
                more = F.conv2d(beside, others(outside, inside))
                h += more * math.exp(sum_beside - sum_log_gamma)
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
