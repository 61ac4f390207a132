"""Closed forms of the proxies against modules with mean weights, and against passes."""

import subprocess
import sys
from math import log, pi, sqrt

import numpy as np
import pytest
import torch
from torch import nn

from engine.blocks import KINDS, Layer, Unit, units
from engine.scorers.closed_proxies.naswot import ClosedNaswot
from engine.scorers.closed_proxies.synflow import ClosedSynFlow
from engine.scorers.closed_proxies.zen_score import ClosedZenScore, likeness
from engine.scorers.factory import make_scorer
from engine.settings import CLOSED, PROXIES, Forward, Objective
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.scorers.literal_network import network, of_kind
from tests.engine.scorers.test_proxies import PLAIN, STRUCTURES

FORWARD = Forward(1, 4_000_000_000, 8)


def closed(name, structures, resolution=128):
    scorer = make_scorer(name + CLOSED, "cpu", Objective(resolution), FORWARD)
    return np.array([score.z for score in scorer.score(structures)])


def measured(name, structures, resolution=128):
    scorer = make_scorer(name, "cpu", Objective(resolution), FORWARD)
    return np.array([score.z for score in scorer.score(structures)])


def flow_of_mean_weights(structure, resolution):
    """SynFlow by autograd, each |theta| at its mean: the expectation, as R is linear in each."""
    net = network(structure).double().eval()
    for norm in of_kind(net, nn.BatchNorm2d):
        norm.eps = 0.0
    convolutions = of_kind(net, nn.Conv2d)
    for module in convolutions:
        module.weight.data.fill_(sqrt(2 / pi) * sqrt(2 / module.weight[0].numel()))
    net(torch.ones(1, 3, resolution, resolution, dtype=torch.float64)).sum().backward()
    return log(sum((c.weight * c.weight.grad).sum().item() for c in convolutions))


@pytest.mark.parametrize("resolution", [64, 100, 192])
@pytest.mark.parametrize("name", STRUCTURES)
def test_synflow_is_that_of_mean_weights(name, resolution):
    structure = STRUCTURES[name]
    (z,) = closed("synflow", [structure], resolution)
    assert z == pytest.approx(flow_of_mean_weights(structure, resolution), abs=0.01)


def test_synflow_of_a_chain_is_exact():
    chain = Structure(
        tuple(Block("Conv", k, c, 8, 2) for k, c in zip((3, 5, 3, 5, 3), (3, *[8] * 4)))
    )
    (z,) = closed("synflow", [chain], 96)
    assert z == pytest.approx(flow_of_mean_weights(chain, 96), abs=1e-9)


def neighbours(count):
    """Structures of other widths, depths and kernels than MAE-DET-S."""
    found, blocks = [], ZOO["maedet-s"].structure.blocks
    for number in range(count):
        changed, width = [blocks[0]], blocks[0].out_channels
        for place, block in enumerate(blocks[1:]):
            wide = 8 * round(block.out_channels * (0.4 + 0.15 * ((number * 7 + place * 3) % 8)) / 8)
            block = block._replace(
                in_channels=width,
                out_channels=wide,
                kernel=(3, 5)[(number + place) % 2],
                depth=1 + (number * 5 + place) % 4,
            )
            changed.append(block)
            width = wide
        found.append(Structure(tuple(changed)))
    return found


#: how far a closed form may be from a pass, as a share, and how alike their ranks must be
@pytest.mark.parametrize(
    ("name", "share", "alike"),
    [("zen-score", 0.01, 0.995), ("synflow", 2e-3, 0.999), ("naswot", 4e-3, 0.98)],
)
def test_passes_scatter_about_the_closed_form(name, share, alike):
    structures = [ZOO["maedet-s"].structure, ZOO["resnet-50"].structure, *neighbours(12)]
    expected, passes = closed(name, structures), measured(name, structures)
    assert expected == pytest.approx(passes, rel=share)
    # a proxy is for ranking
    ranks = [values.argsort().argsort() for values in (expected, passes)]
    assert np.corrcoef(*ranks)[0, 1] >= alike
    assert passes.std() > 5 * abs(expected - passes).std()


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("kind", STRUCTURES)
def test_every_kind_of_block_has_one(name, kind):
    wide = Structure(
        tuple(
            block._replace(
                in_channels=3 if number == 0 else 4 * block.in_channels,
                out_channels=4 * block.out_channels,
                bottleneck=4 * block.bottleneck,
            )
            for number, block in enumerate(STRUCTURES[kind].blocks)
        )
    )
    assert closed(name, [wide]) == pytest.approx(measured(name, [wide]), rel=0.02)


class OneUnit:
    """A kind of block as `docs/blocks.md` lets one be added."""

    fields = mutable = ()
    unit_layers = 1

    def __init__(self, name, unit):
        self.name, self._unit = name, unit

    def units(self, block):
        return ((self._unit(block.in_channels, block.stride), 1),)

    def adopt(self, block):
        return block._replace(kind=self.name)

    def problems(self, block):
        return []


