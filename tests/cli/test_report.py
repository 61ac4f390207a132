"""`maedet-tui report`."""

import json
import shutil

import pytest
from click.testing import CliRunner

from maedet_tui.cli import cli
from tests.cli.conftest import QUICK


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "quick.yaml").write_text(QUICK)
    for name in ("a", "b"):
        done = CliRunner().invoke(
            cli, ["search", str(folder / "quick.yaml"), "--headless", "--iterations", "60",
                  "--runs-dir", str(folder / "runs"), "--name", name],
        )  # fmt: skip
        assert done.exit_code == 0
    return folder / "runs"


@pytest.fixture
def made(_made, folder):
    shutil.copytree(_made, folder / "runs")
    return folder


def test_a_page_in_the_runs_folder_which_goes_with_the_run(run, made):
    done = run("report", "a")
    path = made / "runs" / "a" / "report.html"
    assert done.exit_code == 0 and done.stdout == "Wrote runs/a/report.html\n"
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert run("report", "a", "--format", "markdown").stdout == "Wrote runs/a/report.md\n"
    assert run("runs", "rm", "a", "--yes").exit_code == 0
    assert not path.parent.exists()


def test_several_runs_or_a_folder_of_them_in_the_current_folder(run, made):
    assert run("report", "a", "b").stdout == "Wrote report.html\n"
    both = (made / "report.html").read_text()
    assert "2 searches side by side" in both
    values = json.loads(run("report", "runs", "--json", "--format", "markdown").stdout)
    assert values == {"path": "report.md", "format": "markdown", "runs": ["a", "b"], "problems": []}
    assert (made / "report.md").read_text().startswith("# 2 searches side by side")


def test_output_is_a_file_or_a_folder(run, made):
    (made / "pages").mkdir()
    assert run("report", "a", "--output", "pages").stdout == "Wrote pages/report.html\n"
    assert run("report", "a", "--output", "pages/mine.html").stdout == "Wrote pages/mine.html\n"
    gone = run("report", "a", "--output", "nowhere/mine.html")
    assert gone.exit_code == 1 and "there is no folder nowhere" in gone.stderr


def test_what_cannot_be_reported_is_a_sentence_and_the_others_are(run, made):
    (made / "runs" / "b" / "run.db").write_text("foreign")
    done = run("report", "a", "b", "nobody", "--output", "out.html")
    assert done.exit_code == 1 and done.stdout == "Wrote out.html\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith("Not reported: ") for line in lines)
    page = (made / "out.html").read_text()
    assert "nobody: no such run" in page and "runs/b/run.db" in page and "<h1>a</h1>" in page
    none = run("report", "b", "nobody")
    assert none.exit_code == 1 and "Error: " in none.stderr and not none.stdout
    assert not (made / "report.html").exists()


def test_no_page_is_written_through_a_link_in_a_runs_folder(run, made):
    victim = made / "victim"
    victim.write_text("mine")
    (made / "runs" / "a" / "report.html").symlink_to(victim)
    run("report", "a")
    assert victim.read_text() == "mine"
