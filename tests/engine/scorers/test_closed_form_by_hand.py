"""The closed form once more, from the formulas of docs/closed-form.md, layer by layer.

Nothing of the engine is used but the numbers in a structure: the second moments of a map are
kept in two dimensions and summed window by window, and the correlation of positions and the
terms of finite width are written from equations (c) to (i). The figures at the end are what
was measured to agree with forward passes when the closed form was new.
"""

from dataclasses import replace
from math import acos, log, pi, sin, sqrt

import numpy as np
import pytest

from engine.scorers import closed_form, mean_field
from engine.scorers.closed_form import ClosedForm, block_terms, predicted_std, windows
from engine.settings import Objective
from engine.structure import Block, Structure
from engine.zoo import ZOO


def layers_of(block: Block) -> list[tuple[int, int, int, int, int]]:
    """(in, out, kernel, stride, groups) of each convolution; a max pooling has no input."""
    if block.kind == "Conv":
        return [(block.in_channels, block.out_channels, block.kernel, block.stride, 1)]
    if block.kind == "MaxPool":
        return [(0, block.out_channels, block.kernel, block.stride, 1)]
    found = []
    width, k = block.in_channels, block.kernel
    for number in range(block.depth):
        stride = 1 if number else block.stride
        inside = block.bottleneck
        if block.kind == "ResBlock":
            found += [(width, inside, 1, 1, 1), (inside, inside, k, stride, 1)]
            found += [(inside, block.out_channels, 1, 1, 1)]
        elif block.kind == "BasicBlock":
            found += [(width, inside, k, stride, 1), (inside, block.out_channels, k, 1, 1)]
        else:
            hidden = width * block.expansion
            if block.expansion > 1:
                found += [(width, hidden, 1, 1, 1)]
            found += [(hidden, hidden, k, stride, hidden), (hidden, block.out_channels, 1, 1, 1)]
        width = block.out_channels
    return found


