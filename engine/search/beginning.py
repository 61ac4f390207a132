"""A small structure to begin with, for any budget (`initial: auto`).

Table 15 in small: a stem and one block a stage, widths that double from stage to stage.
The widest pyramid that spends a third of each budget at most is taken, so that depth and
width have room to grow; lower limits are met by widening what costs least.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.blocks import KINDS
from engine.costs import Cost, total_cost
from engine.search.mutation import replaced, widened
from engine.search.rules import Rules, Widths
from engine.search.sampling import smallest
from engine.search.widths import bottleneck_near, outputs_with_bottleneck
from engine.settings import Budget, Space
from engine.structure import IMAGE_CHANNELS, LEVELS, Block, Structure

#: how much of a budget the first structure spends at most, where it can
SHARE = 1 / 3
#: a bottleneck over its output, as in Table 15
INSIDE = 4
#: rules that a wider structure may keep to
TOO_LITTLE = ("flops_min", "params_min", "effectiveness")
#: widenings on the way to a lower limit, at most
MOST_STEPS = 400


def beginning(space: Space, budget: Budget) -> Structure | None:
    """A small structure of the space within all limits but a latency; None where none was found."""
    rules = Rules(space, budget)
    least: tuple[float, Structure] | None = None
    widest: Structure | None = None
    for structure in _pyramids(space):
        cost = total_cost(structure, budget.image_size)
        share = _share(cost, budget)
        if share > 1:
            continue
        broken = rules.broken(structure.blocks, cost)
        if widest is None and broken in TOO_LITTLE:
            widest = structure
        if broken is not None:
            continue
        if share <= SHARE:
            return structure
        if least is None or share < least[0]:
            least = share, structure
    if least is not None:
        return least[1]
    begun = [] if widest is None else [widest]
    for structure in (*begun, *smallest(space, _template(space))):
        if (found := _grown(structure, space, budget, rules)) is not None:
            return found
    return None


def _share(cost: Cost, budget: Budget) -> float:
    """The largest part of an upper limit that a cost takes."""
    limits = ((cost.flops, budget.flops), (cost.params, budget.params),
              (cost.layers, budget.layers))  # fmt: skip
    # layers are few from the start, whatever the widths
    shares = [value / limit for value, limit in limits[:2] if limit is not None]
    if budget.layers is not None and cost.layers > budget.layers:
        shares.append(2.0)
    return max(shares, default=SHARE)


def _template(space: Space) -> Structure:
    """One block a stage, of widths that do not count yet."""
    step = space.width_step
    blocks = [Block("Conv", 3, IMAGE_CHANNELS, step, 2)]
    kind = KINDS[space.blocks[0]]
    for _ in LEVELS[1:]:
        plain = Block("ResBlock", min(space.kernels), step, step, 2, step, 1)
        block = kind.adopt(plain)
        if "expansion" in kind.fields:
            middle = sorted(space.expansions)[len(space.expansions) // 2]
            block = block._replace(expansion=middle)
        blocks.append(block)
    return Structure(tuple(blocks))


def _pyramids(space: Space) -> Iterator[Structure]:
    """Pyramids of the space from the widest to the narrowest."""
    template, rules = _template(space), Widths(space)
    ratio = min(2.0, space.max_expansion)
    residual = "bottleneck" in KINDS[space.blocks[0]].mutable
    allowed = outputs_with_bottleneck(space) if residual else []
    step, last = space.width_step, None
    top = space.max_width // step * step
    while top >= step:
        blocks: list[Block] = []
        width = IMAGE_CHANNELS
        for stage, block in enumerate(template.blocks):
            least, most = rules.of_stage(stage)
            if stage and rules.ruled:
                low, high = rules.behind(width)
                least, most = max(least, low), min(most, high)
            wished = round(top / ratio ** (len(LEVELS) - 1 - stage) / step) * step
            out = max(least, min(most, wished))
            if block.bottleneck:
                fitting = [one for one in allowed if least <= one <= most]
                out = min(fitting, key=lambda one: abs(one - out), default=out)
                inside = bottleneck_near(space, out, out // INSIDE) or step
                block = block._replace(bottleneck=inside)
            blocks.append(block._replace(in_channels=width, out_channels=out))
            width = out
        structure = Structure(tuple(blocks))
        if structure != last:
            last = structure
            yield structure
        top = min(top - step, int(top / 1.05) // step * step)


def _grown(structure: Structure, space: Space, budget: Budget, rules: Rules) -> Structure | None:
    """The structure widened until it keeps to the lower limits; None where it cannot be."""
    for _ in range(MOST_STEPS):
        cost = total_cost(structure, budget.image_size)
        if _share(cost, budget) <= 1 and rules.broken(structure.blocks, cost) is None:
            return structure
        best = None
        for blocks in _wider(structure.blocks, space):
            after = total_cost(Structure(blocks), budget.image_size)
            if _share(after, budget) > 1:
                continue
            if rules.broken(blocks, after) not in (None, *TOO_LITTLE):
                continue
            gained = sum(
                min(1.0, new / limit) - min(1.0, old / limit)
                for new, old, limit in (
                    (after.flops, cost.flops, budget.flops_min),
                    (after.params, cost.params, budget.params_min),
                )
                if limit
            )
            spent = max(1e-9, _share(after, budget) - _share(cost, budget))
            if gained > 0 and (best is None or gained / spent > best[0]):
                best = gained / spent, blocks
        if best is None:
            return None
        structure = Structure(best[1])
    return None


def _wider(blocks: tuple[Block, ...], space: Space) -> Iterator[tuple[Block, ...]]:
    """The blocks with one width a tenth larger, or one unit more in a stage."""
    step = space.width_step
    for index, block in enumerate(blocks):
        mutable = KINDS[block.kind].mutable
        if "out_channels" in mutable:
            out = block.out_channels + max(1, block.out_channels // 10 // step) * step
            if out <= space.max_width:
                yield widened(blocks, index, out)
        if "bottleneck" in mutable:
            inside = block.bottleneck + max(1, block.bottleneck // 10 // step) * step
            if bottleneck_near(space, block.out_channels, inside) == inside:
                yield replaced(blocks, index, block._replace(bottleneck=inside))
        if "depth" in mutable and block.depth < min(space.stage_depths[index], space.split_above):
            yield replaced(blocks, index, block._replace(depth=block.depth + 1))
