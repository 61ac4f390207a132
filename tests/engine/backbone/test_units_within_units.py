"""Modules of blocks whose units hold units: CSP stages, SPP, re-parameterised convolutions."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.backbone import build, verify
from engine.backbone.network import ResidualUnit
from engine.formats import structure_info
from tests.engine.backbone.random_structures import YOLO
from tests.engine.backbone.test_network import conv, norm, randomise_norms
from tests.engine.formats.test_published import FAMILY, PARAMS, damo

ALL = (0, 1, 2, 3, 4)


def rep(unit, x, stride=1):
    """k x k and 1x1 side by side, without an activation."""
    (dense,), (point,) = unit.main, unit.shortcut
    return conv(x, dense, stride) + norm(F.conv2d(x, point.conv.weight, None, stride), point)


def csp(halves, fuse, x):
    start, *pairs = halves.main
    y, around = conv(x, start).relu(), conv(x, halves.shortcut[0]).relu()
    for pair in pairs:
        y = F.silu(y + rep(pair.main[1], F.silu(conv(y, pair.main[0]))))
    return conv(torch.cat((y, around), 1), fuse.main[0]).relu()


def test_units_compute_what_their_authors_draw():
    torch.manual_seed(0)
    module = randomise_norms(build(YOLO, out_indices=ALL, zero_init_last=False)).eval()
    x = torch.randn(2, 3, 45, 67)
    with torch.no_grad():
        c1, c2, c3, c4, c5 = module(x)
        down, halves, fuse = module.stages[1]
        expected = csp(halves, fuse, conv(c1, down.main[0], 2).relu())
        torch.testing.assert_close(c2, expected, rtol=1e-4, atol=1e-4)
        y = c2
        for number, unit in enumerate(module.stages[2]):
            around = [0, y, None][number]  # none at the stride, the identity, a projection
            if number == 2:
                around = conv(y, unit.shortcut[0])
            inside = conv(y, unit.main[0]).relu()
            y = (rep(unit.main[1], inside, 1 if number else 2) + around).relu()
            if number == 2:
                break
        for unit in list(module.stages[2])[3:]:
            y = (rep(unit.main[1], conv(y, unit.main[0]).relu()) + y).relu()
        torch.testing.assert_close(c3, y, rtol=1e-4, atol=1e-4)
        widen, depthwise, narrow = module.stages[3][1].main
        before = module.stages[3][0](c3)
        hidden = F.silu(conv(F.silu(conv(before, widen)), depthwise, 1, 64))
        torch.testing.assert_close(c4, before + conv(hidden, narrow), rtol=1e-4, atol=1e-4)
        stem, spp, halves, fuse = module.stages[4]
        y = F.silu(conv(F.silu(conv(c4, stem.main[0], 2)), spp.main[0]))
        pooled = [F.max_pool2d(y, side, 1, side // 2) for side in (13, 9, 5)]
        y = F.silu(conv(torch.cat((*pooled, y), 1), spp.main[2]))
        torch.testing.assert_close(c5, csp(halves, fuse, y), rtol=1e-4, atol=1e-4)


@pytest.mark.nightly
def test_published_networks_are_what_the_costs_say():
    for name in ("T", "M", "Ns"):
        structure = structure_info.loads(damo(name), family=FAMILY[name])
        assert verify(build(structure, out_indices=ALL), structure).params == PARAMS[name]


def test_residual_units_begin_as_their_shortcuts_and_no_others_do():
    module = build(YOLO)
    zeros = {name for name, one in module.named_modules()
             if isinstance(one, nn.BatchNorm2d) and not one.weight.any()}  # fmt: skip
    # both convolutions of a re-parameterised one end a main path; halves are none
    assert {"stages.1.1.main.1.main.1.main.0.norm", "stages.1.1.main.1.main.1.shortcut.0.norm",
            "stages.2.1.main.1.main.0.norm", "stages.3.1.main.2.norm"} <= zeros  # fmt: skip
    units = dict(module.named_modules())
    assert not zeros & {"stages.1.1.main.0.norm", "stages.1.1.shortcut.0.norm",
                        "stages.2.0.main.1.main.0.norm", "stages.4.1.main.2.norm"}  # fmt: skip
    pair = units["stages.1.1.main.1"].eval()
    x = torch.randn(1, 16, 8, 8)
    torch.testing.assert_close(pair(x), F.silu(x))


def test_only_residual_units_are_skipped_in_training():
    module = build(YOLO, drop_path_rate=0.5, zero_init_last=False, norm_eval=True)
    pair = module.stages[1][1].main[1]
    pair.drop_path = 0.5
    x = torch.randn(1, 16, 4, 4).expand(200, -1, -1, -1)
    with torch.no_grad():
        skipped = (pair(x) == F.silu(x)).flatten(1).all(1).sum()
        assert 60 < skipped < 140
        branches = pair.main[1]
        assert isinstance(branches, ResidualUnit) and branches.drop_path > 0
        x = torch.randn(1, 24, 4, 4)
        assert torch.equal(branches(x), branches(x))
