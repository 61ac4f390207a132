"""The proxies of gradients against their papers' formulas, with autograd, image by image."""

from math import isnan, log

import pytest
import torch
from torch import nn

from engine.scorers.base import Cancelled, ScoringError
from engine.scorers.factory import make_scorer
from engine.scorers.proxies import gradients
from engine.scorers.proxies.fisher import Fisher
from engine.scorers.proxies.grad_norm import GradNorm
from engine.scorers.proxies.grasp import Grasp
from engine.scorers.proxies.jacov import Jacov
from engine.scorers.proxies.network import Weights
from engine.scorers.proxies.ntk_condition import NtkCondition
from engine.scorers.proxies.snip import Snip
from engine.settings import GRADIENT_PROXIES, Forward, Objective
from engine.structure import Block, Structure
from tests.engine.scorers.literal_network import load, network, of_kind

STEM = Block("Conv", 3, 3, 8, 2)
STRUCTURES = {
    "bottlenecks": Structure(
        (
            STEM,
            Block("ResBlock", 3, 8, 12, 2, 8, 1),
            Block("ResBlock", 5, 12, 16, 2, 8, 2),
            Block("ResBlock", 3, 16, 24, 2, 8, 1),
            Block("ResBlock", 3, 24, 32, 2, 8, 2),
        )
    ),
    "basic blocks, max pooling and inverted bottlenecks": Structure(
        (
            STEM,
            Block("MaxPool", 3, 8, 8, 2),
            Block("BasicBlock", 3, 8, 12, 2, 8, 2),
            Block("InvertedBlock", 3, 12, 16, 2, 0, 2, 3),
            Block("InvertedBlock", 5, 16, 16, 2, 0, 1, 1),
            Block("Conv", 1, 16, 40, 1),
        )
    ),
}
PLAIN = STRUCTURES["bottlenecks"]
IMAGES = 4


def make(proxy, repeats=1, memory=500_000_000, seed=0, resolution=32):
    forward = Forward(repeats, memory, IMAGES)
    return proxy(Objective(resolution), "cpu", forward, seed, dtype=torch.float64, segment=1 << 16)


class Classifier(nn.Module):
    """A backbone, the average over positions, and a linear classifier."""

    def __init__(self, body, head):
        super().__init__()
        self.body = body
        self.head = nn.Parameter(head)

    def forward(self, x):
        return self.body(x).mean((2, 3)) @ self.head.t()

    @property
    def weights(self):
        return [module.weight for module in of_kind(self.body, nn.Conv2d)] + [self.head]


@pytest.fixture(params=STRUCTURES)
def case(request, monkeypatch):
    """A function of a proxy: its score, the classifier as it was drawn, images and labels."""
    structure = STRUCTURES[request.param]

    def score(proxy, resolution=32):
        drawn, right = [], Weights.normals
        with monkeypatch.context() as patch:
            patch.setattr(Weights, "normals", lambda *at: drawn.append(right(*at)) or drawn[-1])
            scorer = make(proxy, resolution=resolution)
            z = scorer.score([structure])[0].z
        labels, *convolutions, head = (one.clone() for one in drawn)
        net = load(network(structure), convolutions).double().train()
        for module in of_kind(net, nn.Conv2d):
            module.weight.data.mul_((2 / module.weight[0].numel()) ** 0.5)
        classifier = Classifier(net, head[:, :, 0, 0] / structure.blocks[-1].out_channels ** 0.5)
        labels = [max(range(1000), key=row.__getitem__) for row in labels.flatten(1).tolist()]
        return z, classifier, scorer._images(0).contiguous(), labels

    return score


def losses(classifier, images, labels):
    """- log of the probability of its label, for each image."""
    logits = classifier(images)
    return [logits[n].exp().sum().log() - logits[n, labels[n]] for n in range(len(images))]


def mean_loss(classifier, images, labels):
    return sum(losses(classifier, images, labels)) / len(images)


def test_grad_norm(case):
    z, classifier, images, labels = case(GradNorm)
    found = torch.autograd.grad(mean_loss(classifier, images, labels), classifier.weights)
    total = sum((one**2).sum().item() ** 0.5 for one in found)
    assert z == pytest.approx(log(total), abs=1e-9)


def test_snip(case):
    z, classifier, images, labels = case(Snip)
    found = torch.autograd.grad(mean_loss(classifier, images, labels), classifier.weights)
    total = sum((w * g).abs().sum().item() for w, g in zip(classifier.weights, found))
    assert z == pytest.approx(log(total), abs=1e-9)


def test_grasp(case):
    z, classifier, images, labels = case(Grasp, 64)
    loss = mean_loss(classifier, images, labels)
    found = torch.autograd.grad(loss, classifier.weights, create_graph=True)
    flow = sum((one.detach() * one).sum() for one in found)
    products = torch.autograd.grad(flow, classifier.weights)  # H g
    total = -sum((w * hg).sum().item() for w, hg in zip(classifier.weights, products))
    assert z == pytest.approx(total, rel=1e-3)


def test_fisher(case):
    z, classifier, images, labels = case(Fisher)
    maps = []

    def hook(module, inputs, output):
        output.retain_grad()
        maps.append(output)

    for module in of_kind(classifier.body, nn.ReLU):
        module.register_forward_hook(hook)
    sum(losses(classifier, images, labels)).backward()
    total = 0.0
    for one in maps:
        for channel in range(one.shape[1]):
            gains = [(one[n, channel] * one.grad[n, channel]).sum().item() for n in range(IMAGES)]
            total += sum(gain**2 for gain in gains) / (2 * IMAGES)
    assert z == pytest.approx(log(total), abs=1e-9)


