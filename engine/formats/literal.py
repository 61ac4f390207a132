"""A stranger's Python literal (dicts, lists, strings, numbers), read without being run.

`ast` would take seconds, or the process's stack, for texts made to that end; they are refused
word by word before it sees them.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from engine.formats.rows import shown
from engine.formats.strict_yaml import MAX_NUMBER
from engine.structure import StructureError

MAX_LENGTH = 500_000
MAX_DEPTH = 16
#: brackets, words, numbers, commas and colons; a block has some thirty
MAX_TOKENS = 200_000

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | '[^'\\\n]*' | "[^"\\\n]*" | (?P<open>[\[{(]) | (?P<close>[\]})])
        | [,:] | \\\n | (np|numpy)\.\w+(?P<call>\()
        | (?P<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(?![\w.]))
        | (True|False|None|[+-]?(nan|inf))(?!\w)""",
    re.VERBOSE,
)


def read(text: str) -> Any:
    """The value of a literal; nan and inf are None, and what numpy wraps a number in is left out.

    Raises StructureError, also for one that is longer, deeper or of more words than any
    structure is.
    """
    if len(text) > MAX_LENGTH:
        raise StructureError([f"longer than {MAX_LENGTH} characters, so not a structure"])
    position = depth = tokens = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if not token:
            line = text.count("\n", 0, position) + 1
            raise StructureError(
                [
                    f"line {line}: {shown(text[position : position + 20])} is not part of a "
                    "structure_info, which is a Python literal (dicts, lists, strings, numbers)"
                ]
            )
        if token["number"] and len(token["number"]) > MAX_NUMBER:
            line = text.count("\n", 0, position) + 1
            digits = len(token["number"])
            raise StructureError(
                [
                    f"line {line}: a number of {digits:,} characters, but none has more than "
                    f"{MAX_NUMBER}"
                ]
            )
        tokens += 1
        if tokens > MAX_TOKENS:
            raise StructureError([f"more than {MAX_TOKENS:,} words, so not a structure"])
        depth += bool(token["open"] or token["call"]) - bool(token["close"])
        if depth > MAX_DEPTH:
            raise StructureError([f"nested deeper than {MAX_DEPTH} levels, so not a structure"])
        position = token.end()
    text = re.sub(r"\b(?:np|numpy)\.\w+\(([^()'\"\n]*)\)", r"\1", text)
    text = re.sub(r"(?<=[\s\[(,:])[+-]?(?:nan|inf)(?=[\s\]),}])", "None", text)
    try:
        return ast.literal_eval(text.strip())
    except SyntaxError as error:
        raise StructureError([f"line {error.lineno}: not a Python literal: {error.msg}"]) from None
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise StructureError(["not a Python literal of dicts, lists, strings, numbers"]) from None
