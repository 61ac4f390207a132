"""Algorithm 1, line by line, with scores that the test chooses."""

from collections import Counter
from random import Random

import pytest

from engine.costs import Cost, total_cost
from engine.search.evolution import Evolution, exceeded
from engine.search.mutation import Mutator
from engine.search.population import Population
from engine.settings import Budget, Space
from engine.zoo import ZOO
from tests.engine.search.scoring import of, params, preset, run

INITIAL = ZOO["initial"].structure


# Lines 9-10: budgets


@pytest.mark.parametrize("field", ["layers", "flops", "params"])
def test_a_structure_exactly_at_a_budget_is_within_it(field):
    cost = Cost(params=7, flops=7, layers=7)
    assert exceeded(cost, Budget(**{field: 7})) is None
    assert exceeded(cost, Budget(**{field: 6})) == field
    assert exceeded(cost, Budget(**{field: 8})) is None
    assert exceeded(cost, Budget()) is None


def test_of_several_exceeded_budgets_layers_come_first_and_params_last():
    cost = Cost(params=7, flops=7, layers=7)
    assert exceeded(cost, Budget(layers=6, flops=6, params=6)) == "layers"
    assert exceeded(cost, Budget(layers=7, flops=6, params=6)) == "flops"
    assert exceeded(cost, Budget(layers=7, flops=7, params=6)) == "params"
    assert exceeded(cost, Budget(layers=7, flops=7, params=7)) is None
    # a limit of none at all is a limit
    assert exceeded(cost, Budget(layers=0)) == "layers"
    assert exceeded(cost, Budget(flops=0)) == "flops"
    assert exceeded(cost, Budget(params=0)) == "params"


@pytest.mark.parametrize("field", ["layers", "flops", "params"])
def test_a_search_takes_a_child_that_costs_just_the_budget(field):
    """The first child that costs more than its parent, with that cost as the budget."""

    def first_dearer(limit):
        evolution = Evolution(preset(budget=limit, iterations=200))
        evolution.tell([(one, of(0)) for one in evolution.ask()])
        least = getattr(total_cost(INITIAL), field)
        while proposals := evolution.ask():
            if getattr(proposals[0].cost, field) > least:
                return proposals[0], evolution.counts
        raise AssertionError("no child costs more")

    child, counts = first_dearer(Budget())
    at, refused = first_dearer(Budget(**{field: getattr(child.cost, field)}))
    assert at.structure == child.structure and refused == counts
    below, refused = first_dearer(Budget(**{field: getattr(child.cost, field) + 0}))
    assert below.cost == child.cost
    evolution = Evolution(preset(budget=Budget(**{field: getattr(child.cost, field) - 1})))
    evolution.iterations = 200
    evolution.tell([(one, of(0)) for one in evolution.ask()])
    while proposals := evolution.ask():
        assert proposals[0].structure != child.structure
    assert evolution.counts[field] > 0


def test_a_child_that_is_too_slow_is_refused_and_counted():
    evolution = Evolution(preset(iterations=60, population=8))
    seen = []

    def too_slow(structure):
        seen.append(structure)
        return len(seen) % 2 == 0

    evolution.too_slow = too_slow
    run(evolution, params)
    assert evolution.counts["latency"] == len(seen) // 2 > 10
    assert sum(evolution.counts.values()) == 60
    assert evolution.best.structure in seen
    for structure in seen[1::2]:
        assert structure not in evolution.population or structure in seen[0::2]


@pytest.mark.parametrize("field", ["layers", "flops", "params"])
def test_every_refused_child_is_counted(field):
    limit = Budget(**{field: getattr(total_cost(INITIAL), field)})
    evolution = Evolution(preset(budget=limit, iterations=80))
    run(evolution, params)
    assert sum(evolution.counts.values()) == 80 and evolution.counts[field] > 5


def test_costs_count_at_the_budgets_image():
    small = Evolution(preset(budget=Budget(image_size=(64, 96)), iterations=5))
    (initial,) = small.ask()
    assert initial.cost == total_cost(INITIAL, (64, 96)) != total_cost(INITIAL)
    small.tell([(initial, of(0))])
    for proposal in small.ask(3):
        assert proposal.cost == total_cost(proposal.structure, (64, 96))


