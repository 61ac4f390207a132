"""The program without a preset, and on with a run, in a pseudo-terminal; what is left in it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from maedet_tui.cli import screen
from maedet_tui.cli.main import cli
from tests.ui.factory import finished, snapshot, starting
from tests.ui.test_terminal import PRESET, Terminal


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a finished run, runs/one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", "300"))
    result = CliRunner().invoke(cli, ["search", "quick.yaml", "--headless", "--name", "one"])
    assert result.exit_code == 0, result.output
    return tmp_path


def test_without_a_preset_there_is_a_home_with_presets_and_runs(folder):
    t = Terminal(folder)
    t.sees("maedet-m", "one")
    t.child.send("q")
    assert t.ends() == 0 and t.given_back
    assert b"Saved:" not in t.output and sorted(Path("runs").iterdir()) == [Path("runs/one")]


def test_a_run_goes_on_on_the_screen(folder):
    t = Terminal(folder, "resume", "one", "--iterations", "500", "--name", "two")
    t.sees("The search finished after 500 iterations", "500 of 500")
    t.child.send("q")
    assert t.ends() == 0 and t.given_back
    assert b"Best structure: Z" in t.output and (folder / "runs/two/best.yaml").exists()


def left_in_the_terminal(capsys, **changes):
    """(exit code, standard output, standard error) after the screen of a run has closed, which
    had been left before."""
    run = SimpleNamespace(
        close=lambda patience: None,
        run_dir=Path(),  # which is there
        snapshot=finished(),
        detached=False,
        saved=Path("runs/one/best.yaml"),
        save_error=None,
        trouble=None,
    )
    vars(run).update(changes)
    code = screen._report(run, left=True)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_finished_search_leaves_its_best_and_where_it_is(capsys):
    code, out, err = left_in_the_terminal(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("Best structure: Z 2,260.50") and "Saved: runs/one/best.yaml" in out


def test_a_stopped_one_says_how_to_go_on(capsys):
    code, out, _ = left_in_the_terminal(capsys, snapshot=snapshot(state="stopped"))
    assert code == 0 and "To go on with it: maedet-tui resume" in out


def test_a_failed_one_says_why_and_is_a_failure(capsys):
    failed = snapshot(state="failed", error="the device is gone")
    code, out, err = left_in_the_terminal(capsys, snapshot=failed)
    assert code == screen.FAILED and err == "Error: the device is gone\n" and "Saved:" in out


def test_a_best_that_could_not_be_saved_is_spelled_out(capsys):
    code, out, err = left_in_the_terminal(capsys, saved=None, save_error="no space left")
    assert code == screen.FAILED and out == ""
    assert err.startswith("Error: no space left\nThe best structure, to be copied from here:\n")
    assert "- {block: " in err


def test_nothing_is_spelled_out_before_there_is_a_best(capsys):
    _, out, err = left_in_the_terminal(
        capsys, snapshot=starting(), saved=None, save_error="no space left"
    )
    assert (out, err) == ("", "Error: no space left\n")


def test_trouble_with_the_store_is_told_beside_what_was_saved(capsys):
    code, out, err = left_in_the_terminal(capsys, trouble="runs/one: the disk is full")
    assert (
        code == screen.FAILED and "Saved:" in out and err == "Error: runs/one: the disk is full\n"
    )


def test_a_run_that_was_removed_meanwhile_leaves_nothing(capsys):
    assert left_in_the_terminal(capsys, run_dir=Path("nowhere")) == (0, "", "")
