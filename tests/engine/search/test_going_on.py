"""A search that goes on from its state: as before, or with another T, budget or population."""

from collections import Counter
from dataclasses import replace

import pytest

from engine.costs import total_cost
from engine.search.evolution import Evolution
from engine.settings import Budget
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.search.scoring import of, params, preset, run

INITIAL = ZOO["initial"].structure


# Going on from a state


def going_on(evolution, **changes):
    """A search of the preset with some changes, restored from the state of another."""
    search = replace(SEARCH, **changes)
    other = Evolution(search)
    other.restore(evolution.state())
    return other


SEARCH = preset(iterations=120, population=12, keep=4, seed=5)


@pytest.mark.parametrize("stop", [0, 1, 30, 59, 60, 90])
def test_a_search_goes_on_from_its_state_as_if_it_had_not_stopped(stop):
    whole = Evolution(SEARCH)
    run(whole, params)
    first = Evolution(SEARCH)
    if stop:
        run(first, params, until=stop)
    second = going_on(first)
    assert second.state() == first.state()
    assert second.counts == first.counts == Counter(first.state().counts)
    run(second, params)
    assert second.state() == whole.state() and second.counts == whole.counts
    assert second.switched_at == 60


def test_a_new_budget_leaves_out_who_exceeds_it():
    evolution = Evolution(SEARCH)
    run(evolution, params, until=50)
    costs = sorted(member.cost.params for member in evolution.population.members)
    limit = costs[len(costs) // 2]
    smaller = going_on(evolution, budget=Budget(params=limit))
    kept = [member.cost.params for member in smaller.population.members]
    assert kept == [cost for cost in costs if cost <= limit] and limit in kept
    # the best is too large, so the best that is left takes its place
    assert evolution.best.cost.params > limit
    assert smaller.best == smaller.population.best
    # a best that fits stays, although it is no longer a member
    run(evolution, lambda structure: -1.0, until=51)
    state = evolution.state()
    outside = Evolution(SEARCH)
    outside.restore(state._replace(members=state.members[:3]))
    assert outside.best == state.best and len(outside.population) == 3


def test_with_nobody_left_a_search_begins_with_the_initial_structure():
    evolution = Evolution(SEARCH)
    run(evolution, params, until=50)
    least = total_cost(INITIAL).params
    over = replace(SEARCH, budget=Budget(params=1))
    none = Evolution(over)
    none.restore(evolution.state())
    assert none.best is None and len(none.population) == 0
    assert none.ask()[0].structure == INITIAL and least > 1
    # and one that had not begun begins with it too
    fresh = Evolution(SEARCH)
    fresh.restore(Evolution(SEARCH).state())
    assert fresh.ask()[0].structure == INITIAL
    begun = going_on(evolution)
    assert begun.ask()[0].structure != INITIAL


def test_costs_are_counted_anew_at_another_image():
    evolution = Evolution(SEARCH)
    run(evolution, params, until=50)
    small = going_on(evolution, budget=Budget(image_size=(64, 96)))
    assert len(small.population) == len(evolution.population)
    for member in (*small.population.members, small.best):
        assert member.cost == total_cost(member.structure, (64, 96))
    assert going_on(evolution).population.members == evolution.population.members


@pytest.mark.parametrize(
    ("stop", "iterations", "switch"), [(50, 240, 120), (50, 60, 51), (50, 100, 51), (70, 400, 60)]
)
def test_the_switch_of_a_search_that_goes_on_with_another_t(stop, iterations, switch):
    evolution = Evolution(SEARCH)
    while evolution.iteration < stop:
        run(evolution, params, until=evolution.iteration + 1)
    schedule = replace(SEARCH.schedule, iterations=iterations)
    longer = going_on(evolution, schedule=schedule)
    run(longer, params)
    assert longer.switched_at == switch and longer.iteration == iterations
    # what was switched stays fine, and keeps its population
    if stop > 60:
        assert len(longer.population) == 12


def test_a_coarse_search_that_goes_on_stays_coarse():
    coarse = replace(SEARCH, schedule=replace(SEARCH.schedule, fine_at=1.0))
    evolution = Evolution(coarse)
    run(evolution, params, until=50)
    other = Evolution(coarse)
    other.restore(evolution.state())
    run(other, params)
    assert other.switched_at is None


def test_a_smaller_population_takes_the_best_of_a_state():
    evolution = Evolution(SEARCH)
    run(evolution, params, until=50)
    schedule = replace(SEARCH.schedule, population=3)
    small = going_on(evolution, schedule=schedule)
    assert small.population.scores() == evolution.population.scores()[-3:]


def test_a_structure_is_not_scored_twice_while_it_is_a_member():
    evolution = Evolution(preset(iterations=300, population=300, fine_at=1))
    seen = []
    while proposals := evolution.ask():
        seen.append(proposals[0].structure)
        evolution.tell([(proposals[0], of(0))])
    assert len(seen) == len(set(seen)) and evolution.counts["duplicate"] > 0
    assert evolution.counts["duplicate"] + len(seen) - 1 == 300


def test_pools_alone_make_no_child():
    pools = Structure(tuple(Block("MaxPool", 3, 3, 3, 2) for _ in range(5)))
    evolution = Evolution(replace(preset(iterations=5), initial=pools))
    evolution.tell([(one, of(0)) for one in evolution.ask()])
    assert evolution.ask() == [] and evolution.counts == {"duplicate": 5}