# Lines 7, 13 and 15: the population


def members(*scores):
    """Members of those Z, in the order in which they were scored."""
    evolution = Evolution(preset(population=1000, iterations=1000))
    evolution.tell([(one, of(-1)) for one in evolution.ask()])
    found = []
    while len(found) < len(scores):
        (proposal,) = evolution.ask()
        evolution.tell([(proposal, of(10**6 + len(found)))])
        member = evolution.population.best
        found.append(member._replace(score=of(scores[len(found)])))
    return found


def test_line_15_removes_the_worst_once_there_are_more_than_n():
    population = Population(3)
    one, two, three, four = members(3, 1, 2, 4)
    for number, member in enumerate((one, two, three), start=1):
        assert population.add(member) and len(population) == number
    assert population.scores() == (1, 2, 3)
    assert population.add(four)
    assert population.scores() == (2, 3, 4)
    assert population.members == [three, one, four] and population.best == four
    (worse,) = members(1)
    assert not population.add(worse)
    assert population.members == [three, one, four]


def test_of_equal_z_the_oldest_leaves_first_and_the_newest_is_best():
    population = Population(3)
    first, second, third, fourth, fifth = members(1, 1, 1, 1, 1)
    for member in (first, second, third):
        population.add(member)
    assert population.members == [first, second, third]
    assert population.best == third
    assert population.add(fourth)
    assert population.members == [second, third, fourth]
    population.keep_top(2)
    assert population.members == [third, fourth]
    assert population.add(fifth)
    assert population.members == [third, fourth, fifth]


def test_a_full_population_takes_one_as_good_as_its_worst():
    population = Population(2)
    first, second, third, worse = members(1, 2, 1, 0)
    population.add(first)
    population.add(second)
    assert population.add(third)
    assert population.members == [third, second]
    assert not population.add(worse)
    assert population.scores() == (1, 2)


def test_each_change_of_a_population_is_a_new_version():
    population = Population(2)
    first, second, third, worse = members(1, 2, 3, 0)
    versions = [population.version]
    for member in (first, second, third):
        population.add(member)
        versions.append(population.version)
    assert versions == [0, 1, 2, 3]
    population.add(worse)
    assert population.version == 3
    population.keep_top(1)
    assert population.version == 4 and population.members == [third]


def test_a_population_knows_whom_it_has_and_no_longer_has():
    evolution = Evolution(preset(population=2, iterations=50, fine_at=1))
    told = {}
    while proposals := evolution.ask():
        evolution.tell([(proposals[0], of(len(told)))])
        told[proposals[0].structure] = len(told)
    newest = sorted(told, key=told.get)[-2:]
    assert [structure in evolution.population for structure in newest] == [True, True]
    assert not any(one in evolution.population for one in told if one not in newest)


def test_parents_are_drawn_uniformly():
    population = Population(4)
    for member in members(1, 2, 3, 4):
        population.add(member)
    rng = Random(0)
    seen = Counter(population.draw(rng).score.z for _ in range(4000))
    assert set(seen) == {1, 2, 3, 4} and min(seen.values()) > 900


# Lines 3-4: the switch


def test_at_half_of_t_the_top_few_stay_and_mutation_is_fine():
    evolution = Evolution(preset(iterations=400, population=30, keep=10))
    run(evolution, params, until=198)
    assert evolution.switched_at is None and evolution.phase == "coarse"
    while evolution.iteration < 199:
        run(evolution, params, until=evolution.iteration + 1)
    assert evolution.switched_at is None and len(evolution.population) == 30
    top = evolution.population.scores()[-10:]
    proposals = []
    while not proposals:
        proposals = evolution.ask()
    assert evolution.switched_at == 200 and evolution.phase == "fine"
    assert evolution.population.scores() == top
    evolution.tell([(one, of(0)) for one in proposals])
    fields = {one.origin.field for one in proposals}
    while proposals := evolution.ask():
        fields |= {one.origin.field for one in proposals}
        evolution.tell([(one, of(0)) for one in proposals])
    assert fields == {"kernel", "out_channels", "bottleneck"}


