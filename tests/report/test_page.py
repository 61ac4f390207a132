"""The page of a report: whole, of itself, and with nothing of a run's in its markup."""

import contextlib
import json
import re
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from engine.formats import structure_yaml
from engine.snapshot import Bound
from engine.structure import LEVELS
from engine.zoo import ZOO
from maedet_tui.presets.reading import parse
from maedet_tui.report import curves, facts
from maedet_tui.report.charts import draw
from maedet_tui.report.gathering import find, gather, read
from maedet_tui.report.markdown import markdown
from maedet_tui.report.page import IN_FULL, page
from maedet_tui.store.database import StoreError
from maedet_tui.styles.themes import STAGES_ON_DARK, STAGES_ON_LIGHT

#: elements that fetch something, run something or lead elsewhere
ACTIVE = {"script", "link", "img", "iframe", "object", "embed", "a", "base", "form", "use", "image",
          "audio", "video", "source", "foreignobject", "animate", "set"}  # fmt: skip


class Reading(HTMLParser):
    """What is in a page; fails where elements are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.texts, self._open = [], [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attributes]
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def is_passive(self):
        return not ACTIVE & set(self.elements) and not any(
            name.startswith("on") or name in ("src", "href", "style") for name in self.attributes
        )


def change(folder, statement, *values):
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as database, database:
        database.execute(statement, values)


def test_the_page_tells_all_of_a_run_and_asks_nobody_for_anything(runs):
    run = read(runs / "seed-3")
    text = page([run])
    found = Reading(text)
    said = " ".join(found.texts)
    assert found.is_passive()
    assert "url(" not in text and "@import" not in text and "http" not in said
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert titles == [
        "Result", "Structure", "How it went", "Settings", "How to use it", "How to reproduce it",
    ]  # fmt: skip
    # a search this short ends with what nobody would train
    assert facts.advice(run) and set(facts.advice(run)) <= set(found.texts)
    assert f"> {facts.advice(run)[0][:20]}" in markdown([run])
    best = run.best
    assert f"Z {best.score.z:,.2f}" in said and f"{best.cost.params:,}" in found.texts
    assert structure_yaml.dumps(best.structure) in found.texts
    presets = [text for text in found.texts if text.startswith("name: quick")]
    assert replace(parse(presets[0]), source=run.preset.source) == run.preset
    assert "torch" in said and "maedet-tui search preset.yaml --headless" in said
    # what works, and where the best comes from
    rows = facts.what_works(run)[1:]
    tried = {row[0]: int(row[1].replace(",", "")) for row in rows}
    children = sum(run.snapshot.counts.values())
    assert tried["kernel"] + tried["out"] + tried["bottleneck"] + tried["depth"] == children
    assert sum(tried[level] for level in LEVELS if level in tried) == children
    steps, whole = facts.line_of_descent(run)
    assert whole and steps[-1].endswith("initial structure") and steps[0] in found.texts
    assert "What works" in said and "different depths of C1, C2, C3, C4, C5: " in said


def test_the_papers_structure_stands_beside_if_the_preset_names_one(runs):
    folder = runs / "seed-3"
    assert read(folder).paper is None
    text = read(folder).record.text.replace("reference: null", "reference: maedet-m")
    change(folder, "UPDATE run SET preset = ?", text)
    run = read(folder)
    assert run.paper.structure == ZOO["maedet-m"].structure
    told = page([run])
    assert "Beside the paper&#x27;s MAE-DET-M" in told and told.count('class="tower"') == 2
    assert "the paper's MAE-DET-M" in markdown([run])


def test_the_gap_and_the_population_are_drawn_where_they_are_known(runs):
    run = read(runs / "seed-3")
    assert not [chart for chart in curves.charts(run) if chart.decades]
    bound = Bound(1.5 * run.best.score.z, run.best.score.z)
    known = replace(run, snapshot=replace(run.snapshot, bound=bound))
    (gap,) = [chart for chart in curves.charts(known) if chart.decades]
    assert 10 ** gap.curves[0].points[-1][1] == pytest.approx(100 / 3)
    drawn = draw(gap)
    assert ">100 %<" in drawn and ">10 %<" in drawn
    z = draw(curves.charts(run)[0])
    assert z.count("<polygon") == 2 and "shaded: its population" in z


def test_several_runs_stand_side_by_side(runs):
    one, two = (read(runs / name) for name in ("seed-3", "seed-4"))
    text = page([one, two], ["other: no such run"])
    assert "<h1>2 searches side by side</h1>" in text and "other: no such run" in text
    assert text.count("<article") == 2 and Reading(text).is_passive()
    many = page([one, two] * IN_FULL)
    assert "<article" not in many and f"{2 * IN_FULL} searches" in many


def test_runs_whose_z_mean_different_things_are_said_to(runs):
    text = read(runs / "seed-3").record.text.replace("resolution: 384", "resolution: 256")
    change(runs / "seed-3", "UPDATE run SET preset = ?", text)
    both = [read(runs / name) for name in ("seed-3", "seed-4")]
    assert "do not compare" in page(both) and "do not compare" in markdown(both)


HOSTILE = '</style><script>alert("1")</script>\x1b[31m\u202e & "it\'s" | `x` @all #1 <img src=x>'


@pytest.fixture
def hostile(runs):
    """A run that says HOSTILE wherever a run can say something."""
    folder = runs / "seed-3"
    text = read(folder).record.text
    told = json.dumps(HOSTILE.replace("\x1b", "").replace("\u202e", ""))
    text = re.sub(r"^description: .*$", lambda _: f"description: {told}", text, flags=re.M)
    change(folder, "UPDATE run SET preset = ?, parent = ?, parent_iteration = 1", text, HOSTILE)
    change(folder, "UPDATE bests SET origin = ?", HOSTILE)
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as database:
        (findings,) = database.execute("SELECT findings FROM status").fetchone()
        (environment,) = database.execute("SELECT environment FROM sessions").fetchone()
    findings, environment = json.loads(findings), json.loads(environment)
    findings["notices"] = [HOSTILE]
    score = json.loads(findings["best"]["score"])
    findings["best"]["score"] = json.dumps({**score, "detail": HOSTILE})
    findings["error"] = HOSTILE
    environment["versions"] = {HOSTILE: HOSTILE}
    environment["platform"], environment["command"] = HOSTILE, [HOSTILE]
    change(folder, "UPDATE status SET findings = ?, scorer = ?, state = 'failed'",
           json.dumps(findings), HOSTILE)  # fmt: skip
    change(folder, "UPDATE sessions SET environment = ?", json.dumps(environment))
    named = folder.with_name("it's <b>&amp; a run")
    folder.rename(named)
    return read(named)


def test_what_a_run_says_is_text_on_the_page(hostile, runs):
    text = page([hostile, read(runs / "seed-4")], [HOSTILE])
    found = Reading(text)
    assert found.is_passive() and "b" not in found.elements[:5]
    assert "\x1b" not in text and "\u202e" not in text
    assert sum("alert(" in said for said in found.texts) >= 8
    assert text.count("</style>") == 1


def test_what_a_run_says_is_text_in_markdown(hostile):
    text = markdown([hostile], [HOSTILE])
    outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.S | re.M)
    assert not re.search(r"<(?!/?details>|/?summary>)", outside.replace("\n> ", "\n"))
    assert not re.search(r"@all|(?<!&)#1|(?<!\\)`", outside)
    # a cell that ended early would make another number of columns
    for table in re.findall(r"(?:^\|.*\n)+", outside, re.M):
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(columns) == 1


def test_neither_the_machines_name_nor_paths_are_shared(runs):
    run = read(runs / "seed-3")
    with contextlib.closing(sqlite3.connect(runs / "seed-3" / "run.db")) as database:
        noted = json.loads(database.execute("SELECT environment FROM sessions").fetchone()[0])
    noted["host"], noted["command"] = "secret-host", ["/home/secret-user/bin/maedet-tui"]
    change(runs / "seed-3", "UPDATE sessions SET environment = ?", json.dumps(noted))
    change(runs / "seed-3", "UPDATE run SET parent = '/home/secret-user/runs/before', "
           "parent_iteration = 7")  # fmt: skip
    run = read(runs / "seed-3")
    for text in (page([run]), markdown([run])):
        assert "secret" not in text and str(runs) not in text
        assert "maedet-tui resume before --headless --iterations 400" in text


@pytest.mark.parametrize("state", ["running", "stopped", "failed"])
def test_a_search_that_is_not_at_its_end_is_said_not_to_be(runs, state, monkeypatch):
    change(runs / "seed-3", "UPDATE status SET state = ?, iteration = 300", state)
    words = {"running": "was interrupted at iteration 300 of 400", "stopped": "was stopped",
             "failed": "failed at iteration 300 of 400: no reason was given"}  # fmt: skip
    run = read(runs / "seed-3")
    assert words[state] in page([run]) and words[state] in markdown([run])
    if state == "running":
        monkeypatch.setattr("maedet_tui.store.listing.holder", lambda folder: object())
        assert "is under way" in page([read(runs / "seed-3")])


def test_damaged_and_empty_runs_are_a_sentence_and_the_others_are_read(runs):
    (runs / "seed-3" / "run.db").write_bytes(b"SQLite format 3\0 and no more")
    change(runs / "seed-4", "UPDATE sessions SET environment = '[]'")
    with pytest.raises(StoreError, match="is damaged"):
        read(runs / "seed-4")
    change(runs / "seed-4", "DELETE FROM sessions")
    folders, problems = find(["seed-3", "seed-4", "nobody", "runs"], runs)
    assert [folder.name for folder in folders] == ["seed-3", "seed-4"]
    assert len(problems) == 1 and "nobody: no such run" in problems[0]
    reported, more = gather(folders)
    assert [run.name for run in reported] == ["seed-4"] and len(more) == 1
    change(runs / "seed-4", "DELETE FROM status")
    with pytest.raises(StoreError, match="has found nothing yet"):
        read(runs / "seed-4")


def test_the_stages_have_the_colours_of_the_screen():
    from pathlib import Path

    import maedet_tui.report as room

    style = (Path(room.__file__).parent / "report.css").read_text()
    rules = re.findall(r"--stage-1: (\S+); --stage-2: (\S+); --stage-3: (\S+); "
                       r"--stage-4: (\S+); --stage-5: (\S+);", style)  # fmt: skip
    assert rules == [STAGES_ON_LIGHT, STAGES_ON_DARK, STAGES_ON_LIGHT]
