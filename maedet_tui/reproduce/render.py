"""A sheet as Markdown, as CSV, and for a terminal."""

from __future__ import annotations

import csv
import io

from rich.console import Group
from rich.table import Table
from rich.text import Text

from maedet_tui.reproduce.tables import Sheet


def markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown table below a heading, notes at the end."""
    lines = [f"## {sheet.title}", ""]
    lines.append("| " + " | ".join(sheet.headings) + " |")
    lines.append("|" + "---|" * len(sheet.headings))
    lines += ["| " + " | ".join(row) + " |" for row in sheet.rows]
    lines += ["", *(f"{note}  " for note in sheet.notes)]
    return "\n".join(lines) + "\n"


def comma_separated(sheet: Sheet) -> str:
    """The sheet as CSV, headings first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.headings)
    writer.writerows(sheet.rows)
    return text.getvalue()


def terminal(sheet: Sheet) -> Group:
    """The sheet as something that rich prints."""
    table = Table(title=sheet.title, title_justify="left")
    for number, heading in enumerate(sheet.headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in sheet.rows:
        table.add_row(*row)
    return Group(table, *(Text(note, style="dim") for note in sheet.notes))
