"""Reports as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from maedet_tui.errors import SaveError
from maedet_tui.files import write_atomically
from maedet_tui.report.gathering import gather
from maedet_tui.report.swept import Swept, read
from maedet_tui.store.database import StoreError

#: format -> ending of a file
FORMATS = {"html": ".html", "markdown": ".md"}
#: what a report is called, in the folder of its run
NAME = "report"


class Written(NamedTuple):
    """A report that is there. runs: names of those in it, sweeps first. problems: why others
    are not."""

    path: Path
    runs: tuple[str, ...]
    problems: tuple[str, ...]


class NothingToReport(SaveError):
    """None of the runs could be reported; why, a sentence each."""


def write(
    folders: Sequence[Path] = (),
    format_: str = "html",
    output: Path | None = None,
    problems: Sequence[str] = (),
    option: str | None = "--output",
    validation: Path | None = None,
    sweeps: Sequence[Path] = (),
) -> Written:
    """Write a report of the runs in these folders, and of sweeps in theirs.

    format_: one of FORMATS. output: a file, or a folder for it; by default, the folder of the
    run, or for several the current one. problems: why others that were asked for are not in it.
    option: names another place on the command line, for errors. validation: the folder of one,
    which becomes a section. Raises SaveError.
    """
    runs, more = gather(folders)
    swept: list[Swept] = []
    for one in sweeps:
        try:
            swept.append(read(one))
        except StoreError as error:
            more.append(str(error))
    problems = (*problems, *more)
    if not runs and not swept:
        raise NothingToReport("\n".join(problems))
    # pages take no time to be asked for, but what draws them does to be imported
    if format_ == "html":
        from maedet_tui.report.page import page as written
    else:
        from maedet_tui.report.markdown import markdown as written
    shown = None
    if validation is not None:
        from maedet_tui.validate.results import of

        shown = of(validation)
    text = written(runs, problems, shown, swept)
    path = Path(NAME + FORMATS[format_])
    if output is not None:
        path = output / path if output.is_dir() else output
    elif len(places := [*folders, *sweeps]) == 1:
        path = places[0] / path
    write_atomically(path, text, named=output is not None, option=option)
    names = (*(one.name for one in swept), *(run.name for run in runs))
    return Written(path, names, problems)
