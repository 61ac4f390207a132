"""What became of children by mutation, and the lineage of members back to the initial structure."""

from collections import Counter

import pytest

from engine.search.ancestry import ancestor
from engine.search.evolution import Evolution
from engine.search.tally import BEST
from engine.settings import Budget
from tests.engine.search.scoring import of, params, preset, run

LIMIT = Budget(flops=91_000_000_000, layers=60)


def summed(evolution):
    found = Counter()
    for one in evolution.tally.freeze():
        found[one.fate] += one.children
    return found


@pytest.mark.parametrize("batch", [1, 6])
def test_every_child_is_tallied_once_by_what_became_of_it(batch):
    evolution = Evolution(preset(budget=LIMIT, iterations=400, population=8, fine_at=0.5))
    changes = 0
    while proposals := evolution.ask(batch):
        for proposal in proposals:
            before = evolution.best
            evolution.tell([(proposal, of(params(proposal.structure)))])
            changes += evolution.best is not before and proposal.born > 0
    found = summed(evolution)
    assert found.pop(BEST) == changes > 5
    assert found == evolution.counts and found["layers"] + found["flops"] > 20
    # fine mutation leaves depth alone
    tried = {one.field for one in evolution.tally.freeze()}
    assert tried == {"kernel", "out_channels", "bottleneck", "depth"}


def test_a_child_counts_by_what_was_changed_first():
    evolution = Evolution(preset(iterations=300, population=8, compound=0.5))
    proposals = []
    while asked := evolution.ask():
        evolution.tell([(one, None) for one in asked if one.born] or [(asked[0], of(0))])
        proposals += [one for one in asked if one.born]
    expected = Counter()
    for one in proposals:
        first = one.origin
        while first.earlier is not None:
            first = first.earlier
        expected[first.level, first.field, first is not one.origin] += 1
    tallied = {one[:3]: one.children for one in evolution.tally.freeze() if one.fate == "unscored"}
    assert tallied == expected and any(several for _, _, several in expected)


def test_what_no_mutation_made_is_not_tallied():
    evolution = Evolution(preset(iterations=60, population=8, strategy="random"))
    run(evolution, params)
    assert evolution.tally.freeze() == () and evolution.counts["accepted"] > 5
    (alone,) = evolution.population.ancestry.line(evolution.best)
    assert alone == ancestor(evolution.best) and alone.parent is None


@pytest.mark.parametrize("batch", [1, 7])
def test_lineages_are_whole_and_nothing_else_is_kept(batch):
    evolution = Evolution(preset(budget=LIMIT, iterations=500, population=6, fine_at=0.6, keep=3))
    everybody = {}
    while proposals := evolution.ask(batch):
        evolution.tell([(one, of(params(one.structure))) for one in proposals])
        members = evolution.population.members
        everybody.update({member.born: ancestor(member) for member in members})
        wanted = set()
        for member in members:
            line = evolution.population.ancestry.line(member)
            assert line[0].born == 0 and line[-1] == ancestor(member)
            assert [one.parent for one in line[1:]] == [one.born for one in line[:-1]]
            assert all(everybody[one.born] == one for one in line)
            wanted |= {one.born for one in line} - {other.born for other in members}
        assert [one.born for one in evolution.population.ancestry.freeze()] == sorted(wanted)
    assert len(line) > 5 and evolution.counts["worse"] > 0


def test_a_search_that_goes_on_within_less_keeps_the_lineages_of_who_is_left():
    whole = Evolution(preset(iterations=300, population=12))
    run(whole, lambda structure: -abs(params(structure) - 8e6))
    state = whole.state()
    most = sorted(member.cost.params for member in state.members)[5]
    part = Evolution(preset(budget=Budget(params=most), iterations=400, population=12))
    part.restore(state)
    assert 0 < len(part.population) < len(state.members)
    lines = [part.population.ancestry.line(one) for one in part.population.members]
    assert lines == [whole.population.ancestry.line(one) for one in part.population.members]
    kept = {one.born for one in part.population.ancestry.freeze()}
    assert kept == {one.born for line in lines for one in line} - {
        one.born for one in part.population.members
    }
    assert part.tally.freeze() == state.tally
    none = Evolution(preset(budget=Budget(params=1), iterations=400, population=12))
    none.restore(state)
    assert none.population.ancestry.freeze() == ()