def test_random_numbers_go_to_the_parent_and_its_mutation_alone():
    evolution = Evolution(preset(iterations=40, seed=3, fine_at=1))
    evolution.tell([(one, of(0)) for one in evolution.ask()])
    rng, mutator = Random(3), Mutator(Space())
    for number in range(1, 20):
        expected = None
        while expected is None or expected in evolution.population:
            parent = evolution.population.draw(rng)
            expected = mutator.mutate(parent.structure, rng, False).structure
        (proposal,) = evolution.ask()
        assert proposal.structure == expected and proposal.parent == parent.born
        evolution.tell([(proposal, of(number))])


@pytest.mark.parametrize(
    ("iterations", "fine_at", "switch"),
    [(400, 0.5, 200), (401, 0.25, 100), (10, 0.0, 1), (10, 0.99, 10), (10, 1.0, None)],
)
def test_where_the_switch_is(iterations, fine_at, switch):
    evolution = Evolution(preset(iterations=iterations, fine_at=fine_at, population=8))
    run(evolution, params)
    assert evolution.switched_at == switch and evolution.iteration == iterations


@pytest.mark.parametrize("seed", range(8))
def test_the_switch_waits_for_scores_that_are_still_out(seed):
    """No batch of proposals has some from before the switch and some from behind it, and
    those from before have entered the population when its top few are kept."""
    evolution = Evolution(preset(iterations=60, population=16, keep=1, seed=seed))
    best = None
    for number in range(1000):
        proposals = evolution.ask(7)
        if not proposals:
            break
        sides = {one.born >= 30 for one in proposals}
        assert len(sides) == 1
        if sides == {True} and best is not None:
            # all that is kept is the last one scored before the switch
            assert len(evolution.population) == 1 and best in evolution.population
            assert {one.parent for one in proposals} == {evolution.population.best.born}
            best = None
        before = {one.born < 30 for one in proposals} == {True}
        evolution.tell([(one, of(10 * number + i)) for i, one in enumerate(proposals)])
        best = proposals[-1].structure if before else None
    assert evolution.switched_at == 30


def test_a_batch_goes_up_to_the_iteration_before_the_switch():
    evolution = Evolution(preset(iterations=100, population=100, keep=1, seed=3))
    evolution.tell([(one, of(0)) for one in evolution.ask(200)])
    evolution.tell([(one, of(0)) for one in evolution.ask(200)])
    assert evolution.iteration == 49 and evolution.switched_at is None
    assert len(evolution.ask(200)) > 1
    assert evolution.iteration == 100 and evolution.switched_at == 50


def test_the_first_proposal_is_the_initial_structure_alone():
    evolution = Evolution(preset(iterations=10))
    (initial,) = evolution.ask(5)
    assert initial.structure == INITIAL and initial.parent is None
    assert initial.origin == "initial structure"
    assert (initial.born, evolution.iteration) == (0, 0)
    evolution.tell([(initial, of(1))])
    # T counts children: the initial structure is none of them
    assert evolution.counts == {} and evolution.best.structure == INITIAL
    run(evolution, params)
    assert evolution.iteration == 10 and sum(evolution.counts.values()) == 10
    assert evolution.ask() == []


def test_at_most_as_many_children_as_were_asked_for():
    evolution = Evolution(preset(iterations=50))
    evolution.tell([(one, of(0)) for one in evolution.ask()])
    assert len(evolution.ask()) == 1
    assert len(evolution.ask(2)) == 2
    assert len(evolution.ask(5)) == 5


# Line 16 and what is counted


def test_best_is_replaced_by_a_higher_z_only():
    evolution = Evolution(preset(iterations=100))
    proposals = evolution.ask()
    evolution.tell([(proposals[0], of(5))])
    first = evolution.best
    assert first.structure == INITIAL
    scores = iter((5, 4, 5, 6, 6))
    told = []
    for z in scores:
        (proposal,) = evolution.ask()
        evolution.tell([(proposal, of(z))])
        told.append((proposal.structure, evolution.best.structure, evolution.best.score.z))
    assert [best for _, best, _ in told[:3]] == [INITIAL] * 3
    assert told[3][1] == told[3][0] and told[4][1] == told[3][0] and told[4][2] == 6
    # while in the population the newest of the best is the best
    assert evolution.population.best.structure == told[4][0]