def _pool(width, stride):
    return Layer("maxpool", width, width, 3, stride)


def _bare(width, stride):
    return Layer("conv", width, width, 3, stride, activation="none")


ONE_UNIT = {
    "pooled before its activation": lambda width, stride: Unit(
        (_bare(width, 1), _pool(width, stride)), None, "relu"
    ),
    "around a pooled shortcut": lambda width, stride: Unit(
        (_bare(width, stride),), (_pool(width, stride),), "relu"
    ),
    "without any activation": lambda width, stride: Unit(
        (_bare(width, stride),), (_pool(width, stride),)
    ),
    "without a convolution": lambda width, stride: Unit((_pool(width, stride),), None, "relu"),
}


@pytest.mark.parametrize("name", ["zen-score", "naswot"])
@pytest.mark.parametrize("kind", ONE_UNIT)
def test_a_block_of_one_s_own_has_one(kind, name, monkeypatch):
    monkeypatch.setitem(KINDS, kind, OneUnit(kind, ONE_UNIT[kind]))
    blocks = [Block("Conv", 3, 3 if number == 0 else 64, 64, 2) for number in range(5)]
    blocks[2] = Block(kind, 3, 64, 64, 2)
    structure = Structure(tuple(blocks))
    assert closed(name, [structure], 100) == pytest.approx(
        measured(name, [structure], 100), abs=0.1
    )


def test_a_perturbation_is_carried_as_a_network_carries_it():
    """Two maps of correlation c through a ReLU and a batch norm, by Monte Carlo."""
    torch.manual_seed(0)
    u, v = torch.randn(2, 4_000_000, dtype=torch.float64)
    for relus in (0, 5, 15):
        c = likeness(relus)
        twin = c * u + sqrt(1 - c * c) * v
        assert likeness(relus + 1) == pytest.approx(
            torch.corrcoef(torch.stack((u.relu(), twin.relu())))[0, 1].item(), abs=2e-3
        )


def test_a_unit_behind_shortcuts_is_on_as_often_as_a_walk_that_cannot_fall_below_zero():
    from engine.scorers.closed_proxies.naswot import values

    torch.manual_seed(0)
    x = (2**0.5 * torch.randn(1_000_000)).relu()
    past = (2.0,)
    assert values(past)[1] == pytest.approx(0.5, abs=1e-6)
    for _ in range(4):
        x = x + torch.randn_like(x)
        past = (*past, "+")
        assert values(past)[1] == pytest.approx((x > 0).double().mean().item(), abs=2e-3)
        x = x.relu()
    pooled = x.view(-1, 4).amax(1)
    density, _ = values((*past, 4))
    assert (density * np.arange(len(density))).sum() * 0.02 == pytest.approx(
        pooled.mean().item(), rel=5e-3
    )


def test_naswot_of_one_image_counts_its_units():
    scorer = ClosedNaswot(Objective(64), Forward(batch=1))
    # ReLUs of a bottleneck behind each of its three convolutions, the last behind the sum
    side, count = 64, 0
    for block in PLAIN.blocks:
        side //= block.stride
        for unit, repeats in units(block):
            first = side * block.stride if unit is units(block)[0][0] else side
            sides = [
                first if layer is unit.main[0] and len(unit.main) > 1 else side
                for layer in unit.main
            ]
            count += repeats * sum(layer.out_channels * s * s for layer, s in zip(unit.main, sides))
    assert scorer.score([PLAIN])[0].z == pytest.approx(log(count))


@pytest.mark.parametrize("proxy", [ClosedZenScore, ClosedSynFlow, ClosedNaswot])
def test_a_score_says_what_it_is(proxy):
    scorer = proxy(Objective(64))
    (score,) = scorer.score([PLAIN])
    assert score.method == scorer.method == f"{proxy.proxy}-closed-form"
    assert not score.is_entropy and score.passes == 0
    assert "closed form" in score.detail


def test_no_torch_is_needed():
    code = (
        "import sys\n"
        "from engine.scorers.factory import make_scorer\n"
        "from engine.settings import CLOSED_PROXIES, Forward, Objective\n"
        "from engine.zoo import ZOO\n"
        "for name in CLOSED_PROXIES:\n"
        "    make_scorer(name, 'cpu', Objective(), Forward()).score([ZOO['maedet-s'].structure])\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_profiles_are_forgotten_before_they_fill_the_memory(monkeypatch):
    expected = make_scorer("synflow-closed-form", "cpu", Objective(64), Forward())
    kept = make_scorer("synflow-closed-form", "cpu", Objective(64), Forward())
    monkeypatch.setattr("engine.scorers.closed_proxies.synflow.MOST_PROFILES", 3)
    structures = [ZOO[name].structure for name in ("maedet-s", "maedet-m", "maedet-s")]
    found = [one.z for one in kept.score(structures)]
    assert kept._profiles <= 3
    monkeypatch.undo()
    assert found == [one.z for one in expected.score(structures)]
