"""What a report tells of a sweep, read out of its folder once, as rows for a page and Markdown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.formats.strict_yaml import YamlError
from engine.formats.strict_yaml import dump as dump_yaml
from engine.formats.strict_yaml import read as read_yaml
from maedet_tui import formatting
from maedet_tui.report.charts import Chart, Curve
from maedet_tui.store.database import StoreError
from maedet_tui.structures.comparison import MOST, Comparison
from maedet_tui.structures.items import Item
from maedet_tui.structures.known import closed_form
from maedet_tui.sweep.begin import find_sweep
from maedet_tui.sweep.front import OPTIMUM, PUBLISHED, Found, Front, Point, found_in
from maedet_tui.sweep.front import front as front_of
from maedet_tui.sweep.plan import named
from maedet_tui.sweep.searched import Search
from maedet_tui.sweep.spread import Spread, spreads
from maedet_tui.sweep.standing import read as standing_of
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import SweepError

Table = list[list[str]]


@dataclass(frozen=True)
class Swept:
    """A sweep. wanted: what it was made from, as YAML. words: how many searches are in which
    state. found: the best of each search that has one. front: of these, Z against FLOPs; None
    where their scores do not compare, for which `why` is the reason."""

    name: str
    created: float
    wanted: str
    words: str
    searches: tuple[Search, ...]
    found: tuple[Found, ...]
    front: Front | None
    why: str

    @property
    def day(self) -> str:
        """When it was begun: 2026-11-24, in UTC."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.created))

    @property
    def standing(self) -> str | None:
        """What a reader must know of a sweep that is not at its end, in a sentence."""
        left = sum(one.state != "finished" for one in self.searches)
        if not left:
            return None
        return f"{left:,} of {len(self.searches):,} searches have not finished: {self.words}."

    @property
    def best(self) -> list[Found]:
        """The structures that are told of in full, best Z first: those on the front, at most
        MOST; the best ones where there is no front."""
        known = {one.name: one for one in self.found}
        if self.front is None:
            # scores that do not compare have no order
            return list(self.found[:MOST])
        return [known[one.name] for one in reversed(self.front.best) if one.name in known][:MOST]


def sweeps_among(refs: Sequence[str], runs_dir: Path) -> tuple[list[Path], list[str]]:
    """The folders of those names that are sweeps, and the other names."""
    folders: list[Path] = []
    others: list[str] = []
    for ref in refs:
        try:
            folder = find_sweep(ref, runs_dir)
        except StoreError:
            others.append(ref)
        else:
            if folder not in folders:
                folders.append(folder)
    return folders, others


def read(folder: Path) -> Swept:
    """A sweep, driven or not. Raises StoreError; also where it has found nothing yet."""
    with SweepStore(folder) as store:
        standing, created, wanted = standing_of(store), store.created, _shared(store.wanted)
    front, why = None, ""
    try:
        found = tuple(found_in([str(folder)], folder.parent))
    except SweepError:
        raise StoreError(f"{folder}: has found nothing yet that could be reported") from None
    try:
        front = front_of(found, "flops")
    except SweepError as error:
        why = str(error)
    name = folder.resolve().name
    return Swept(name, created, wanted, standing.words(), standing.searches, found, front, why)


def _shared(wanted: str) -> str:
    """What a sweep was made from, without anybody's paths; "" of what is none."""
    try:
        document = read_yaml(wanted).value
    except YamlError:
        return ""
    if not isinstance(document, dict) or not isinstance(document.get("presets"), list):
        return ""
    names = [str(name).replace("\\", "/").rpartition("/")[2] for name in document["presets"]]
    return dump_yaml({**document, "presets": names})


def chart(front: Front) -> Chart:
    """Z against FLOPs: every search a dot, the front a line, the published by name."""
    steps: list[tuple[float, float]] = []
    for one in front.best:
        if steps:
            steps.append((one.x, steps[-1][1]))
        steps.append((one.x, one.y))
    proven = [(one.x, one.y) for one in front.points if one.source == OPTIMUM]
    curves = [Curve("", "run-2", proven)] if proven else []
    size = formatting.image_size(front.image_size)
    title = f"Z against FLOPs at {size}: searches as dots, their front as a line"
    return Chart(
        title + ("; dashed: proven optima" if proven else ""),
        [Curve("", "best", steps), *curves],
        x_name="FLOPs",
        format_y="{:,.6g}".format,
        dots=[(one.x, one.y) for one in front.searched],
        marked=[(one.name, one.x, one.y) for one in front.points if one.source == PUBLISHED],
        from_zero=False,
    )


