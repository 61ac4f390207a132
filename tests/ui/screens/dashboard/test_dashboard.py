"""What the dashboard shows of a snapshot, from the first moment of a search to its end."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.snapshot import NewBest
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.widgets.structure_view import StructureView, View, table
from tests.ui import factory


async def test_progress_population_and_best(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees(
            "coarse mutation", "41,200 of 96,000", "42.9 %", "19,842/s", "2.8 s left",
            "closed form: exact", "256 of 256", "2,260.50", "2,241.25", "2,229.75",
            "over FLOPs       20,300  49.3 %", "duplicates          310   0.8 %",
            "88.7G of 91G", "91 of 91", "no limit",
        )  # fmt: skip


async def test_new_snapshots_appear(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("41,200 of 96,000")
        w.run.snapshot = factory.fine()
        await w.sees("71,000 of 96,000", "fine mutation, from 48K", "iteration 70,200")


async def test_nothing_is_repainted_for_the_same_snapshot(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("41,200")
        lines = w.app.screen.query_one("#progress")._lines
        w.app.screen.poll()
        assert w.app.screen.query_one("#progress")._lines is lines


async def test_before_the_first_score(watch):
    async with watch(factory.starting()) as w:
        await w.sees("starting", "none yet", "The curves begin", "The paper's MAE-DET-M")
        w.run.snapshot = factory.snapshot()
        await w.sees("running", "2,260.50")


async def test_best_beside_the_papers_structure(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("The paper's MAE-DET-M, Table 12", "scored in closed form")
        best, paper = (w.app.screen.query_one(f"#{name}", StructureView).text
                       for name in ("best", "reference"))  # fmt: skip
        assert "91.4   16" in best and "Z 2,260.50" in best and "29.4M" in best
        assert "25.8M" in paper and "89.9G" in paper
        # the entropies of the paper's structure come out of the closed form
        assert "258.0   68" in paper


async def test_a_budget_without_a_structure_in_the_paper(watch):
    run = factory.FakeRun(factory.snapshot(), factory.preset(reference=None))
    app = factory.app_for(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert not app.screen.query("#reference")


async def test_audit(watch):
    async with watch(factory.snapshot(audit=factory.AUDIT)) as w:
        await w.sees("2,251.30 ± 4.25", "+9.20 (+0.41 %)", "✓ they agree", "12 checked, 3 waiting")
        audit = replace(factory.AUDIT, discrepant=True, measured=1900.0)
        w.run.snapshot = factory.snapshot(audit=audit)
        await w.sees("DISCREPANT")
        assert "forward, float32 on cpu" in w.text
        w.run.snapshot = factory.snapshot(audit=replace(audit, detail="", passes=9))
        await w.sees("9 passes")
        assert "float32" not in w.text


async def test_notices_ranking_and_new_bests(watch):
    bests = (NewBest(100, 2200.0, "C2 kernel 3 -> 5"), NewBest(39871, 2260.5, "C4 depth 8 -> 9"))
    async with watch(
        factory.snapshot(notices=("There is no GPU.",), recheck=factory.RECHECK, bests=bests),
        size=(120, 60),
    ) as w:
        await w.sees("There is no GPU.", "tied with number 1", "39,871  C4 depth 8 -> 9")
        # the newest comes first
        assert w.text.index("C4 depth 8") < w.text.index("C2 kernel 3")
        assert w.text.count("tied with") == 1


async def test_checking_phase(watch):
    async with watch(factory.fine(phase="checking")) as w:
        await w.sees("checking the result")


async def test_summary_at_the_end(watch):
    async with watch(factory.fine()) as w:
        await w.sees("running")
        w.run.snapshot = factory.finished()
        await w.sees(
            "The search finished after 96,000 iterations in 5.0 s.",
            "1.0 % below the paper's MAE-DET-M",
            "runs/maedet-m-0",
        )


async def test_of_another_budget_s_structure_the_costs_are_named(watch):
    best = factory.candidate()
    small = replace(best, cost=best.cost._replace(flops=40_000_000_000))
    async with watch(factory.finished(best=small, bound=None)) as w:
        await w.sees("below the paper's MAE-DET-M (89.9G FLOPs against 40.0G)")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("bound", [None, factory.BOUND])
async def test_the_summary_is_short_and_can_be_put_away(watch, size, bound):
    async with watch(factory.finished(bound=bound), size=size) as w:
        w.run.run_dir = Path("runs/maedet-m-20261124-151549")
        other = "at most 2.4 % below the best possible" if bound else "below the paper's MAE-DET-M"
        await w.sees("The search finished after 96,000 iterations", other)
        assert w.app.screen.query_one("#summary").region.height <= (2 if size == (80, 24) else 4)
        await w.press("c")
        await w.until(lambda: "The search finished" not in w.text)
        assert not w.app.screen.query_one("#summary").display


async def test_the_footer_leads_on_once_a_search_has_ended(watch):
    async with watch(factory.fine(), size=(120, 40)) as w:
        await w.sees("Pause", "Stop")
        assert "v View" not in w.text.splitlines()[-1] and "Home" not in w.text.splitlines()[-1]
        w.run.snapshot = factory.fine(state="paused")
        await w.sees("Go on")
        w.run.snapshot = factory.finished()
        await w.until(lambda: "Home" in w.text.splitlines()[-1])
        assert "v View" in w.text.splitlines()[-1] and "Stop" not in w.text.splitlines()[-1]


async def test_forward_scores_are_not_compared_with_a_closed_form(watch):
    best = factory.candidate(method="forward")
    async with watch(factory.finished(best=best)) as w:
        await w.sees("Best Z 2,260.50", "scored in closed form")
        assert "below the paper's" not in w.text


async def test_stopped(watch):
    async with watch(factory.finished(state="stopped", iteration=71_000)) as w:
        await w.sees("The search was stopped after 71,000 iterations")


async def test_failed(watch):
    async with watch(factory.snapshot(state="failed", error="Out of memory: 3.2 GB.")) as w:
        await w.sees("failed", "The search failed after 41,200", "Out of memory: 3.2 GB.")


async def test_failed_before_the_first_score(watch):
    snapshot = replace(factory.starting(), state="failed", error="There is no such device.")
    async with watch(snapshot) as w:
        await w.sees("There is no such device.")


async def test_result_advice_and_audit_of_an_ended_search_are_on_one_screen(watch):
    """Of a best whose C4 is narrower than its C3."""
    c1, c2, c3, c4, c5 = factory.BEST.blocks
    odd = Structure((c1, c2, c3, c4._replace(out_channels=504), c5))
    ended = factory.finished(best=factory.candidate(odd), audit=factory.AUDIT)
    async with watch(ended, size=(120, 40)) as w:
        await w.sees("Best Z 2,260.50", "Advice: C4 is narrower than C3",
                     "Passes agree: 2,251.30 ± 4.25 for 2,260.50")  # fmt: skip
        audit = replace(factory.AUDIT, discrepant=True, measured=1900.0)
        w.run.snapshot = replace(ended, audit=audit)
        await w.sees("DISCREPANT: passes measured 1,900.00 ± 4.25")


async def test_audit_that_arrives_after_the_end(watch):
    async with watch(factory.finished(), size=(120, 46)) as w:
        await w.sees("finished")
        w.run.snapshot = factory.finished(audit=factory.AUDIT)
        await w.sees("2,251.30 ± 4.25")


async def test_depths_are_bottlenecks_and_the_paper_s_layers_are_its_own(watch):
    structure = ZOO["resnet-50"].structure
    rows = table(View(factory.preset(), structure))
    assert [row[6] for row in rows] == ["1", "1", "3", "4", "6", "3"]
    assert [row[7] for row in rows] == ["C1", "C2", "C2", "C3", "C4", "C5"]
    async with watch(factory.snapshot()) as w:
        w.app.screen.fit_panels(80, 24)
        await w.press("tab", "tab", "tab")
        await w.sees("The paper's MAE-DET-M", "# l.")
        best, paper = (w.app.screen.query_one(name).text for name in ("#best", "#reference"))
        # C3 of Table 12: 10 bottlenecks, which it prints as 5
        kind, *_, depth, level, _, _, _, _, quoted = paper.splitlines()[3].split()
        assert (kind, level, depth, quoted) == ("ResBlock", "C3", "10", "5")
        assert "# layers" not in best


async def test_tables_beside_each_other_have_the_same_columns(watch):
    async with watch(factory.snapshot(), size=(200, 60)) as w:
        await w.sees("The paper's MAE-DET-M", "scored in closed form")
        best, paper = (w.app.screen.query_one(name).text for name in ("#best", "#reference"))
        assert paper.splitlines()[0].startswith(best.splitlines()[0])
        # and Z has all of its digits
        assert best.splitlines()[-1].endswith("Z 2,260.50")
