"""A sweep as a page and as Markdown: its front, its seeds, its best, and nothing of anybody's."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pytest
from click.testing import CliRunner

from engine.costs import total_cost
from engine.formats import structure_yaml
from engine.scorers.closed_form import ClosedForm
from engine.settings import Objective
from engine.zoo import ZOO
from maedet_tui.cli import cli
from maedet_tui.report.charts import Chart, draw
from maedet_tui.report.markdown import markdown
from maedet_tui.report.page import page
from maedet_tui.report.swept import front_rows, read, seeds_of, spread_rows
from maedet_tui.store.database import StoreError
from maedet_tui.sweep.begin import driving, new_sweep
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.searched import Ended
from maedet_tui.sweep.varied import parse_varied
from tests.lanes import AtOnce
from tests.report.test_page import Reading
from tests.sweep.conftest import QUICK

#: what the searches of the family find, by their numbers; the last one fails
NAMES = ("maedet-s", "resnet-50", "maedet-m", "maedet-m", "maedet-l")


ERROR = "<b>no</b> `x` @all | more"


@pytest.fixture(scope="session")
def _family(tmp_path_factory):
    """A sweep of three budgets with two seeds each, in which the zoo's structures were found,
    of a preset in a folder whose name is nobody else's business."""
    place = tmp_path_factory.mktemp("swept") / "secret-user"
    place.mkdir()
    preset = place / "quick.yaml"
    preset.write_text(QUICK)
    wanted = Wanted((str(preset),), (parse_varied("budget.flops=60G,91G,160G"),), 2)
    folder = new_sweep(wanted, plan(wanted), place.parent / "runs", "family")

    def found(task):
        if task.number > len(NAMES):
            return Ended("failed", iteration=7, seconds=0.5, error=ERROR)
        structure = ZOO[NAMES[task.number - 1]].structure
        (score,) = ClosedForm(Objective()).score([structure])
        return Ended("finished", iteration=300, seconds=1.0, z=score.z, method=score.method,
                     structure=structure, **total_cost(structure)._asdict())  # fmt: skip

    with driving(folder) as store:
        Driver(store, AtOnce(found, capacity=2)).run(lambda: None, lambda: False)
    return folder


@pytest.fixture
def folder(_family, tmp_path, monkeypatch):
    """That sweep, of one's own, in the folder of runs of the current one."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(_family, tmp_path / "runs" / "family")


def test_the_page_has_the_front_the_seeds_every_search_and_the_best(folder):
    text = page([], sweeps=[read(folder)])
    found = Reading(text)
    said = " ".join(found.texts)
    assert found.is_passive() and "http" not in said and "secret" not in text
    assert re.findall(r"<h2>(.*?)</h2>", text) == [
        "Front", "Spread over seeds", "Best structures", "Searches", "How to reproduce it",
    ]  # fmt: skip
    assert "1 of 6 searches have not finished" in said
    assert f"failed: {ERROR}" in found.texts
    # Tables 12-14: the three stand on the front, ResNet-50 is beaten by the search that found S
    for name in ("maedet-s", "maedet-m", "maedet-l"):
        assert structure_yaml.dumps(ZOO[name].structure) in found.texts
    assert structure_yaml.dumps(ZOO["resnet-50"].structure) not in found.texts
    front = {row[0]: row for row in front_rows(read(folder).front)[1:]}
    assert [front["001-flops-60G-seed-0"][i] for i in (2, 4, 5, 6)] == \
        ["48.7G", "21.2M", "79", "on the front"]  # fmt: skip
    assert "002-flops-60G-seed-1" not in front and front["ResNet-50"][6] == "beaten by a search"
    assert "maedet-tui sweep start sweep.yaml" in said and "presets: [quick.yaml]" in said


def test_the_spread_over_seeds_is_that_of_their_scores(folder):
    sweep = read(folder)
    one, other = (search.z for search in sweep.searches[:2])
    rows = spread_rows(seeds_of(sweep))[1:]
    assert [row[0] for row in rows] == ["flops 60G", "flops 91G", "flops 160G"]
    assert rows[0][1:6] == ["2", *(f"{z:,.2f}" for z in (other, mean((one, other)), one)),
                            f"{stdev((one, other)):.2f}"]  # fmt: skip
    assert rows[1][5:] == ["0.00", "0 %"] and rows[2][1] == "1" and rows[2][5] == "-"


def test_scores_that_do_not_compare_make_no_front_and_are_still_told(folder):
    sweep = read(folder)
    other = replace(sweep.found[0].preset, objective=Objective(alphas=(0, 0, 0, 0, 1)))
    unlike = replace(sweep, front=None, why="a and b differ", found=(
        sweep.found[0]._replace(preset=other), *sweep.found[1:]))  # fmt: skip
    for text in (page([], sweeps=[unlike]), markdown([], sweeps=[unlike])):
        assert "There is no front: a and b differ." in text and "ResBlock" in text


def test_what_a_sweep_says_is_text(folder):
    folder = folder
    found = Reading(page([], sweeps=[read(folder)]))
    assert found.is_passive() and f"failed: {ERROR}" in found.texts
    text = markdown([], sweeps=[read(folder)])
    assert "<b>" not in text and "@all" not in text and "## Spread over seeds" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_the_command_takes_sweeps_and_runs_and_says_what_has_nothing(folder):
    run = CliRunner().invoke
    result = run(cli, ["report", "family", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["path"] == "runs/family/report.html"
    assert "<h1>family</h1>" in (folder / "report.html").read_text("utf-8")
    Path("quick.yaml").write_text(QUICK)
    unbegun = Wanted(("quick.yaml",), (), 1)
    new_sweep(unbegun, plan(unbegun), folder.parent, "unbegun")
    with pytest.raises(StoreError, match="nothing yet that could be reported"):
        read(folder.parent / "unbegun")
    result = run(cli, ["report", "family", "unbegun", "--format", "markdown", "--output", "r.md"])
    assert result.exit_code == 1 and "unbegun: has found nothing yet" in result.stderr
    assert "# family" in (folder.parent.parent / "r.md").read_text("utf-8")


def test_names_of_points_stand_apart():
    marked = [(name, 1.0, z) for name, z in (("one", 5.0), ("two", 5.0), ("three", 4.99))]
    drawn = draw(Chart("t", dots=[(0.0, 0.0)], marked=[*marked, ("at the very edge", 9.0, 5.0)]))
    words = r'y="([\d.]+)" class="name[^"]*">(?:one|two|three)'
    rows = [float(y) for y in re.findall(words, drawn)]
    assert len(rows) == 3 and min(abs(a - b) for a in rows for b in rows if a != b) >= 10
    assert 'class="name end">at the very edge' in drawn