def box_sums(moments: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """(a) without C_in: sums under each window of a map that is zero outside."""
    padded = np.pad(moments, kernel // 2)
    side = moments.shape[0]
    rows = [
        [padded[y : y + kernel, x : x + kernel].sum() for x in range(0, side, stride)]
        for y in range(0, side, stride)
    ]
    return np.array(rows)


def rho(r: float) -> float:
    """(f)"""
    theta = acos(min(1.0, r))
    return (sin(theta) + (pi - theta) * r) / pi


def kappa(r: float) -> float:
    """(g)"""
    theta = acos(min(1.0, r))
    return 2 / pi * (3 * sin(theta) * r + (pi - theta) * (1 + 2 * r * r)) - 1


def by_hand(structure: Structure, objective: Objective) -> tuple[list[float], list[float]]:
    """H of C1-C5, and the sums of v_l in front of each: (c), (e) and (i)."""
    rectified = objective.activation == "relu"
    moments = np.ones((objective.resolution,) * 2)
    log_scale, before, first = 0.0, 0.0, True
    r = 0.0 if rectified else 1 / 3
    entropies, spreads = [], []
    for index, block in enumerate(structure.blocks):
        # positions of a block's output map; those inside a block are taken alike
        places = moments[:: block.stride, :: block.stride].size
        last = before
        for inside, out, kernel, stride, groups in layers_of(block):
            if not inside:
                factor, pooled = mean_field.maxpool_moments(r, kernel**2, rectified)
                log_scale += log(factor)
                r = mean_field.behind_relu(pooled) if rectified else pooled**2
                moments = moments[::stride, ::stride]
                continue
            half = 0.5 if rectified and not first else 1.0
            # kept near one: what is taken out is added to the logarithm
            moments = box_sums(moments, kernel, stride) / kernel**2
            log_scale += log(inside // groups * kernel**2 * half)
            if rectified:
                # (d) of a depthwise layer: each of its channels has a strength of its own
                uneven = 1 + kappa(r) if groups > 1 else 1.0
                if not first:
                    r = rho(r)
                last = before + (2 * r * r + (2 - 2 * r * r) / places) / out
                before += uneven * (kappa(r) + (5 - kappa(r)) / places) / out
            else:
                r /= kernel**2
                before += (2 * r + 2 * (1 - r) / places) / out
                last = before
                r += 1 / out
            first = False
        following = structure.blocks[index + 1 :]
        if not following or following[0].stride == 2:
            bias = last / 4 if rectified else 0.0
            entropies.append(0.5 * (log_scale + log(moments.mean())) - bias)
            spreads.append(last)
    return entropies, spreads


RESIDUAL = Structure(
    (
        Block("Conv", 3, 3, 24, 2),
        Block("ResBlock", 3, 24, 48, 2, 16, 2),
        Block("ResBlock", 5, 48, 64, 2, 24, 4),
        Block("BasicBlock", 3, 64, 96, 2, 32, 2),
        Block("ResBlock", 5, 96, 128, 2, 32, 3),
        Block("BasicBlock", 5, 128, 128, 1, 40, 1),
    )
)
MOBILE = Structure(
    (
        Block("Conv", 3, 3, 16, 2),
        Block("InvertedBlock", 3, 16, 24, 2, 0, 1, 1),
        Block("InvertedBlock", 5, 24, 32, 2, 0, 3, 6, 16),
        Block("InvertedBlock", 3, 32, 48, 2, 0, 2, 3),
        Block("InvertedBlock", 5, 48, 96, 2, 0, 2, 6),
        Block("InvertedBlock", 3, 96, 64, 1, 0, 1, 3),
    )
)
POOLED = Structure(
    (
        Block("Conv", 7, 3, 16, 2),
        Block("MaxPool", 3, 16, 16, 2),
        Block("ResBlock", 3, 16, 64, 1, 16, 2),
        Block("ResBlock", 3, 64, 128, 2, 32, 2),
        Block("MaxPool", 5, 128, 128, 1),
        Block("ResBlock", 5, 128, 64, 2, 64, 1),
        Block("ResBlock", 3, 64, 128, 2, 128, 2),
    )
)
#: a stride that no window carries
SKIPPED = Structure(
    (
        Block("Conv", 3, 3, 16, 2),
        Block("Conv", 1, 16, 16, 2),
        Block("ResBlock", 1, 16, 64, 2, 16, 2),
        Block("ResBlock", 5, 64, 64, 2, 16, 1),
        Block("Conv", 1, 64, 32, 2),
    )
)
#: depthwise layers of two channels
THIN = Structure(
    (
        Block("Conv", 3, 3, 2, 2),
        Block("InvertedBlock", 3, 2, 2, 2, 0, 2, 1),
        Block("InvertedBlock", 3, 2, 8, 1, 0, 1, 1),
        *(Block("InvertedBlock", 5, 8, 8, 2, 0, 1, 6) for _ in range(3)),
    )
)
STRUCTURES = {
    "thin": THIN,
    "skipped": SKIPPED,
    "residual": RESIDUAL,
    "mobile": MOBILE,
    "pooled": POOLED,
}


@pytest.mark.parametrize("activation", ["relu", "none"])
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("resolution", [64, 96])
def test_entropies_are_those_of_the_formulas(name, activation, resolution):
    objective = Objective(resolution=resolution, activation=activation)
    (score,) = ClosedForm(objective).score([STRUCTURES[name]])
    entropies, spreads = by_hand(STRUCTURES[name], objective)
    # correlations are kept to six digits; without a ReLU to four, which a pooling alone sees
    digits = {"relu": 1e-5 if name == "thin" else 1e-6, "none": 1e-4 if name == "pooled" else 1e-9}
    assert score.entropies == pytest.approx(entropies, abs=digits[activation])
    # Z = 4 H3 + 2 H4 + 6 H5, and what v_l does to H3 it does to H4 and H5
    three, four, five = spreads[2:]
    variance = (144 * three + 64 * (four - three) + 36 * (five - four)) / 4
    assert score.z_std == pytest.approx(sqrt(variance), rel=1e-5 if activation == "relu" else 1e-3)
    assert score.z == pytest.approx(4 * entropies[2] + 2 * entropies[3] + 6 * entropies[4])


@pytest.mark.parametrize("name", STRUCTURES)
def test_readings_of_size(name):
    structure = STRUCTURES[name]
    (h1, h2, h3, h4, h5), spreads = by_hand(structure, Objective(resolution=64))
    c1, c2, c3, c4, c5 = structure.widths
    alphas = (0.5, 0.25, 1.0, 2.0, 3.0)
    expected = {
        "nominal": 8 * h1 + 2 * h2 + 4 * h3 + 4 * h4 + 3 * h5,
        "area": 128 * h1 + 16 * h2 + 16 * h3 + 8 * h4 + 3 * h5,
        "volume": 128 * c1 * h1 + 16 * c2 * h2 + 16 * c3 * h3 + 8 * c4 * h4 + 3 * c5 * h5,
        "log-channels": 0.5 * (h1 + log(c1))
        + 0.25 * (h2 + log(c2))
        + (h3 + log(c3))
        + 2 * (h4 + log(c4))
        + 3 * (h5 + log(c5)),
    }
    for size, z in expected.items():
        objective = Objective(resolution=64, alphas=alphas, size=size)
        (score,) = ClosedForm(objective).score([structure])
        assert score.z == pytest.approx(z, rel=1e-6)
    # the deviation, under weights of 1 at C4 and 2 at C5
    objective = Objective(resolution=64, alphas=(0, 0, 0, 0.5, 2))
    four, five = spreads[3:]
    assert predicted_std(structure, objective) == pytest.approx(
        sqrt((9 * four + 4 * (five - four)) / 4), rel=1e-5
    )


def test_a_sum_under_a_window_along_a_line():
    profile = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert windows(profile, 3, 1) == pytest.approx([1, 2, 3, 4, 3])
    assert windows(profile, 3, 2) == pytest.approx([1, 3, 3])
    assert windows(profile, 5, 1) == pytest.approx([1.2, 2, 3, 2.8, 2.4])
    assert windows(profile, 1, 2) == pytest.approx([1, 3, 5])


def test_terms_of_one_block():
    # a stem sees noise: no ReLU before it, and positions that are independent
    stem = block_terms(Block("Conv", 3, 3, 10, 2), 0.0, 16, True, True)
    assert stem.gain == pytest.approx(log(27)) and stem.correlation == 0
    assert stem.fluctuation == pytest.approx(5 / 16 / 10)
    assert stem.last == pytest.approx(2 / 16 / 10)
    behind = block_terms(Block("Conv", 3, 3, 10, 2), 0.0, 16, False, True)
    assert behind.gain == pytest.approx(log(27 / 2))
    assert behind.correlation == round(1 / pi, 6)
    deep = block_terms(Block("ResBlock", 3, 8, 8, 1, 8, 200), 0.3, 4, False, True)
    assert deep.correlation == pytest.approx(1, abs=1e-3)
    linear = block_terms(Block("Conv", 3, 3, 10, 2), 1 / 3, 16, True, False)
    assert linear.gain == pytest.approx(log(27))
    assert linear.fluctuation == linear.last
    assert linear.last == pytest.approx((2 / 27 + 2 * (26 / 27) / 16) / 10)
    assert linear.correlation == round(1 / 27 + 1 / 10, 4)


def test_what_rectified_normals_share():
    assert mean_field.relu_correlation(0) == pytest.approx(1 / pi)
    assert mean_field.relu_correlation(1) == pytest.approx(1)
    assert mean_field.relu_correlation(-1) == pytest.approx(0, abs=1e-12)
    # theta = pi / 3
    assert mean_field.relu_correlation(0.5) == pytest.approx((sqrt(3) / 2 + pi / 3) / pi)
    assert mean_field.relu_fluctuation(0) == pytest.approx(0)
    assert mean_field.relu_fluctuation(1) == pytest.approx(5)
    assert mean_field.relu_fluctuation(0.5) == pytest.approx(
        2 / pi * (3 * sqrt(3) / 4 + 2 * pi / 3 * 1.5) - 1
    )
    # rounding may leave a correlation a little outside its range
    assert mean_field.relu_correlation(1 + 1e-12) == pytest.approx(1)
    assert mean_field.relu_correlation(-1 - 1e-12) == pytest.approx(0, abs=1e-9)
    assert mean_field.relu_fluctuation(1 + 1e-12) == pytest.approx(5)


@pytest.mark.parametrize("r", [0.0, 1e-3, 0.25, 0.5, 0.9, 0.999, 1.0])
def test_behind_relu_is_the_inverse(r):
    assert mean_field.behind_relu(mean_field.relu_correlation(r)) == pytest.approx(r, abs=2e-7)
    assert abs(mean_field.behind_relu(rho(0.5)) - 0.5) < 1e-9


def test_the_maximum_of_normals():
    # of one position nothing is taken, and of independent ones nothing is shared but the mean
    second, shared = mean_field.maxpool_moments(0.0, 1, False)
    assert second == pytest.approx(1, abs=1e-4) and shared == pytest.approx(0, abs=1e-4)
    assert mean_field.maxpool_moments(0.3, 1, False) == pytest.approx((1, 0.3), abs=1e-4)
    assert mean_field.maxpool_moments(0.3, 1, True) == pytest.approx((1, rho(0.3)), abs=1e-3)
    # the larger of two: E[max] = 1 / sqrt(pi), E[max^2] = 1
    second, shared = mean_field.maxpool_moments(0.0, 2, False)
    assert second == pytest.approx(1, abs=1e-4) and shared == pytest.approx(1 / pi, abs=1e-4)
    # of two with a shared part of variance r: E[max] = sqrt((1 - r) / pi)
    second, shared = mean_field.maxpool_moments(0.36, 2, False)
    assert second == pytest.approx(1, abs=1e-4)
    assert shared == pytest.approx(0.36 + 0.64 / pi, abs=1e-4)
    # both of two are negative a fourth of the time, and E[min(|a|, |b|)^2] = 1 - 2 / pi
    second, _ = mean_field.maxpool_moments(0.0, 2, True)
    assert second == pytest.approx((1 - (1 - 2 / pi) / 4) / 0.5, abs=1e-4)
    # ... and fully alike, a window is one position
    assert mean_field.maxpool_moments(1.0, 9, True) == pytest.approx((1, 1), abs=2e-2)


#: C5 of 384 x 384, as measured against means of forward passes: 258.23, 320.82, 218.29, 68.05
C5 = {"maedet-m": 258.72, "maedet-l": 321.64, "maedet-s": 219.32, "initial": 68.21}


@pytest.mark.parametrize("name", C5)
def test_entropies_of_the_papers_structures(name):
    (score,) = ClosedForm(Objective()).score([ZOO[name].structure])
    (wide,) = ClosedForm(Objective()).score([widened(ZOO[name].structure)])
    # the figures are those of the exact moments; finite width takes at most 1 % away
    assert f"{wide.entropies[4] - LOG_MILLION[name]:.2f}" == f"{C5[name]:.2f}"
    assert 0.99 * C5[name] < score.entropies[4] < C5[name]


def widened(structure: Structure) -> Structure:
    """With a million times the channels, so that nothing is left of finite width."""
    blocks = [
        block._replace(
            in_channels=block.in_channels * (10**6 if index else 1),
            out_channels=block.out_channels * 10**6,
            bottleneck=block.bottleneck * 10**6,
        )
        for index, block in enumerate(structure.blocks)
    ]
    return Structure(tuple(blocks))


#: every convolution but the first has a million times the fan-in
LOG_MILLION = {
    name: 0.5 * log(10**6) * (sum(len(layers_of(b)) for b in ZOO[name].structure.blocks) - 1)
    for name in C5
}


def test_structures_share_a_scorer_and_nothing_of_each_other():
    structures = [*STRUCTURES.values(), *(ZOO[name].structure for name in C5)]
    alone = [ClosedForm(Objective(96)).score([structure])[0] for structure in structures]
    together = ClosedForm(Objective(96))
    assert together.score(structures) == alone
    assert together.score(structures[::-1]) == alone[::-1]


def test_profiles_are_kept_up_to_a_number_and_then_begun_anew(monkeypatch):
    monkeypatch.setattr(closed_form, "_MOST_PROFILES", 6)
    scorer = ClosedForm(Objective(96))
    seen = []
    for structure in (ZOO["maedet-s"].structure, RESIDUAL, ZOO["maedet-s"].structure):
        scorer.score([structure])
        seen.append(scorer._profiles)
    # the image's and five; one more stem would be the same, five blocks are not: begun anew
    assert seen == [6, 1, 6]


def test_a_score_says_how_it_was_obtained():
    scorer = ClosedForm(Objective())
    assert scorer.method == "closed-form" and scorer.batch == 1 and scorer.notices == []
    first, again = scorer.score([ZOO["maedet-s"].structure] * 2)
    assert first == again and first.method == "closed-form" and first.passes == 0
    assert first.detail == "closed form: exact moments with borders and the finite-width term"
    assert scorer.detail == first.detail
    assert scorer.score([]) == []
    assert replace(first, z=0.0) != first
