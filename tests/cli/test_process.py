"""The real program as a process: exit codes, streams, signals, start-up."""

import os
import signal
import subprocess
import sys

import pytest

from engine.formats import saved_yaml
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


def test_nothing_heavy_is_imported_before_it_is_needed():
    check = (
        "import sys, maedet_tui.cli; "
        "heavy = {'torch', 'textual', 'numpy', 'pydantic', 'yaml', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy; "
        "import maedet_tui.runs.local, maedet_tui.cli.headless, maedet_tui.presets as p; "
        "p.load('maedet-m'); assert 'torch' not in sys.modules and 'textual' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=PATIENCE)
