"""What varies, and the searches that come of it."""

import pytest

from maedet_tui.presets import PresetError
from maedet_tui.presets.reading import parse
from maedet_tui.sweep.begin import yaml_of
from maedet_tui.sweep.plan import MOST_SEARCHES, Wanted, named, plan
from maedet_tui.sweep.reading import wanted_of
from maedet_tui.sweep.varied import SweepError, Varied, parse_varied


def vary(*words):
    return tuple(map(parse_varied, words))


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("budget.flops=40G..160G:3", ("40G", "80G", "160G")),
        ("budget.flops=50G..100G:3", ("50G", "70.71G", "100G")),
        ("budget.latency=10ms..40ms:3", ("10ms", "20ms", "40ms")),
        ("budget.layers=25..100:3", (25, 50, 100)),
        ("search.compound=0.1..0.4:3", (0.1, 0.2, 0.4)),
        ("budget.params=160M..40M:3", ("160M", "80M", "40M")),
        ("search.seed=3,1,2", (3, 1, 2)),
        ("score.alphas=[0,0,1,1,4],[0, 0, 1, 1, 6]", ([0, 0, 1, 1, 4], [0, 0, 1, 1, 6])),
        ("scorer=closed-form,forward", ("closed-form", "forward")),
        ("audit=true,false", (True, False)),
    ],
)
def test_values_are_a_list_or_a_row_of_equal_factors(said, values):
    found = parse_varied(said)
    assert found.key == said.partition("=")[0]
    assert found.values == values


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("budget.flops", "KEY=VALUES"),
        ("=1,2", "KEY=VALUES"),
        ("a b=1", "KEY=VALUES"),
        ("budget.flops=40G..160G:1", "2 to 1,000"),
        ("budget.flops=0..160G:3", "above 0"),
        ("search.seed=1..2:5", "not 5 different"),
        ("search.seed=1,1", "1 twice"),
        ("search.seed=1,,2", "comma"),
        ("score.alphas=[0,0", "bracket"),
        ("score.alphas=0]", "bracket"),
        ("scorer=fast..slow:3", "no number"),
        ("scorer=!!python/name:os.system", "scorer"),
    ],
)
def test_what_is_no_list_and_no_row_says_what_to_write(said, why):
    with pytest.raises(SweepError, match=why):
        parse_varied(said)


def test_every_combination_is_one_search_with_a_preset_of_its_own(folder):
    found = plan(Wanted(("quick.yaml",), vary("budget.flops=60G..90G:2"), 2))
    assert [one.varied for one in found.searches] == [
        (("budget.flops", flops), ("search.seed", seed))
        for flops in ("60G", "90G")
        for seed in ("0", "1")
    ]
    assert found.searches[3].name == "004-flops-90G-seed-1"
    assert named(found.searches[3].varied) == "flops 90G, seed 1"
    for one in found.searches:
        assert parse(one.text, name=one.preset.name).budget == one.preset.budget
    assert found.iterations == 4 * 300


def test_a_sweep_measures_nothing_by_passes_unless_asked_to(folder):
    assert not plan(Wanted(("quick.yaml",))).searches[0].preset.audit
    assert plan(Wanted(("quick.yaml",), audit=True)).searches[0].preset.audit
    both = plan(Wanted(("quick.yaml",), vary("audit=true,false"))).searches
    assert [one.preset.audit for one in both] == [True, False]


def test_a_sweep_bounds_nothing_unless_asked_to_or_ended_by_it(folder):
    assert not plan(Wanted(("quick.yaml",))).searches[0].preset.bound
    assert plan(Wanted(("quick.yaml",), bound=True)).searches[0].preset.bound
    both = plan(Wanted(("quick.yaml",), vary("bound=true,false"))).searches
    assert [one.preset.bound for one in both] == [True, False]
    (one,) = plan(Wanted(("quick.yaml",), vary("search.stop_gap=1%"))).searches
    assert one.preset.bound


def test_a_smaller_population_keeps_no_more_than_all_of_it(folder):
    (one,) = plan(Wanted(("quick.yaml",), vary("search.population=3"))).searches
    assert (one.preset.schedule.population, one.preset.schedule.keep) == (3, 3)


def test_each_bad_search_is_told_with_its_first_problem(folder):
    found = plan(Wanted(("quick.yaml",), vary("budget.flops=1G,90G", "search.keep=2,0")))
    assert len(found.searches) == 1 and len(found.bad) == 3
    said = found.problems()
    assert "3 of 4 searches cannot be" in said
    assert "flops 90G, keep 0: --vary search.keep=0" in said
    assert "flops 1G, keep 2: " in said and "the initial structure has" in said


def test_an_unknown_key_is_told_with_the_nearest_one(folder):
    found = plan(Wanted(("quick.yaml",), vary("budget.flop=90G")))
    assert "did you mean flops" in found.problems()


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted(()), "no preset"),
        (Wanted(("quick.yaml", "quick.yaml")), "named twice"),
        (Wanted(("quick.yaml",), (Varied("a", (1,)), Varied("a", (2,)))), "varies twice"),
        (Wanted(("quick.yaml",), vary("search.seed=1,2"), 2), "are the same"),
        (Wanted(("quick.yaml",), seeds=0), "from 1 to"),
        (Wanted(("quick.yaml",), (Varied("b", (1,)), Varied("b.c", (2,)))), "at once"),
        (Wanted(("quick.yaml",), vary("budget.flops=90G,90000M")), "the same search"),
        (
            Wanted(("quick.yaml",), tuple(Varied(k, tuple(range(500))) for k in "abc")),
            f"at most {MOST_SEARCHES:,}",
        ),
    ],
)
def test_what_is_wrong_with_a_sweep_as_a_whole(folder, wanted, why):
    with pytest.raises(SweepError, match=why):
        plan(wanted)


def test_a_preset_that_is_not_there(folder):
    with pytest.raises(PresetError, match="no such"):
        plan(Wanted(("maedet-q",)))


def test_a_file_holds_a_sweep_and_reads_back_as_the_same(folder):
    wanted = Wanted(
        ("quick.yaml", "maedet-s"),
        vary("budget.flops=60G..90G:3", "score.alphas=[0,0,1,1,4],[0,0,1,1,6]"),
        2,
        True,
        True,
    )
    (folder / "sweep.yaml").write_text(yaml_of(wanted))
    assert wanted_of("sweep.yaml") == wanted
    (folder / "short.yaml").write_text("presets: maedet-s\nvary: {budget.flops: 60G..90G:2}\n")
    short = Wanted(("maedet-s",), (Varied("budget.flops", ("60G", "90G")),))
    assert wanted_of("short.yaml") == short
    assert wanted_of("quick.yaml") is None and wanted_of("maedet-s") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("presets: [a]\nseedz: 2", "bad.yaml:2: seedz: is not a known key; did you mean seeds"),
        ("presets: 3", "bad.yaml:1: presets: must be"),
        ("presets: [a]\nvary: [1]", "vary: must be"),
        ("presets: [a]\nvary: {b: []}", "has no values"),
        ("presets: [a]\nseeds: many", "seeds: is 'many'"),
        ("presets: [a]\naudit: 1", "audit: is 1"),
    ],
)
def test_what_is_wrong_with_a_file(folder, text, why):
    (folder / "bad.yaml").write_text(text)
    with pytest.raises(SweepError, match=why):
        wanted_of("bad.yaml")
