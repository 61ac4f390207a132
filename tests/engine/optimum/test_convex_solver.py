"""Bounds of skeletons against an independent solver of convex programs, with cones."""

from dataclasses import replace

import clarabel
import numpy as np
import pytest
from scipy import sparse

from engine.optimum.interior import bounds, upper_bound
from engine.optimum.problem import Problem
from engine.settings import Budget, Objective, Preset, Space
from engine.zoo import ZOO

M = Preset("m", ZOO["initial"].structure, Budget(flops=91_000_000_000, layers=91))
PRESETS = {
    "M": M,
    "area": replace(M, objective=Objective(size="area", alphas=(1, 0, 2, 0, 3))),
    "log-channels": replace(M, objective=Objective(size="log-channels", activation="none")),
    "two budgets": replace(M, budget=Budget(flops=91_000_000_000, params=14_000_000, layers=91)),
    "ratios": replace(M, space=Space(bottleneck_ratio=(0.15, 0.25))),
    "two kinds": replace(M, space=Space(blocks=("ResBlock", "BasicBlock"), kernels=(3,))),
}


def solved(program, lower, upper):
    """The optimum of the one program, by Clarabel: each exponential is a cone of its own.

    Variables: x, then t_v >= b_v exp(-x_v), then what each monomial spends of each budget;
    Z is linear in x and t, and a budget in the last.
    """
    size = len(lower)
    spends = [
        (k, m)
        for k in range(len(program.costs))
        for m in range(len(program.products))
        if program.costs[k, m, 0] > 0
    ]
    count = 2 * size + len(spends)
    rows, right, cones = [], [], []

    def row(**entries):
        found = np.zeros(count)
        for place, value in entries.items():
            found[int(place[1:])] = value
        return found

    for number, fixed in enumerate(program.fixed[:, 0]):
        rows.append(np.array([0.0] * 2 * size + [float(k == number) for k, _ in spends]))
        right.append(1 - fixed)
    for v in range(size):
        rows += [row(**{f"_{v}": 1.0}), row(**{f"_{v}": -1.0})]
        right += [upper[v], -lower[v]]
    for (inside, out), (low, high) in zip(program.pairs, program.ratios[:, :, 0]):
        rows += [row(**{f"_{inside}": 1.0, f"_{out}": -1.0})]
        rows += [row(**{f"_{inside}": -1.0, f"_{out}": 1.0})]
        right += [high, -low]
    cones.append(clarabel.NonnegativeConeT(len(rows)))
    inverses = program.inverses[:, 0]
    # (exponent, its constant, place of what is to be at least its exponential)
    exponentials = [({v: -1.0}, np.log(b), size + v) for v, b in enumerate(inverses) if b > 0]
    for place, (k, m) in enumerate(spends, 2 * size):
        times = {v: float(program.products[m].count(v)) for v in program.products[m]}
        exponentials.append((times, np.log(program.costs[k, m, 0]), place))
    for exponent, constant, bound in exponentials:  # (exponent, 1, bound) in the cone
        rows += [-row(**{f"_{v}": value for v, value in exponent.items()}), np.zeros(count)]
        rows += [row(**{f"_{bound}": -1.0})]
        right += [constant, 1.0, 0.0]
        cones.append(clarabel.ExponentialConeT())
    cost = np.concatenate([-program.logs[:, 0], inverses > 0, np.zeros(len(spends))])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix((count, count)), cost, sparse.csc_matrix(np.array(rows)),
        np.array(right), cones, settings,
    )  # fmt: skip
    found = solver.solve()
    assert str(found.status) in ("Solved", "AlmostSolved")
    return program.constant[0] - found.obj_val


def skeletons(name, count, seed=0):
    """(program, lower, upper) of some skeletons of a preset, and the places of them."""
    problem = Problem(PRESETS[name])
    (group,) = map(problem.group, problem.layouts)
    chosen = np.random.default_rng(seed).choice(len(group.skeletons), count, replace=False)
    nodes = group.roots(chosen)
    return group.program(nodes), group.logs(nodes.lower), group.logs(nodes.upper)


@pytest.mark.parametrize("name", PRESETS)
def test_a_skeletons_bound_is_the_optimum_of_its_program(name):
    program, lower, upper = skeletons(name, 6)
    found = bounds(program, lower, upper)
    for place in range(len(found.bound)):
        one = program.take(np.array([place]))
        expected = solved(one, lower[:, place], upper[:, place])
        assert found.bound[place] == pytest.approx(expected, rel=2e-6)
        assert found.bound[place] > expected - 1e-6 * abs(expected)


@pytest.mark.parametrize("name", PRESETS)
def test_a_bound_holds_at_any_point_and_any_multipliers(name):
    program, lower, upper = skeletons(name, 200, seed=1)
    least = bounds(program, lower, upper).bound
    rng = np.random.default_rng(2)
    for _ in range(20):
        x = lower + rng.random(lower.shape) * (upper - lower)
        prices = 10 ** rng.uniform(-3, 4, (len(program.costs), lower.shape[1]))
        # the best bound is within a millionth of the optimum, which none is below
        assert (upper_bound(program, lower, upper, x, prices) >= least * (1 - 1e-6)).all()