def test_jacov(case):
    z, classifier, images, _ = case(Jacov)
    images.requires_grad_()
    classifier(images).sum().backward()
    rows = [row - row.mean() for row in images.grad.flatten(1)]
    correlations = [[(a @ b / (a.norm() * b.norm())).item() for b in rows] for a in rows]
    sigmas = torch.linalg.eigvalsh(torch.tensor(correlations, dtype=torch.float64)).tolist()
    expected = -sum(log(sigma + 1e-5) + 1 / (sigma + 1e-5) for sigma in sigmas)
    assert z == pytest.approx(expected, rel=1e-9)


def literal_condition(classifier, images):
    gradients = []
    for n in range(IMAGES):
        found = torch.autograd.grad(classifier(images)[n].sum(), classifier.weights)
        gradients.append(torch.cat([one.flatten() for one in found]))
    kernel = [[(a @ b).item() for b in gradients] for a in gradients]
    eigenvalues = torch.linalg.eigvalsh(torch.tensor(kernel, dtype=torch.float64)).tolist()
    return max(eigenvalues) / min(eigenvalues)


def test_the_condition_number_of_the_tangent_kernel(case, monkeypatch):
    z, classifier, images, _ = case(NtkCondition)
    assert z == pytest.approx(-log(literal_condition(classifier, images)), rel=1e-8)


def test_the_kernel_is_the_same_by_groups_of_layers(monkeypatch):
    whole = make(NtkCondition)
    (expected,) = whole.score([PLAIN])
    assert len(whole._groups(PLAIN)) == 1
    one_by_one = [{number: 1} for number in range(len(gradients.layers(PLAIN)))]
    monkeypatch.setattr(NtkCondition, "_groups", lambda self, structure: one_by_one)
    assert make(NtkCondition).score([PLAIN])[0].z == pytest.approx(expected.z, rel=1e-9)


def test_groups_hold_a_quarter_of_the_memory():
    scorer = make(NtkCondition, memory=4 * IMAGES * 8 * 2000)
    groups = scorer._groups(PLAIN)
    assert [n for group in groups for n in group] == list(range(len(gradients.layers(PLAIN))))
    assert len(groups) > 1
    assert all(len(group) == 1 or sum(group.values()) <= 2000 for group in groups)


@pytest.mark.parametrize("proxy", [Snip, NtkCondition])
def test_repeats_are_averaged_and_reproducible(proxy):
    score = make(proxy, repeats=2).score([PLAIN])[0]
    assert score.passes == 2 and score.z_std > 0 and "2 passes of 4 images" in score.detail
    assert make(proxy, repeats=2).score([STRUCTURES[name] for name in STRUCTURES])[0] == score
    assert make(proxy, seed=1).score([PLAIN])[0].z != make(proxy).score([PLAIN])[0].z


@pytest.mark.parametrize("name", GRADIENT_PROXIES)
def test_the_factory_makes_them(name):
    scorer = make_scorer(name, "cpu", Objective(32), Forward(batch=3))
    (score,) = scorer.score([PLAIN])
    assert score.method == name and score.detail.startswith(f"{name}, 1 pass of 3 images, float32")
    assert not score.is_entropy and all(map(isnan, score.entropies)) and isnan(score.z_std)
    # float64 differs by rounding alone
    exact = make_scorer(name, "cpu", Objective(32), Forward(batch=3))
    exact.dtype = exact.pool.dtype = torch.float64
    assert score.z == pytest.approx(exact.score([PLAIN])[0].z, rel=1e-3)


@pytest.mark.parametrize("way", ["out", "back"])
def test_stops_when_asked_on_both_ways(way):
    polled = []
    make(GradNorm).score([PLAIN], lambda: polled.append(1))
    number = len(gradients.layers(PLAIN))
    assert len(polled) >= 2 * number
    calls = iter([False] * (len(polled) - number // 2 if way == "back" else 3))
    with pytest.raises(Cancelled):
        make(GradNorm).score([PLAIN], lambda: next(calls, True))


def test_says_when_memory_is_too_short():
    with pytest.raises(ScoringError, match=r"lower forward.batch or the resolution"):
        make(Fisher, memory=1_000_000).score([PLAIN])


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_is_kept_for_the_way_back_is_what_memory_is_asked_for(name):
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage
        return tensor

    scorer = make(GradNorm)
    structure = STRUCTURES[name]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        scorer.measure(structure, scorer._images(0), Weights(scorer.pool, 0), bool)
    expected = 8 * IMAGES * gradients._maps(structure, 32)[0]
    # the projections' outputs count, and are not kept; the images are counted elsewhere
    images = 8 * IMAGES * 3 * 32**2
    assert 0.6 * expected < sum(map(len, kept.values())) - images <= expected


def test_one_image_is_enough():
    for proxy in (Jacov, NtkCondition):
        scorer = make_scorer(proxy.method, "cpu", Objective(64), Forward(batch=1))
        assert scorer.score([PLAIN])[0].z == pytest.approx(
            -1.0 if proxy is Jacov else 0.0, abs=1e-4
        )
