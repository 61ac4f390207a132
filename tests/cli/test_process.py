"""The real program as a process: exit codes, streams, signals, start-up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.formats import saved_yaml
from maedet_tui import logs
from maedet_tui.cli.main import COMMANDS, LOG_LEVELS
from maedet_tui.store.begin import is_live
from tests.cli.conftest import iteration, last_json, program
from tests.waiting import PATIENCE, until

LONG = ("search", "quick.yaml", "--iterations", "100000000", "--name", "one")


def finished(*args):
    process = program(*args)
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    return process.returncode, out, err


def test_a_short_search(folder):
    code, out, err = finished("search", "quick.yaml", "--json", "--iterations", "50")
    assert code == 0, err
    assert out.count("\n") == 1 and last_json(out)["iterations"] == 50


def test_exit_codes(folder):
    assert finished("--help")[0] == 0
    assert finished("--version")[1].startswith("maedet-tui ")
    assert finished("serch")[0] == 2
    assert finished("score", "quick.yaml")[0] == 1
    code, out, err = finished("search", "quick.yaml")
    assert code == 2 and out == "" and "--headless" in err


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_search_saves_its_best_and_ends(folder, number, code):
    process = program(*LONG, "--json", start_new_session=True)
    until(lambda: iteration(folder / "runs/one") or process.poll() is not None)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    values = last_json(out)
    assert values["state"] == "stopped" and values["iterations"] > 0
    saved = saved_yaml.loads((folder / "runs/one/best.yaml").read_text())
    assert saved.score.z == values["score"]
    assert "Traceback" not in err


#: the program, which is sent a signal as soon as it has claimed its run
EARLY = """
import os, sys
from maedet_tui.__main__ import main
from maedet_tui.store import begin

number, create = int(sys.argv.pop(1)), begin.RunStore.create

def created(*args, **options):
    store = create(*args, **options)
    os.kill(os.getpid(), number)
    return store

begin.RunStore.create = created
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("option", ["--headless", "--detach"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_search_that_is_interrupted_as_it_begins_leaves_its_name_free(folder, number, option):
    done = subprocess.run(
        [sys.executable, "-c", EARLY, str(int(number)), *LONG, option],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 128 + number, done.stderr
    assert "Traceback" not in done.stderr
    assert list((folder / "runs").iterdir()) == []


def test_plain_lines_come_while_the_search_runs(folder, monkeypatch):
    process = program(*LONG, "--headless")
    lines = []
    # before anything is scored, a line has no Z yet
    while not lines or (lines[-1] and "best Z" not in lines[-1]):
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert all("/100,000,000" in line for line in lines)
    assert "\x1b" not in "".join(lines) + out


def imported_by(code):
    """Which of the libraries that take long a program imports."""
    heavy = "{'torch', 'textual', 'numpy', 'pydantic', 'yaml', 'rich', 'sqlite3', 'logging'}"
    tell = f"import sys; print(*sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    # whoever measures coverage imports some of them too
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, timeout=PATIENCE,
        env=clean,
    )  # fmt: skip
    return set(done.stderr.split())


def called(*args):
    """Code that runs the command line."""
    return (
        "from maedet_tui.cli import cli\n"
        f"cli.main({list(args)}, 'maedet-tui', standalone_mode=False)"
    )


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_no_command(option):
    assert not imported_by(called(option))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_s_help_waits_for_neither_torch_nor_a_screen(command):
    assert not {"torch", "textual", "pydantic"} & imported_by(called(command, "--help"))


def test_a_search_without_a_screen_imports_none(folder):
    found = imported_by(called("search", "quick.yaml", "--iterations", "30", "--headless"))
    assert {"numpy", "sqlite3"} <= found and not {"torch", "textual", "rich"} & found


#: the program, with a failure that nobody thought of
BROKEN = """
import sys
from maedet_tui.__main__ import main
from maedet_tui.cli import zoo

def broken(*_):
    raise ZeroDivisionError("by zero")

zoo.ClosedForm.score = broken
main()
"""


@pytest.mark.parametrize("level", ["error", "debug"])
def test_what_nobody_thought_of_is_a_sentence_with_the_traceback_in_the_log(
    tmp_path, monkeypatch, level
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, "--log-level", level, "zoo"],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: The command broke off (ZeroDivisionError: by zero)")
    log = Path(line.split("the traceback is in ")[1])
    assert log.is_relative_to(tmp_path)
    assert "ZeroDivisionError: by zero" in log.read_text() and ", in broken" in log.read_text()


def test_the_log_s_level_reaches_a_search_in_the_background(folder):
    command = ("--log-level", "info", "search", "quick.yaml", "--detach", "--name", "one")
    assert finished(*command)[0] == 0
    log = folder / "runs/one/run.log"
    until(lambda: "INFO maedet_tui" in log.read_text() and not is_live(log.parent))


def test_levels_are_those_of_the_log():
    assert LOG_LEVELS == logs.LEVELS
