"""The paper's tables, run again: what is searched, what is printed, what is written."""

import csv
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.scorers.closed_form import ClosedForm
from engine.scorers.factory import make_scorer
from engine.settings import SIZE_READINGS, Forward, Objective
from engine.zoo import ZOO
from maedet_tui.cli.main import cli
from maedet_tui.cli.progress import Display
from maedet_tui.errors import SaveError
from maedet_tui.presets import load
from maedet_tui.reproduce import render, tables
from maedet_tui.reproduce.paper import TABLES
from maedet_tui.reproduce.searches import Job, jobs_of, own_score, run, run_all
from tests.waiting import until

SHORT = 400


@pytest.fixture(autouse=True, scope="module")
def _one_image():
    """Winners of proxies are measured by a pass of one image: a pass of four takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maedet_tui.reproduce.searches.PROXY_BATCH", 1)
        yield


@pytest.fixture(scope="module")
def found():
    jobs = [job for table in TABLES.values() for job in tables.jobs(table, 2, SHORT)]
    return run_all(jobs)


@pytest.fixture(scope="module")
def sheet(found):
    """A table of what was found, made once."""
    return cache(lambda name: tables.compare(TABLES[name], found, 2, SHORT))


def test_every_row_names_a_preset_and_a_structure_that_exist():
    for table in TABLES.values():
        for row in table.rows:
            assert row.preset or row.reference
            if row.preset:
                load(row.preset)
            if row.reference:
                assert row.reference in ZOO


def test_quoted_figures_are_those_of_the_zoo():
    for table in TABLES.values():
        for row in table.rows:
            entry = ZOO.get(row.reference or "")
            if entry is not None:
                assert row.params == entry.params


@pytest.mark.parametrize("name", TABLES)
def test_a_table_stands_beside_the_paper_s(name, sheet):
    sheet = sheet(name)
    assert len(sheet.rows) == len(TABLES[name].rows)
    for row, cells in zip(TABLES[name].rows, sheet.rows):
        values = dict(zip(sheet.headings, cells))
        assert (values["paper params"], values["paper AP*"]) == (
            row.params,
            f"{row.ap:.1f}",
        )
        assert values["our FLOPs"][-1] in "GM"
    assert any("nothing was trained" in note for note in sheet.notes)


def test_of_several_seeds_the_best_is_shown(found):
    job = Job("maedet-m", None, "nominal", 0, SHORT)
    best = max((found[job._replace(seed=seed)] for seed in (0, 1)), key=lambda f: f.score.z)
    rows = tables.compare(TABLES["table1"], found, 2, SHORT).rows
    assert f"{best.score.z:,.2f}" in rows[3]


def test_proxies_are_searched_as_long_and_their_winners_measured(found, sheet):
    sheet = sheet("table9")
    cells = {row[0]: dict(zip(sheet.headings, row)) for row in sheet.rows}
    for label in ("SynFlow", "NASWOT", "Zen-NAS", "MAE-DET"):
        assert cells[label]["T"] == str(SHORT)
    job = max(jobs_of("synflow", None, 2, SHORT), key=lambda job: found[job].score.z)
    best = found[job]
    assert best.score.method == "synflow-closed-form" and best.cost.flops <= 91e9
    closed = ClosedForm(Objective()).score([best.structure, ZOO["maedet-m"].structure])
    assert cells["SynFlow"]["Z"] == f"{closed[0].z:,.2f}"
    assert cells["SynFlow"]["Z / MAE-DET-M's"] == f"{closed[0].z / closed[1].z:.4f}"
    measured = own_score(job, best.structure, measured=True)
    assert measured.passes == 1
    assert any(
        note.startswith(f"synflow of ours {best.score.z:.2f} ({measured.z:.2f}), of MAE-DET-M")
        for note in sheet.notes
    )


@pytest.mark.nightly
def test_the_structures_by_every_proxy(found, monkeypatch):
    patches = {"MEASURED_AT": 32, "PROXY_BATCH": 2, "PROXIES": ("naswot",)}
    for name, value in {**patches, "GRADIENT_PROXIES": ("snip", "jacov")}.items():
        monkeypatch.setattr(tables, name, value)
    (job,) = jobs_of("naswot", None, 1, SHORT)
    sheet = tables.by_proxies({job: found[job]}, 1, SHORT)
    assert sheet.headings == ("", "ResNet-50", "by NASWOT", "MAE-DET-M")
    rows = {name: values for name, *values in sheet.rows}
    assert list(rows) == ["Z", "naswot", "snip", "jacov"]
    assert rows["Z"][2] == f"{ClosedForm(Objective()).score([ZOO['maedet-m'].structure])[0].z:,.2f}"
    judge = make_scorer("snip", "cpu", Objective(32), Forward(batch=2))
    assert rows["snip"][1] == f"{judge.score([found[job].structure])[0].z:,.2f}"
    assert "a pass of 2 images (one of SynFlow) at 32x32" in sheet.notes[0]


def test_the_paper_s_own_mutation_is_run_whatever_a_preset_ships():
    assert load("maedet-m").schedule.trade > 0
    for table in TABLES.values():
        for job in tables.jobs(table, 1, None):
            schedule = job.settings().schedule
            assert (schedule.compound, schedule.trade) == (0, 0)


def test_an_interruption_keeps_the_searches_that_are_finished():
    jobs = [Job("maedet-m", None, "nominal", seed, SHORT) for seed in range(2)]
    jobs.append(Job("maedet-m", None, "nominal", 0, 10**9))
    kept, seen = {}, []

    def progress(done, total, running):
        seen.append((done, total))
        if done == 2 and running:
            assert all(iteration > 0 for iteration in running.values())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(jobs, progress, kept)
    assert set(kept) == set(jobs[:2])
    assert seen[0] == (0, 3) and seen[-1] == (2, 3)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's /proc")
def test_searches_end_with_a_command_that_is_killed(tmp_path):
    endless = (
        "from maedet_tui.reproduce.searches import Job, run_all\n"
        "if __name__ == '__main__':\n"
        "    run_all([Job('maedet-s', None, 'nominal', seed, 10**9) for seed in range(2)])\n"
    )
    script = tmp_path / "endless.py"
    script.write_text(endless)
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    try:
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def searching():
            """Children whose scorer is there: they are amid a search."""
            found = [Path(f"/proc/{number}/maps") for number in listed.read_text().split()]
            return [maps.parent for maps in found if "numpy" in maps.read_text()]

        until(searching)
        children = searching()
    finally:
        process.kill()
        process.wait()

    def alive(folder):
        try:
            return (folder / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    until(lambda: not any(map(alive, children)))


def test_an_interrupted_command_prints_and_writes_what_there_is(tmp_path, found, monkeypatch):
    monkeypatch.setattr("maedet_tui.reproduce.searches.QUICK_ITERATIONS", SHORT)
    (kept,) = jobs_of("naswot", None, 1, SHORT)

    def run_all(jobs, progress, into):
        into[kept] = found[kept]
        raise KeyboardInterrupt

    monkeypatch.setattr("maedet_tui.reproduce.searches.run_all", run_all)
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["reproduce", "table9", "--quick", "--output", str(out)])
    assert result.exit_code == 130, result.output
    assert "1 of 4 searches are finished" in result.output
    rows = {row[0]: row for row in csv.reader((out / "table9.csv").read_text().splitlines())}
    assert rows["SynFlow"][4] == "not searched" and rows["NASWOT"][4] != "not searched"


def test_a_search_is_the_same_in_another_process(found):
    job = Job("maedet-s", None, "nominal", 1, SHORT)
    assert run(job) == found[job]


def test_the_paper_s_layers_count_two_bottlenecks_as_one():
    assert tables.stage_layers(ZOO["maedet-m"].structure) == (1, 5, 5, 4)
    assert tables.stage_layers(ZOO["maedet-l"].structure) == (1, 6, 6, 5)


def test_readings_of_size_are_judged_by_parameters():
    jobs = tables.sizes_jobs(1, 30)
    assert {job.size for job in jobs} == set(SIZE_READINGS)
    sheet = tables.compare_sizes(run_all(jobs), 1, 30)
    assert [row[0] for row in sheet.rows] == list(SIZE_READINGS)
    assert all(float(cell) >= 0 for row in sheet.rows for cell in row[1:])


def test_markdown_and_csv_hold_the_same_cells(found):
    sheet = tables.compare(TABLES["table8"], found, 2, SHORT)
    rows = list(csv.reader(render.comma_separated(sheet).splitlines()))
    assert rows[0] == list(sheet.headings)
    assert [tuple(row) for row in rows[1:]] == list(sheet.rows)
    body = [line for line in render.markdown(sheet).splitlines() if line.startswith("| ")]
    assert [tuple(line[2:-2].split(" | ")) for line in body[1:]] == list(sheet.rows)


def test_the_command_writes_tables_and_figures(tmp_path, monkeypatch):
    monkeypatch.setattr("maedet_tui.reproduce.searches.QUICK_ITERATIONS", 60)
    result = CliRunner().invoke(
        cli, ["reproduce", "table4", "--quick", "--output", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    assert "Table 4" in result.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"table4.md", "table4.csv"} <= written
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        assert "maedet-tui[figures]" in result.output
    else:
        assert {f"figure{n}.{end}" for n in (8, 9, 10) for end in ("svg", "png")} <= written


def test_an_unwritable_folder_is_told_before_any_search(tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(
        cli, ["reproduce", "table8", "--output", str(tmp_path / "file" / "out")]
    )
    assert result.exit_code != 0
    assert "cannot be written" in result.output


def test_an_unknown_table_is_wrong_usage():
    assert CliRunner().invoke(cli, ["reproduce", "table7"]).exit_code == 2


def test_figure_6_has_a_panel_for_each_ratio(tmp_path, found):
    pytest.importorskip("matplotlib")
    from maedet_tui.reproduce import figures

    paths = figures.draw(["table8"], found, 2, SHORT, tmp_path)
    assert [path.name for path in paths] == ["figure6.svg", "figure6.png"]
    assert all(path.stat().st_size > 1000 for path in paths)
    panels = figures.correlations(found, 2, SHORT)
    assert [alphas[2:] for alphas, *_ in panels[:-1]] == [
        row.alphas[2:] for row in TABLES["table8"].rows
    ]
    for _, z, ap, r in panels:
        assert len(z) == len(ap) == len(TABLES["table8"].rows) and -1 <= r <= 1


@pytest.fixture
def searched(found, monkeypatch):
    """Searches that are done already."""
    monkeypatch.setattr("maedet_tui.reproduce.searches.QUICK_ITERATIONS", SHORT)
    monkeypatch.setattr(
        "maedet_tui.reproduce.searches.run_all",
        lambda jobs, progress, into: into.update({job: found[job] for job in jobs}),
    )


def test_without_matplotlib_the_tables_are_written_and_the_way_to_figures_told(
    tmp_path, monkeypatch, searched
):
    monkeypatch.delattr("maedet_tui.reproduce.figures", raising=False)
    monkeypatch.setitem(sys.modules, "maedet_tui.reproduce.figures", None)
    result = CliRunner().invoke(cli, ["reproduce", "table6", "--quick", "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "pip install 'maedet-tui[figures]'" in result.output
    assert {path.name for path in tmp_path.iterdir()} == {"table6.md", "table6.csv"}


def test_figures_that_cannot_be_written_are_told_in_a_sentence(tmp_path, monkeypatch, searched):
    class Full:
        @staticmethod
        def draw(*_):
            raise SaveError("figure6.svg: no space left to write it")

    monkeypatch.setattr("maedet_tui.reproduce.figures", Full, raising=False)
    monkeypatch.setitem(sys.modules, "maedet_tui.reproduce.figures", Full)
    result = CliRunner().invoke(cli, ["reproduce", "table6", "--quick", "--output", str(tmp_path)])
    assert result.exit_code == 1
    assert "no space left to write it" in result.output


def test_the_readings_of_size_are_printed_as_wide_as_the_terminal(monkeypatch):
    monkeypatch.setattr("maedet_tui.reproduce.searches.QUICK_ITERATIONS", 30)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "110")
    result = CliRunner().invoke(cli, ["reproduce", "sizes", "--quick"])
    assert result.exit_code == 0, result.output
    lines = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout).splitlines()
    assert max(map(len, lines)) <= 110
    for reading in SIZE_READINGS:
        assert any(reading in line for line in lines)


@pytest.mark.nightly
def test_a_bar_for_each_search_that_runs(monkeypatch, found):
    shown = []

    class Bars(Display):
        def show(self, *rows, **_):
            shown.append(rows)

    def run_all(jobs, progress, into):
        progress(0, len(jobs), {jobs[0]: 100})
        progress(0, len(jobs), {jobs[0]: 200, jobs[1]: 3})
        into.update({job: found[job] for job in jobs})

    monkeypatch.setattr("maedet_tui.reproduce.searches.QUICK_ITERATIONS", SHORT)
    monkeypatch.setattr("maedet_tui.reproduce.searches.run_all", run_all)
    monkeypatch.setattr(
        "maedet_tui.cli.reproduce.shown_on", lambda _: nullcontext(Bars(lambda text: None))
    )
    assert CliRunner().invoke(cli, ["reproduce", "table9", "--quick"]).exit_code == 0
    first, second = shown
    assert [(row.done, row.of) for row in first] == [(0, 4), (100, SHORT)]
    assert [(row.done, row.of) for row in second] == [(0, 4), (200, SHORT), (3, SHORT)]
    assert second[0].what == "searches" and second[2].what.endswith(", seed 0")
