"""A sweep as a part of a report: its front, the spread over seeds, every search, the best ones."""

from __future__ import annotations

from engine.formats import structure_yaml
from maedet_tui import summary
from maedet_tui.presets.write import dump
from maedet_tui.report import charts, swept, tower
from maedet_tui.report.markup import Child, Markup, element
from maedet_tui.report.swept import Swept
from maedet_tui.report.tables import comparison, folded, section, table

#: what the file is called that a reader saves from the page
SWEEP = "sweep.yaml"


def article(sweep: Swept) -> Markup:
    """All about one sweep."""
    what = f"Sweep of {len(sweep.searches):,} searches, {sweep.day}"
    standing = element("p", sweep.standing, class_="notice") if sweep.standing else None
    return element(
        "article",
        element("header", element("h1", sweep.name), element("p", what, class_="muted")),
        standing,
        section("Front", _front(sweep)),
        section("Spread over seeds", seeds) if (seeds := _seeds(sweep)) else None,
        section("Best structures", _best(sweep)),
        section("Searches", table(swept.search_rows(sweep.searches), left=(1, 2, 3))),
        section("How to reproduce it", *_again(sweep)),
    )


def _front(sweep: Swept) -> list[Child]:
    if sweep.front is None:
        return [element("p", f"There is no front: {sweep.why}.", class_="notice")]
    return [
        charts.draw(swept.chart(sweep.front)),
        table(swept.front_rows(sweep.front), left=(1, 6)),
        element("p", "The front is of what was searched: no other search has more Z without more "
                "FLOPs. Beaten is what a search has at least the Z of, for no more FLOPs.",
                class_="muted"),
    ]  # fmt: skip


def _seeds(sweep: Swept) -> list[Child]:
    found = swept.seeds_of(sweep)
    if not found:
        return []
    drawn = [charts.draw(swept.spread_chart(found))] if len(found) > 1 else []
    return [table(swept.spread_rows(found)), *drawn]


def _best(sweep: Swept) -> list[Child]:
    parts: list[Child] = []
    best = sweep.best
    if (shown := swept.comparison(sweep)) is not None:
        parts += comparison(shown)
    widest = tower.most_channels(*(one.structure for one in best))
    size = best[0].preset.budget.image_size
    towers = [tower.draw(one.structure, size, one.name, widest) for one in best]
    parts.append(element("div", towers, class_="pair"))
    for one in best:
        parts.append(folded(
            f"Structure of {one.name}", table(summary.rows(one.structure)),
            element("pre", structure_yaml.dumps(one.structure)),
        ))  # fmt: skip
    if len(best) < len(sweep.found):
        parts.append(element("p", f"Those of the other {len(sweep.found) - len(best):,} searches "
                             "are in their runs.", class_="muted"))  # fmt: skip
    return parts


def _again(sweep: Swept) -> list[Child]:
    return [
        element("p", "Save this as ", element("code", SWEEP), ":"),
        element("pre", sweep.wanted.rstrip()),
        element("pre", f"maedet-tui sweep start {SWEEP}"),
        folded(
            f"The whole preset of {sweep.best[0].name}", element("pre", dump(sweep.best[0].preset))
        ),
    ]
