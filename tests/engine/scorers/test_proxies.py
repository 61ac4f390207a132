"""Zen-Score, SynFlow and NASWOT against modules, autograd and loops written out here."""

from dataclasses import replace
from math import exp, isnan, log, sqrt
from statistics import fmean, stdev

import pytest
import torch
from torch import nn

from engine.scorers.base import Cancelled, ScoringError
from engine.scorers.factory import make_scorer
from engine.scorers.proxies import synflow
from engine.scorers.proxies.naswot import Naswot
from engine.scorers.proxies.network import Weights
from engine.scorers.proxies.synflow import SynFlow
from engine.scorers.proxies.zen_score import ZenScore
from engine.settings import PROXIES, Forward, Objective
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.scorers.literal_network import load, network, of_kind

STEM = Block("Conv", 3, 3, 16, 2)
TAIL = (
    Block("ResBlock", 5, 32, 48, 2, 24, 2),
    Block("ResBlock", 3, 48, 64, 2, 32, 1),
    Block("ResBlock", 5, 64, 96, 2, 32, 2),
)
STRUCTURES = {
    "bottlenecks": Structure((STEM, Block("ResBlock", 3, 16, 32, 2, 16, 1), *TAIL)),
    "basic blocks, and max pooling behind shortcuts": Structure(
        (
            STEM,
            Block("BasicBlock", 3, 16, 16, 1, 24, 2),
            Block("MaxPool", 3, 16, 16, 2),
            Block("BasicBlock", 3, 16, 32, 1, 16, 1),
            *TAIL,
        )
    ),
    "inverted bottlenecks": Structure(
        (
            STEM,
            Block("InvertedBlock", 3, 16, 16, 1, 0, 1, 1),
            Block("InvertedBlock", 3, 16, 24, 2, 0, 2, 3),
            Block("InvertedBlock", 5, 24, 32, 2, 0, 2, 6),
            Block("InvertedBlock", 3, 32, 48, 2, 0, 2, 1),
            Block("Conv", 1, 48, 96, 2),
        )
    ),
}
PLAIN = STRUCTURES["bottlenecks"]
CLASSES = (ZenScore, SynFlow, Naswot)


def make(proxy, repeats=1, batch=4, seed=0, memory=500_000_000, resolution=64):
    forward = Forward(repeats, memory, batch)
    return proxy(Objective(resolution), "cpu", forward, seed, dtype=torch.float32, segment=1 << 16)


@pytest.fixture
def drawn(monkeypatch):
    """The weights that a pass takes, in order."""
    taken, right = [], Weights.normals

    def normals(self, layer):
        taken.append(right(self, layer).clone())
        return taken[-1].clone()

    monkeypatch.setattr(Weights, "normals", normals)
    return taken


def score_and_images(proxy, structure, resolution=64):
    scorer = make(proxy, resolution=resolution)
    return scorer.score([structure])[0].z, scorer._images(0).contiguous()


@torch.no_grad()
@pytest.mark.parametrize("name", STRUCTURES)
def test_zen_score(name, drawn):
    z, images = score_and_images(ZenScore, STRUCTURES[name])
    net = load(network(STRUCTURES[name], residual=False), drawn).double().train()
    log_sigmas = []

    def hook(module, inputs):
        variance = inputs[0].transpose(0, 1).flatten(1).var(dim=1, unbiased=False)
        log_sigmas.append(log(sqrt(variance.mean().item())))

    hooks = [module.register_forward_pre_hook(hook) for module in of_kind(net, nn.BatchNorm2d)]
    x, noise = images[:4].double(), images[4:].double()
    before = net(x)
    for one in hooks:
        one.remove()
    after = net(x + 0.01 * noise)
    delta = fmean((b - a).norm().item() for a, b in zip(after, before))
    assert z == pytest.approx(log(delta) + sum(log_sigmas), rel=2e-4)


