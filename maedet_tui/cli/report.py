"""`maedet-tui report`: runs as a page to share."""

from __future__ import annotations

from pathlib import Path

import click

from maedet_tui.cli.failure import FAILED, Failure
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.report.gathering import find
from maedet_tui.report.swept import sweeps_among
from maedet_tui.report.writing import FORMATS, NothingToReport, write
from maedet_tui.terminal import echo


@click.command()
@click.argument("refs", nargs=-1, required=True, metavar="RUN|SWEEP...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="html",
    show_default=True,
    help="A page for a browser, or Markdown for a pull request.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, or the folder to write it into.  [default: report.html or report.md, in "
    "the folder of the run or sweep; of several, in the current one]",
)
@click.option(
    "--validation",
    metavar="NAME",
    help="Also what the trainings of `maedet-tui validate` in RUNS_DIR/NAME, or at a path, showed.",
)
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def report(
    refs: tuple[str, ...],
    format_: str,
    output: Path | None,
    validation: str | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Write RUN or SWEEP as one page to share: what was asked and found, how to go on with it.

    The page needs nothing else: no network, no script. Several runs are set side by side; a
    folder of runs stands for all of them. Of a sweep, the page has its front, the spread over
    seeds, all searches and the best structures. What cannot be reported is told in a sentence on
    the page and here, and the exit code is 1 then.
    """
    sweeps, others = sweeps_among(refs, runs_dir)
    folders, problems = find(others, runs_dir)
    with failures():
        trained = None if validation is None else _validation(validation, runs_dir)
        try:
            written = write(folders, format_, output, problems, validation=trained, sweeps=sweeps)
        except NothingToReport as error:
            raise Failure(str(error)) from None
    if as_json:
        print_json({
            "path": str(written.path),
            "format": format_,
            "runs": list(written.runs),
            "problems": list(written.problems),
        })  # fmt: skip
    else:
        echo(f"Wrote {written.path}")
        for problem in written.problems:
            echo(f"Not reported: {problem}", err=True)
    click.get_current_context().exit(FAILED if written.problems else 0)


def _validation(name: str, runs_dir: Path) -> Path:
    # what it imports, few reports need
    from maedet_tui.validate.begin import find_validation

    return find_validation(name, runs_dir)
