"""A search in words, where there is no screen."""

from dataclasses import replace
from pathlib import Path

from engine.snapshot import Bound, LatencyResult, Worth
from maedet_tui import summary
from tests.ui.factory import AUDIT, BOUND, candidate, finished, snapshot, starting


def test_progress_in_a_line():
    assert summary.progress(snapshot()) == (
        "coarse 41,200/96,000 (42.9 %), 19,842/s, best Z 2,260.50, 2.8 s left"
    )


def test_before_anything_is_scored_no_rate_and_no_time_left():
    assert summary.progress(starting()) == "coarse 0/96,000 (0.0 %)"


def test_progress_says_what_else_a_search_does():
    checking = summary.progress(snapshot(phase="checking"))
    assert checking == "checking the final structures, best Z 2,260.50"
    timing = summary.progress(replace(starting(), phase="timing", progress=(3, 35)))
    assert timing == "measuring latencies, 3/35 families of operations done"


def test_an_outcome_names_what_was_measured_and_what_disagrees():
    latency = LatencyResult(0.0123, 0.0131, 0.0125, "640x384, batch 1, float32 on a processor")
    text = summary.outcome(finished(audit=replace(AUDIT, discrepant=True), latency=latency))
    assert "predicted 12.3 ms, measured 13.1 ms, budget 12.5 ms (640x384, batch 1" in text
    assert "was predicted: they disagree." in text
    assert "C5" in text.splitlines()[-1]
    assert "they agree" in summary.outcome(finished(audit=AUDIT))


def test_an_outcome_without_a_best_has_no_table():
    lines = summary.outcome(replace(starting(), state="failed")).splitlines()
    assert lines == ["Failed: 0 iterations in 0.0 s, scored by choosing a scorer."]
    assert summary.ending(Path("runs/a/best.yaml"), starting()) == "Saved: runs/a/best.yaml"


def test_a_proxy_s_value_goes_by_its_name_and_has_no_entropies():
    best = candidate()
    best = replace(best, score=replace(best.score, method="synflow", passes=0))
    text = summary.outcome(finished(best=best))
    assert "Best: synflow 2,260.50" in text and "Entropies" not in text


def test_how_far_the_best_is_from_the_best_possible():
    assert "at most 2.4 % below the best possible" in summary.progress(snapshot(bound=BOUND))
    lines = summary.outcome_lines(finished())
    assert "Bound: at most 2.4 % below the best possible (Z 2,316.63)." in lines
    passes = finished(best=replace(candidate(), score=replace(candidate().score, passes=8)))
    assert (
        "Bound: in closed form, where its Z is 2,260.50, at most 2.4 % below the best possible "
        "(Z 2,316.63)."
    ) in summary.outcome_lines(passes)
    assert (
        "At the optimum, FLOPs bind: 1 % more gives 0.11 % Z; layers bind: 3 more give 1.1 % Z."
        in lines
    )
    assert "at most 2.4 % below the best possible" in summary.ending(Path("a"), finished())
    assert summary.bound(Bound(100.0, 100.0)) == "the best possible, proven"
    assert summary.bound(Bound(working=True)) == "bound is being computed"
    assert summary.bound(Bound(working=True), ended=True) == "no bound was found in time"
    late = Bound(100.0, 99.0, without_latency=True)
    assert summary.bound(late) == "at most 1 % below the best possible without the latency budget"


def test_what_a_budget_is_worth():
    free = Worth("params", 26_000_000, 260_000, 0.0)
    assert summary.worth(free, 2000.0) == "params do not bind"
    assert summary.worth(Worth("layers", 5, 1, 20.0), 2000.0) == "layers bind: 1 more gives 1 % Z"
