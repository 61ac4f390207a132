"""`maedet-tui completion`, and options that stand before a command."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from maedet_tui.cli.completion import SHELLS, place
from maedet_tui.cli.screen import call_at_ends
from maedet_tui.terminal import call
from tests.ui import factory


@pytest.fixture
def at_home(folder, monkeypatch):
    """An empty home."""
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "SHELL"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("shell", SHELLS)
def test_it_is_printed_and_installed_where_the_shell_looks(run, at_home, shell):
    printed = run("completion", shell)
    assert printed.exit_code == 0 and "_MAEDET_TUI_COMPLETE" in printed.stdout
    done = run("completion", shell, "--install")
    assert done.exit_code == 0 and f"Wrote {place(shell)}" in done.stdout
    assert place(shell).is_relative_to(at_home)
    assert place(shell).read_text() == printed.stdout


def test_the_shell_is_that_of_the_user(run, at_home, monkeypatch):
    assert run("completion").exit_code == 2
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completion").stdout == run("completion", "fish").stdout


def test_a_place_that_cannot_be_written_is_said(run, at_home):
    (at_home / ".zfunc").write_text("a file in the way")
    done = run("completion", "zsh", "--install")
    assert done.exit_code == 1 and "a file is in the way" in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_it(run, at_home):
    run("completion", "bash", "--install")
    program = at_home / "bin" / "maedet-tui"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom maedet_tui.__main__ import main\nmain()\n")
    program.chmod(0o755)
    asked = (
        f"source {place('bash')}; COMP_WORDS=(maedet-tui rep); COMP_CWORD=1; "
        '_maedet_tui_completion maedet-tui; echo "${COMPREPLY[@]}"'
    )
    path = f"{program.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", asked], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.stdout.split() == ["report", "reproduce"], done.stderr


def test_a_folder_of_runs_that_stands_before_the_command_is_its_own(run, folder):
    made = run("--runs-dir", "there", "search", "quick.yaml", "--headless", "--name", "a",
               "--iterations", "30")  # fmt: skip
    assert made.exit_code == 0 and (folder / "there" / "a" / "run.db").exists()
    assert "a " in run("--runs-dir", "there", "runs").stdout
    assert "finished" in run("--runs-dir", "there", "runs", "show", "a").stdout
    assert "There are no runs in runs" in run("runs").stdout
    # and what stands behind it counts for more
    assert (
        "There are no runs in here"
        in run("--runs-dir", "there", "runs", "--runs-dir", "here").stdout
    )


def test_the_screen_takes_the_folder_too(run, folder, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "maedet_tui.cli.screen.pick_and_watch", lambda *given: asked.append(given) or 0
    )
    run("--runs-dir", "there", "--notify", "bell")
    run()
    assert [(str(folder), how) for folder, how in asked] == [("there", "bell"), ("runs", None)]


def test_an_end_is_called_once():
    class Sent:
        def __init__(self):
            self.sent = []

        def send(self, text):
            self.sent.append(text)

    app, called = Sent(), set()
    run = factory.FakeRun(factory.snapshot())
    call_at_ends(app, [run], "osc777", called)
    assert app.sent == []
    run.snapshot = replace(run.snapshot, state="finished")
    call_at_ends(app, [run], "osc777", called)
    call_at_ends(app, [run], "osc777", called)
    assert app.sent == ["\x1b]777;notify;maedet-tui;maedet-m-0: finished\a"]


def test_a_call_cannot_be_made_to_say_anything_else():
    assert call("bell", "x") == "\a"
    assert call("osc9", "a\a\x1b]0;b\n") == "\x1b]9;a  ]0 b \a"