def test_children_are_counted_by_what_became_of_them():
    evolution = Evolution(preset(iterations=40, population=2, fine_at=1))
    evolution.tell([(one, of(5)) for one in evolution.ask()])
    (first,) = evolution.ask()
    evolution.tell([(first, of(6))])
    assert evolution.counts["accepted"] == 1
    (second,) = evolution.ask()
    evolution.tell([(second, of(1))])
    assert (evolution.counts["accepted"], evolution.counts["worse"]) == (1, 1)
    (third,) = evolution.ask()
    duplicates = evolution.counts["duplicate"]
    evolution.tell([(third, None)])
    assert evolution.counts["unscored"] == 1 and third.structure not in evolution.population
    fourth, fifth = evolution.ask(2)
    duplicates = evolution.counts["duplicate"]
    # the same child several times in a batch: one enters, and those behind it are not lost
    evolution.tell(
        [(fourth, None), (fourth, of(7)), (fourth, of(8)), (fourth, of(8)), (fifth, of(9))]
    )
    assert evolution.counts["unscored"] == 2
    assert evolution.counts["duplicate"] == duplicates + 2
    assert evolution.population.scores() == (7, 9)
    assert (evolution.counts["accepted"], evolution.counts["worse"]) == (3, 1)


def test_a_child_names_its_mutation_and_its_parent():
    evolution = Evolution(preset(iterations=100, population=5))
    structures = {}
    number = 0
    while proposals := evolution.ask():
        (one,) = proposals
        if number:
            assert one.structure == one.origin.structure
            assert one.parent in structures
        structures[one.born] = one.structure
        assert one.born == evolution.iteration
        evolution.tell([(one, of(number))])
        assert evolution.best.born == one.born and evolution.best.cost == one.cost
        assert evolution.best.origin == one.origin and evolution.best.parent == one.parent
        number += 1


def test_random_search_draws_children_without_parents_and_never_switches():
    evolution = Evolution(preset(iterations=20, strategy="random"))
    seen = []
    while proposals := evolution.ask(3):
        seen += proposals
        evolution.tell([(one, of(0)) for one in proposals])
    assert {one.parent for one in seen} == {None}
    assert {one.origin for one in seen[1:]} == {"drawn at random"}
    assert evolution.switched_at is None and len(seen) == 21


def test_trades_happen_as_often_as_the_preset_says():
    at_cost = Budget(flops=total_cost(INITIAL).flops, layers=total_cost(INITIAL).layers)
    shares = {}
    for trade in (0.0, 0.4, 1.0):
        evolution = Evolution(preset(budget=at_cost, iterations=1500, trade=trade))
        origins, fine = [], set()
        while proposals := evolution.ask():
            origins += [one.origin for one in proposals if one.parent is not None]
            if evolution.phase == "fine":
                fine |= {one.origin.field for one in proposals if one.origin.earlier}
            evolution.tell([(one, of(len(origins))) for one in proposals])
        # depth gives way in coarse mutation alone, and a width in fine
        assert fine == ({"out_channels", "bottleneck"} if trade else set())
        shares[trade] = sum(origin.earlier is not None for origin in origins)
    assert shares[0.0] == 0 and 0 < shares[0.4] < 0.7 * shares[1.0]


def test_mutations_are_compound_as_often_as_the_preset_says():
    shares = {}
    for compound in (0.0, 0.5):
        evolution = Evolution(preset(iterations=300, compound=compound))
        origins = []
        while proposals := evolution.ask():
            origins += [one.origin for one in proposals if one.parent is not None]
            evolution.tell([(one, of(len(origins))) for one in proposals])
        shares[compound] = sum(origin.earlier is not None for origin in origins) / len(origins)
    assert shares[0.0] == 0 and 0.4 < shares[0.5] < 0.7