@pytest.mark.parametrize("resolution", [64, 100, 224])
@pytest.mark.parametrize("name", STRUCTURES)
def test_synflow(name, resolution, drawn):
    z, images = score_and_images(SynFlow, STRUCTURES[name], resolution)
    net = load(network(STRUCTURES[name]), drawn).double().eval()
    convolutions = of_kind(net, nn.Conv2d)
    for norm in of_kind(net, nn.BatchNorm2d):
        norm.eps = 0.0
    for module in convolutions:
        module.weight.data.abs_().mul_(sqrt(2 / module.weight[0].numel()))
    net(torch.ones_like(images, dtype=torch.float64)).sum().backward()
    total = sum((c.weight * c.weight.grad).abs().sum().item() for c in convolutions)
    assert z == pytest.approx(log(total), abs=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("name", STRUCTURES)
def test_naswot(name, drawn):
    z, images = score_and_images(Naswot, STRUCTURES[name])
    net = load(network(STRUCTURES[name]), drawn).double().train()
    codes = [[] for _ in images]

    def hook(module, inputs):
        for code, image in zip(codes, inputs[0]):
            code.append(image.flatten() > 0)

    for module in of_kind(net, nn.ReLU):
        module.register_forward_pre_hook(hook)
    net(images.double())
    codes = [torch.cat(code) for code in codes]
    units = len(codes[0])
    kernel = [[units - (a != b).sum().item() for b in codes] for a in codes]
    expected = torch.linalg.slogdet(torch.tensor(kernel, dtype=torch.float64)).logabsdet.item()
    # a handful of units are so close to zero that float32 switches them
    assert z == pytest.approx(expected, abs=1e-3)


def test_naswot_counts_more_units_than_float32_can(monkeypatch):
    from engine.scorers.proxies import naswot

    whole = make(Naswot).score([PLAIN])[0].z
    monkeypatch.setattr(naswot, "MOST_CODES", 1000)
    assert make(Naswot).score([PLAIN])[0].z == whole


def test_synflow_of_a_plain_chain_is_layers_times_flow(drawn):
    # conservation (their Theorem 1): each layer's scores add up to R
    chain = Structure(tuple(Block("Conv", 3, c, d, 2) for c, d in zip((3, 8, 8, 8, 8), [8] * 5)))
    z = make(SynFlow).score([chain])[0].z
    x = torch.ones(1, 3, 64, 64, dtype=torch.float64)
    for weight in drawn:
        scaled = weight.double().abs() * sqrt(2 / weight[0].numel())
        x = nn.functional.conv2d(x, scaled, stride=2, padding=1)
    assert z == pytest.approx(log(5 * x.sum().item()), abs=1e-5)


def test_synflow_survives_depths_that_float64_does_not():
    deep = PLAIN.blocks[4]._replace(depth=400)
    score = make(SynFlow, resolution=64).score([Structure((*PLAIN.blocks[:4], deep))])[0]
    assert score.z > 800  # e^709 is the end of float64


@pytest.mark.parametrize("proxy", CLASSES)
def test_repeats_are_averaged_and_reproducible(proxy):
    singles = make(proxy, repeats=3)
    score = singles.score([PLAIN])[0]
    values = [
        singles.value(singles.measure(PLAIN, singles._images(i), Weights(singles.pool, i), bool))
        for i in range(3)
    ]
    assert len(set(values)) == 3
    assert score.z == pytest.approx(fmean(values), rel=1e-6)
    assert score.z_std == pytest.approx(stdev(values), rel=5e-3)
    assert score.passes == 3 and "3 passes" in score.detail
    other = STRUCTURES["inverted bottlenecks"]
    assert make(proxy, repeats=3).score([other, PLAIN, PLAIN])[1:] == [score, score]
    assert make(proxy, repeats=3, seed=1).score([PLAIN])[0].z != score.z


@pytest.mark.parametrize("name", PROXIES)
def test_the_factory_makes_them(name):
    scorer = make_scorer(name, "cpu", Objective(64), Forward(batch=3))
    score = scorer.score([ZOO["maedet-s"].structure])[0]
    assert score.method == scorer.method == name
    assert score.detail.startswith(name) and "cpu" in score.detail
    assert all(map(isnan, score.entropies)) and len(score.entropies) == 5
    assert isnan(score.z_std)


@pytest.mark.parametrize("proxy", CLASSES)
def test_stops_when_asked(proxy):
    calls = iter([False] * 4)
    with pytest.raises(Cancelled):
        make(proxy).score([PLAIN], lambda: next(calls, True))


@pytest.mark.parametrize("proxy", CLASSES)
def test_says_when_memory_is_too_short(proxy):
    with pytest.raises(ScoringError, match=r"lower forward.batch or the resolution"):
        make(proxy, memory=1_000_000).score([PLAIN])


def test_says_when_images_cannot_be_told_apart():
    scorer = make(Naswot)
    scorer._images = lambda index: torch.ones(4, 3, 64, 64)
    with pytest.raises(ScoringError, match="no finite naswot"):
        scorer.score([PLAIN])


def test_the_objective_counts_by_its_resolution_alone():
    scores = [
        SynFlow(replace(Objective(64), alphas=alphas), "cpu").score([PLAIN])[0].z
        for alphas in ((0.0, 0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0, 6.0))
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("proxy", CLASSES)
def test_memory_that_runs_out_is_told_from_other_faults(proxy, monkeypatch):
    scorer = make(proxy)

    def fail(*_):
        raise RuntimeError(words)

    monkeypatch.setattr(scorer, "measure", fail)
    words = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB"
    with pytest.raises(ScoringError, match=r"cpu ran out of memory: lower forward\.batch"):
        scorer.score([PLAIN])
    words = "mat1 and mat2 shapes cannot be multiplied"
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        scorer.score([PLAIN])


@pytest.mark.parametrize("rests", [(1, 1), (2, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("more", [0, 3])
def test_synflow_s_sum_does_not_depend_on_which_path_is_the_larger(rests, more):
    middle = synflow.Middle(1, 0)

    def flow(count, degree, log_scale, seed):
        maps = torch.rand((count, 4, 3, 3), generator=torch.Generator().manual_seed(seed))
        return synflow._Flow(maps, middle, degree, log_scale, 0.0)

    def whole(flow):
        """x and x', as they are."""
        x, rest = flow.maps[0], flow.maps[1] if len(flow.maps) == 2 else 0.0
        return exp(flow.log_scale) * x, exp(flow.log_scale) * (rest + flow.degree * x)

    def paths():
        return flow(rests[0], 2 + more, 0.5, 1), flow(rests[1], 2, 2.0, 2)

    network = synflow._Network(None)
    expected = [a + b for a, b in zip(*map(whole, paths()))]
    for one, other in (paths(), paths()[::-1]):
        for found, right in zip(whole(network.add(one, other)), expected):
            torch.testing.assert_close(found, right)
