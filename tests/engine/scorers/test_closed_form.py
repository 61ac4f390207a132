"""The closed form against exact moments, against integrals, and against forward passes."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings

from engine.scorers import closed_form
from engine.scorers.closed_form import ClosedForm, predicted_std
from engine.scorers.mean_field import (
    behind_relu,
    maxpool_moments,
    relu_correlation,
    relu_fluctuation,
)
from engine.settings import Objective
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.strategies import structures

SMALL = Objective(resolution=96)


def scored(structure, objective=SMALL):
    return ClosedForm(objective).score([structure])[0]


def convolutions(structure: Structure):
    """(in, out, kernel, stride, whether the stage ends) of each convolution, read from the
    blocks anew; a max pooling has no input channels here."""
    ends = {
        i
        for i, block in enumerate(structure.blocks)
        if i + 1 == len(structure.blocks) or structure.blocks[i + 1].stride == 2
    }
    for i, block in enumerate(structure.blocks):
        if block.kind == "Conv":
            yield block.in_channels, block.out_channels, block.kernel, block.stride, i in ends
            continue
        if block.kind == "MaxPool":
            yield 0, block.out_channels, block.kernel, block.stride, False
            continue
        for j in range(block.depth):
            width = block.out_channels if j else block.in_channels
            inside = block.bottleneck
            yield width, inside, 1, 1, False
            yield inside, inside, block.kernel, 1 if j else block.stride, False
            yield inside, block.out_channels, 1, 1, i in ends and j + 1 == block.depth


def exact_entropies(structure: Structure, resolution: int, rectified: bool) -> list[float]:
    """H of infinitely wide passes: second moments at every position of a map, in float64.

    E[h^2](p) = C_in * sum over the window of E[x^2], and E[relu(h)^2] = E[h^2] / 2.
    """
    moments = torch.ones(1, 1, resolution, resolution, dtype=torch.float64)
    scale, entropies = 0.0, []
    for number, (c_in, _, kernel, stride, ends) in enumerate(convolutions(structure)):
        if number and rectified:
            moments = moments / 2
        window = torch.ones(1, 1, kernel, kernel, dtype=torch.float64)
        moments = c_in * F.conv2d(moments, window, stride=stride, padding=kernel // 2)
        if ends:
            entropies.append(0.5 * (scale + log(moments.mean())))
        scale += log(moments.max())
        moments = moments / moments.max()
    return entropies


@settings(max_examples=40, deadline=None)
@given(structures(most_depth=6))
@pytest.mark.parametrize("activation", ["relu", "none"])
def test_moments_are_exact_borders_included(activation, structure):
    # with a million times the channels nothing is left of the finite-width term
    wide = Structure(
        tuple(
            block._replace(
                in_channels=block.in_channels * (10**6 if i else 1),
                out_channels=block.out_channels * 10**6,
                bottleneck=block.bottleneck * 10**6,
            )
            for i, block in enumerate(structure.blocks)
        )
    )
    score = scored(wide, replace(SMALL, activation=activation))
    exact = exact_entropies(wide, 96, activation == "relu")
    assert score.entropies == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("resolution", [64, 96, 224, 384])
def test_any_multiple_of_32_is_exact_too(resolution):
    structure = ZOO["maedet-s"].structure
    wide = Structure(
        tuple(
            b._replace(
                in_channels=b.in_channels * (10**6 if i else 1),
                out_channels=b.out_channels * 10**6,
                bottleneck=b.bottleneck * 10**6,
            )
            for i, b in enumerate(structure.blocks)
        )
    )
    score = scored(wide, Objective(resolution=resolution))
    assert score.entropies == pytest.approx(exact_entropies(wide, resolution, True), rel=1e-5)


def literal_pass(structure: Structure, resolution: int, rectified: bool, seed: int) -> list[float]:
    """Eq. 2-4 with gamma the Euclidean norm of the map, as the paper sets it; float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = normal(1, 3, resolution, resolution)
    log_gammas, entropies = 0.0, []
    for c_in, c_out, kernel, stride, ends in convolutions(structure):
        if not c_in:
            x = F.max_pool2d(x, kernel, stride, kernel // 2)
            continue
        h = F.conv2d(x, normal(c_out, c_in, kernel, kernel), stride=stride, padding=kernel // 2)
        if ends:
            entropies.append(0.5 * log(h.var()) + log_gammas)
        x = torch.relu(h) if rectified else h
        gamma = x.norm()
        x, log_gammas = x / gamma, log_gammas + log(gamma)
    return entropies


THIN = Structure(
    (
        Block("Conv", 3, 3, 24, 2),
        Block("ResBlock", 3, 24, 48, 2, 16, 2),
        Block("ResBlock", 5, 48, 64, 2, 24, 4),
        Block("ResBlock", 3, 64, 96, 2, 32, 5),
        Block("ResBlock", 5, 96, 128, 2, 32, 3),
        Block("ResBlock", 3, 128, 128, 1, 40, 2),
    )
)


@pytest.fixture(scope="module")
def thin_passes():
    return {
        rectified: np.array([literal_pass(THIN, 96, rectified, seed) for seed in range(32)])
        for rectified in (True, False)
    }


@pytest.mark.parametrize("activation", ["relu", "none"])
def test_mean_of_literal_passes_is_predicted(activation, thin_passes):
    passes = thin_passes[activation == "relu"]
    score = scored(THIN, replace(SMALL, activation=activation))
    error = passes.std(0, ddof=1) / len(passes) ** 0.5
    difference = np.abs(passes.mean(0) - score.entropies)
    # three standard errors, and a third-order remainder for widths as small as 16
    assert (difference <= 3 * error + 2e-3 * passes.mean(0)).all(), (difference, error)


def test_without_the_finite_width_term_the_same_test_would_fail(thin_passes):
    passes = thin_passes[True]
    error = passes.std(0, ddof=1) / len(passes) ** 0.5
    exact = np.array(exact_entropies(THIN, 96, True))
    # at C5, where every layer's part has come together
    assert (np.abs(passes.mean(0) - exact) > 3 * error + 2e-3 * passes.mean(0))[-1]


def test_deviation_of_one_pass_is_predicted(thin_passes):
    weights = np.array([0, 0, 4, 2, 6])
    measured = (thin_passes[True] @ weights).std(ddof=1)
    assert predicted_std(THIN, SMALL) == pytest.approx(measured, rel=0.3)


@pytest.mark.parametrize(
    ("name", "resolution"),
    [("maedet-m", 64), pytest.param("resnet-50", 128, marks=pytest.mark.nightly)],
)
def test_zoo_agrees_with_literal_passes(name, resolution):
    structure = ZOO[name].structure
    passes = np.array([literal_pass(structure, resolution, True, seed) for seed in range(6)])
    error = passes.std(0, ddof=1) / 6**0.5
    score = scored(structure, Objective(resolution=resolution))
    difference = np.abs(passes.mean(0) - score.entropies)
    assert (difference <= 4 * error + 1e-3 * passes.mean(0)).all(), (difference, error)


def test_readings_of_size_weigh_the_same_entropies():
    structure = ZOO["maedet-m"].structure
    h3, h4, h5 = scored(structure).entropies[2:]
    c3, c4, c5 = structure.widths[2:]
    expected = {
        "nominal": 4 * h3 + 2 * h4 + 6 * h5,
        "area": 16 * h3 + 4 * h4 + 6 * h5,
        "volume": 16 * c3 * h3 + 4 * c4 * h4 + 6 * c5 * h5,
        "log-channels": h3 + log(c3) + h4 + log(c4) + 6 * (h5 + log(c5)),
    }
    for size, z in expected.items():
        assert scored(structure, replace(SMALL, size=size)).z == pytest.approx(z)


def test_single_scale_is_the_entropy_of_c5():
    score = scored(THIN, replace(SMALL, alphas=(0, 0, 0, 0, 1)))
    assert score.z == pytest.approx(score.entropies[4])


def test_how_it_was_obtained_is_part_of_the_score():
    score = scored(THIN)
    assert score.method == "closed-form" and score.passes == 0 and score.z_error == 0
    assert "closed form" in score.detail


def test_profiles_are_forgotten_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(closed_form, "_MOST_PROFILES", 8)
    scorer = ClosedForm(SMALL)
    first = [scorer.score([entry.structure])[0] for entry in ZOO.values()]
    assert scorer._profiles <= 8 + 7
    assert [scorer.score([entry.structure])[0] for entry in ZOO.values()] == first


def _normals(r: float, count: int = 400_000):
    rng = np.random.default_rng(0)
    u, w = rng.standard_normal((2, count))
    return u, r * u + (1 - r * r) ** 0.5 * w


@pytest.mark.parametrize("r", [0.0, 0.3, 0.8, 1.0])
def test_moments_of_rectified_normals(r):
    u, v = (np.maximum(x, 0) for x in _normals(r))
    assert relu_correlation(r) == pytest.approx((u * v).mean() / 0.5, abs=0.01)
    relative = (u**2 * v**2).mean() / 0.25 - 1
    assert relu_fluctuation(r) == pytest.approx(relative, abs=0.15)
    assert relu_correlation(behind_relu(relu_correlation(r))) == pytest.approx(relu_correlation(r))


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("r", [0.0, 0.5])
def test_moments_of_a_maximum(r, rectified):
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((200_000, 1)) * r**0.5
    first = shared + rng.standard_normal((200_000, 9)) * (1 - r) ** 0.5
    second = shared + rng.standard_normal((200_000, 9)) * (1 - r) ** 0.5
    a, b = first.max(1), second.max(1)
    if rectified:
        a, b = np.maximum(a, 0), np.maximum(b, 0)
    factor, correlation = maxpool_moments(r, 9, rectified)
    assert factor == pytest.approx((a**2).mean() / (0.5 if rectified else 1), rel=0.01)
    assert correlation == pytest.approx((a * b).mean() / (a**2).mean(), rel=0.01)
