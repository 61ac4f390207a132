"""A pass in float64 with the scorer's own numbers, and structures to compare passes on."""

from __future__ import annotations

from math import log
from random import Random

import torch
import torch.nn.functional as F

from engine.blocks import chain
from engine.scorers.forward import ForwardScorer
from engine.search.mutation import Mutator
from engine.settings import Space
from engine.structure import IMAGE_CHANNELS, Block, Structure


def chain_of(width: int, bottleneck: int, depths: tuple[int, ...], kernel: int = 5) -> Structure:
    """Stages of equal width, of that many bottlenecks each."""
    blocks = [Block("Conv", 3, IMAGE_CHANNELS, width, 2)]
    blocks += [Block("ResBlock", kernel, width, width, 2, bottleneck, depth) for depth in depths]
    return Structure(tuple(blocks))


def family(structure: Structure, count: int, seed: int = 0) -> list[Structure]:
    """Different children along a row of coarse mutations, as a search makes them."""
    rng, mutator = Random(seed), Mutator(Space(max_width=128))
    found = [structure]
    while len(found) < count:
        child = mutator.mutate(found[-1], rng, fine=False).structure
        if child not in found:
            found.append(child)
    return found


@torch.inference_mode()
def entropies(structure: Structure, scorer: ForwardScorer, index: int) -> list[float]:
    """H of C1-C5 (Eq. 2-4) of pass `index` of the scorer, in float64 on the CPU.

    Image and weights are the scorer's own numbers; gamma is measured, and nothing is kept,
    divided up or resumed. For plain chains, whose layers fit into a segment of the pool.
    """
    pool, side = scorer.vanilla.pool, scorer.objective.resolution
    pool.shrink(10**9)
    x = pool.normals(index, IMAGE_CHANNELS * side**2).double().cpu()
    x = x.view(1, side, side, IMAGE_CHANNELS).permute(0, 3, 1, 2)
    ends, found, log_gammas, offset = set(structure.stage_ends), list[float](), 0.0, 0
    for number, block in enumerate(structure.blocks):
        for layer in chain(block):
            k, count = layer.kernel, layer.weights
            start = pool.place(offset, count)
            numbers = pool.slice(index, start, count).double().cpu()
            offset = start + count
            if k == layer.stride == 1:  # stored as the product takes it
                kernel = numbers.view(layer.in_channels, -1).t()[:, :, None, None]
            else:
                kernel = numbers.view(layer.out_channels, k, k, -1).permute(0, 3, 1, 2)
            h = F.conv2d(x, kernel, stride=layer.stride, padding=k // 2)
            entropy = 0.5 * log(h.var(correction=0).item()) + log_gammas
            gamma = h.square().mean().sqrt().item()
            log_gammas += log(gamma)
            x = (h.relu() if scorer.objective.activation == "relu" else h) / gamma
        if number in ends:
            found.append(entropy)
    return found
