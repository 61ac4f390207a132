"""`maedet-tui reproduce inverse`: answers every hypothesis, and keeps what is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import TextIO

from maedet_tui import formatting
from maedet_tui.cli.output import failures
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.reproduce import kept, pool
from maedet_tui.reproduce.hypotheses import families
from maedet_tui.reproduce.inverse import Answer, Question, answered


def answers(quick: bool, output: Path | None, stream: TextIO) -> tuple[kept.Answers, bool]:
    """The answers, and whether Ctrl-C came before the last.

    output: folder that holds those of an earlier run, and takes the new ones as they come.
    """
    with failures():
        known = kept.load(output) if output is not None else {}
    questions = list(_open(quick, known))
    done: dict[Question, tuple[Answer, ...]] = {}
    began, told = monotonic(), 0

    def progress(ended: int, of: int, running: Mapping[Question, int]) -> None:
        nonlocal told
        if len(done) > told:
            told = len(done)
            for some in done.values():
                known.update({(one.target, one.hypothesis): one for one in some})
            if output is not None:
                kept.save(output, known)
        spent = formatting.duration(monotonic() - began)
        rows = [
            Row(f"  {family.target}, {family.reading}", number, len(family.rules))
            for (family, _), number in running.items()
        ]
        display.show(
            Row("readings of searches", ended, of, (spent,)), *rows,
            line=lambda: f"{ended} of {of} readings of searches, {spent}",
        )  # fmt: skip

    with failures(), shown_on(stream) as display:
        try:
            pool.each(answered, questions, progress, done)
        except KeyboardInterrupt:
            display.note(f"Interrupted: {len(known)} hypotheses are answered.")
            return known, True
    return known, False


def _open(quick: bool, known: kept.Answers) -> list[Question]:
    """The families that some answer is missing of, with those that are not."""
    found = []
    for family in families(quick):
        alike = [
            one
            for (target, hypothesis), one in known.items()
            if target == family.target
            and (hypothesis.reading, hypothesis.flops) == (family.reading, family.flops)
        ]
        if not {one.hypothesis for one in alike}.issuperset(family.hypotheses):
            found.append(Question(family, tuple(alike)))
    return found
