"""Standard output that is closed, full or read by nobody any more: a sentence, and no success."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from maedet_tui.cli.main import COMMANDS
from maedet_tui.store.begin import is_live
from maedet_tui.store.reader import RunReader
from tests.cli.conftest import STANDING
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")

PROGRAM = (sys.executable, "-m", "maedet_tui")
WHY = {
    "closed": "it is closed",
    "full": "there is no space left where it goes",
    "broken": "whoever read it has closed it",
}


def lost(how, *args, program=PROGRAM):
    """The exit code and standard error of the program, whose output goes nowhere."""
    shell = {"closed": '"$@" >&-', "full": '"$@" > /dev/full', "broken": '"$@" | true'}[how]
    script = shell + ("; exit ${PIPESTATUS[0]}" if how == "broken" else "")
    # what `true` leaves to be read is less than what fits into a pipe, if it is not gone by then
    wait = ("bash", "-c", f"trap '' PIPE; {script}", "bash", *program, *args)
    done = subprocess.run(wait, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    return done.returncode, done.stderr


@pytest.mark.parametrize("how", ["closed", "full"])
@pytest.mark.parametrize(
    "args",
    [("--version",), ("--help",), ("presets",), ("presets", "show", "maedet-m"), ("runs",),
     ("score", "resnet-50", "--json"), ("zoo", "--json")],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_printed_is_said_in_one_sentence(folder, how, args):
    code, said = lost(how, *args)
    assert code == 1
    assert said == f"Error: standard output was not written to its end: {WHY[how]}\n"


def test_every_command_is_printed_by_one_function():
    """Which fails in one way, and shows nothing that a terminal would obey."""
    package = Path(sys.modules["maedet_tui"].__file__).parent
    printing = re.compile(r"\b(click\.|s)echo\(|(?<![\w.])print\(|sys\.std(out|err)\.write")
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if printing.search(path.read_text("utf-8"))
    }
    # the second prints in a process of its own, for the first to read
    assert found == {"terminal.py", "machine/device.py"}
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("how", ["closed", "full"])
def test_a_search_whose_output_is_lost_keeps_what_it_has(folder, how):
    code, said = lost(how, "search", "quick.yaml", "--headless", "--name", "one")
    assert code == 1 and said.endswith(f"to its end: {WHY[how]}\n") and "Traceback" not in said
    assert RunReader(folder / "runs/one").snapshot().state == "finished"
    assert (folder / "runs/one/best.yaml").exists() and not is_live(folder / "runs/one")


@pytest.mark.parametrize("option", ["--headless", "--json-lines"])
def test_a_search_that_nobody_reads_any_more_stops_and_can_be_gone_on_with(folder, option):
    long = ("search", "quick.yaml", "--iterations", "100000000", "--name", "one", option)
    quick = "from maedet_tui.cli import progress; progress.LINE_EVERY = 0.05\n"
    standing = quick + STANDING.replace("int(sys.argv.pop(1))", "500")
    process = subprocess.Popen(
        [sys.executable, "-c", standing, *long],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(PATIENCE) == 1
    assert said.splitlines() == [
        "runs/one: stopped; `maedet-tui resume runs/one` goes on",
        f"Error: standard output was not written to its end: {WHY['broken']}",
    ]
    assert RunReader(folder / "runs/one").snapshot().state == "stopped"


@pytest.mark.parametrize("how", ["closed", "full"])
def test_output_that_goes_nowhere_stops_no_search(folder, how):
    often = "from maedet_tui.cli import headless; headless.JSON_EVERY = 0.0"
    program = (sys.executable, "-c", f"{often}; from maedet_tui.__main__ import main; main()")
    args = ("search", "quick.yaml", "--iterations", "3000", "--json-lines", "--name", "one")
    code, said = lost(how, *args, program=program)
    assert code == 1 and said.count("\n") == 1 and WHY[how] in said
    assert RunReader(folder / "runs/one").snapshot().state == "finished"


def test_nothing_is_written_into_a_file_that_has_the_number_of_a_closed_stream(folder):
    """The first file that is opened would get it."""
    script = "import os; from maedet_tui.cli import streams; streams.take(); print(os.dup(0))"
    done = subprocess.run(
        ["bash", "-c", '"$@" <&- 2>&-', "bash", sys.executable, "-c", script],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert int(done.stdout) > 2


def test_standard_error_that_fails_spoils_nothing(folder):
    for where in ("2>&-", "2> /dev/full"):
        done = subprocess.run(
            ["bash", "-c", f'"$@" {where}', "bash", *PROGRAM, "search", "quick.yaml", "--json"],
            stdout=subprocess.PIPE, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0 and json.loads(done.stdout)["iterations"] == 300


def test_a_training_that_nobody_reads_any_more_is_saved(tmp_path):
    from maedet_tui.cli import training
    from maedet_tui.cli.streams import OutputLost

    class Trainer:
        saved = None

        def save(self, path):
            self.saved = path

    trainer = Trainer()
    with pytest.raises(OutputLost, match=WHY["broken"]), training._kept(trainer, tmp_path):
        raise OutputLost(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert trainer.saved == tmp_path / training.CHECKPOINT