def front_rows(front: Front) -> Table:
    """The front and what is published beside it, by rising FLOPs."""
    shown = [one for one in front.points if one.source != OPTIMUM and not _beaten(one)]
    rows = [
        [
            one.name, "published" if one.source == PUBLISHED else "searched",
            formatting.quantity(one.cost.flops), formatting.score(one.y),
            formatting.quantity(one.cost.params), str(one.cost.layers),
            _standing(one),
        ]
        for one in shown
    ]  # fmt: skip
    return [["structure", "", "FLOPs", "Z", "params", "layers", ""], *rows]


def _standing(one: Point) -> str:
    if one.source != PUBLISHED:
        return "on the front"
    return "beaten by a search" if one.dominated else "not beaten by any search"


def _beaten(one: Point) -> bool:
    return one.dominated and one.source != PUBLISHED


def search_rows(searches: Sequence[Search]) -> Table:
    """Every search, in the order of the plan; why one has failed stands in its row."""
    heads = ["", "search", "preset", "state", "Z", "below its bound", "FLOPs", "params", "layers",
             "iterations", "time"]  # fmt: skip
    rows = []
    for one in searches:
        known = [
            formatting.quantity(value) if value is not None else "-"
            for value in (one.flops, one.params)
        ]
        rows.append([
            str(one.number), named(one.varied) or one.name, one.preset,
            f"{one.state}: {one.error}" if one.error else one.state,
            "-" if one.z is None else formatting.score(one.z),
            "-" if one.gap is None else f"at most {formatting.gap(one.gap)}",
            *known, "-" if one.layers is None else str(one.layers),
            formatting.count(one.iteration), formatting.duration(one.seconds),
        ])  # fmt: skip
    return [heads, *rows]


def seeds_of(swept: Swept) -> list[Spread]:
    """The combinations, if some were searched with several seeds."""
    found = spreads(swept.searches)
    return found if any(len(one.searches) > 1 for one in found) else []


def spread_rows(found: Sequence[Spread]) -> Table:
    """What seeds make of each combination."""
    rows = []
    for one in found:
        low, high, mean = min(one.scores), max(one.scores), one.mean
        width = "-" if one.deviation is None else f"{one.deviation:.2f}"
        share = formatting.gap((high - low) / high) if high > 0 else "-"
        numbers = [formatting.score(z) for z in (low, mean, high)]
        rows.append([one.name, str(len(one.scores)), *numbers, width, share])
    heads = ["searched", "seeds", "lowest Z", "mean Z", "highest Z", "std. deviation",
             "lowest below highest"]  # fmt: skip
    return [heads, *rows]


def spread_chart(found: Sequence[Spread]) -> Chart:
    """Z of each seed as dots above the number of its combination, and their mean as a line."""
    dots = [(float(x), z) for x, one in enumerate(found, 1) for z in one.scores]
    means = [(float(x), one.mean) for x, one in enumerate(found, 1)]
    title = "Z of each seed, by the row of the table; the line joins the means"
    return Chart(
        title, [Curve("mean", "best", means)], x_name="row", format_y="{:,.6g}".format, dots=dots,
        from_zero=False, counted=True,
    )  # fmt: skip


def comparison(swept: Swept) -> Comparison | None:
    """The best structures side by side; None where their scores do not compare, or of one."""
    best = swept.best
    if swept.front is None or len(best) < 2:
        return None
    preset = best[0].preset
    items = tuple(
        Item(one.name, f"best of {one.name}", one.structure, one.preset, stem=one.name)
        for one in best
    )
    scores = closed_form(preset.objective, [one.structure for one in best])
    return Comparison(items, preset.objective, preset.budget.image_size, tuple(scores), {})
