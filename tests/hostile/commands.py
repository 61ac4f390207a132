"""Every command on a run, called in this process: which of them broke off, and how."""

import contextlib
import faulthandler
import io

from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.runs.watched import watching
from maedet_tui.screens.home.details import DetailPanel, HintPanel
from maedet_tui.screens.home.lists import run_row
from maedet_tui.store.database import StoreError
from maedet_tui.store.listing import Listing
from maedet_tui.structures.items import saved_items
from maedet_tui.summary import outcome
from maedet_tui.widgets.glyphs import UNICODE

#: seconds after which a command hangs
PATIENCE = 600
#: characters of a line that says what is wrong
LONGEST = 300


def commands(runs_dir, name, other):
    """The commands' arguments; other: a sound run in the same folder."""
    there = ("--runs-dir", str(runs_dir))
    folder = str(runs_dir / name)
    yield "runs", *there
    yield "runs", *there, "--json"
    yield "runs", "show", name, *there
    yield "runs", "show", name, *there, "--json"
    yield "runs", "compare", name, other, *there
    yield "runs", "compare", other, name, *there, "--json"
    yield "runs", "export-csv", name, *there
    yield "runs", "export-csv", name, f"{folder}.csv", *there
    yield "report", name, other, *there, "--output", f"{folder}.html"
    yield "report", other, name, *there, "--output", f"{folder}.md", "--format", "markdown"
    yield "pause", name, *there
    yield "stop", name, *there
    yield "score", folder
    yield "compare", folder, "resnet-50"
    yield "export", folder, "--format", "yaml", "--output", f"{folder}.yaml"
    yield "resume", name, *there, "--iterations", "2000", "--name", f"{name}-more", "--headless"
    yield "resume", name, *there, "--flops", "90G", "--name", f"{name}-less", "--json"
    yield "resume", name, *there, "--headless"
    yield "runs", "show", name, *there
    yield "runs", "rm", name, *there, "--yes"


def called(arguments):
    """What a command prints, and its exit code. Ends the process with every thread's
    traceback if it hangs."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    try:
        return CliRunner().invoke(cli, list(arguments))
    finally:
        faulthandler.cancel_dump_traceback_later()


def wrong(result, name):
    """What is wrong with how a command ended; None if nothing is."""
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        return f"broke off with {type(error).__name__}: {error}"
    if result.exit_code not in (0, 1, 2):
        return f"ended with {result.exit_code}"
    said = result.stderr
    if "Traceback" in result.output:
        return "printed a traceback"
    if (longest := max(map(len, said.splitlines()), default=0)) > LONGEST:
        return f"printed a line of {longest} characters"
    if result.exit_code and name not in said:
        return f"did not say which run: {said!r}"
    if "\x1b" in result.output:
        return "printed an escape"
    return None


def looked_at(runs_dir, name):
    """What the screens make of a run: its line, its details, its dashboard's words."""
    for line in Listing(runs_dir).lines():
        run_row(line, UNICODE)
        for panel in (DetailPanel(UNICODE, runs_dir), HintPanel(UNICODE)):
            panel.parts(line, 60)
    for item in saved_items(runs_dir):
        assert item
    with contextlib.suppress(StoreError), watching(runs_dir / name) as run:
        outcome(run.snapshot)


def findings(runs_dir, name, other):
    """(arguments, what is wrong) of each command that did not end well, and of the screens."""
    found = []
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            looked_at(runs_dir, name)
        except Exception as error:  # whatever it is, it would have reached the screen
            found.append(("screens", f"broke off with {type(error).__name__}: {error}"))
    for arguments in commands(runs_dir, name, other):
        result = called(arguments)
        if what := wrong(result, name):
            found.append((arguments, what))
        if arguments[0] == "runs" and arguments[1] == "--runs-dir" and other not in result.output:
            found.append((arguments, "did not list the sound run"))
    return found
