"""YAML as plain data with line numbers, strict enough for files from strangers.

Only mappings, lists, strings, numbers, booleans and null: no tags, no aliases, no
deep nesting, no endless numbers, so that a file can neither run code nor grow in memory
or take long. Every value remembers its line, so that a message can point at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.messages import clipped

#: nesting of a hostile file ends here; ours need four levels
MAX_DEPTH = 16
#: characters; a preset or a saved structure is a few thousand
MAX_LENGTH = 500_000
#: values and keys in all, which a structure of `limits.MAX_BLOCKS` blocks keeps to, and the
#: keys of one mapping
MAX_NODES, MAX_KEYS = 20_000, 500
#: characters of a number, in whatever base; of a key; of a text
MAX_NUMBER, MAX_KEY, MAX_TEXT = 40, 200, 20_000
#: characters of what PyYAML says, which may quote the file
MAX_MESSAGE = 160

_TAG = "tag:yaml.org,2002:"
#: tag -> what its values are, in words
_SCALARS = {
    _TAG + "null": "empty",
    _TAG + "bool": "true or false",
    _TAG + "int": "a whole number",
    _TAG + "float": "a number",
    _TAG + "str": "text",
}
_NUMBERS = (_TAG + "int", _TAG + "float")
#: halves of characters, which an escape can write and nothing can print
_SURROGATE = re.compile("[\ud800-\udfff]")
#: what PyYAML raises of numbers and escapes that are none
_NONSENSE = (ValueError, OverflowError, LookupError, TypeError)

Path = tuple[str | int, ...]


class YamlError(ValueError):
    """Text that is not the YAML we read, in one sentence; `line` counts from 1, 0 unknown."""

    def __init__(self, message: str, line: int = 0):
        self.message, self.line = message, line
        super().__init__(f"line {line}: {message}" if line else message)


@dataclass(slots=True)
class Document:
    """What a YAML text says.

    value: dicts, lists and scalars. lines: for the path of each value (keys and list
    indices from the root), the line it starts on, counted from 1. duplicates: paths
    of keys written twice; the first one counts.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    duplicates: list[tuple[Path, int]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the value at `path`, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    depth = nodes = 0

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise YamlError(
                "aliases (*name) are not allowed here; write the value out", self._line()
            )
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise YamlError(f"more than {MAX_NODES:,} values, which no such file has", self._line())
        if isinstance(parent, yaml.MappingNode) and len(parent.value) >= MAX_KEYS:
            raise YamlError(
                f"more than {MAX_KEYS} keys in one mapping, which no such file has", self._line()
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels; flatten it", self._line())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _line(self) -> int:
        event = self.peek_event()  # type: ignore[no-untyped-call] # types-PyYAML leaves it out
        return int(event.start_mark.line) + 1


def read(text: str) -> Document:
    """Parse a text with one YAML document; an empty text has the value None.

    Raises YamlError, with a line where there is one.
    """
    if len(text) > MAX_LENGTH:
        raise YamlError(f"longer than {MAX_LENGTH} characters, which no such file needs to be")
    document = Document()
    try:
        loader = _Loader(text)
        try:
            node = _composed(loader)
            if node is not None:
                document.value = _value(loader, node, (), document)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f" {error.context}" if error.context else ""
        line = mark.line + 1 if mark else 0
        said = f"{error.context or ''} {error.problem}".strip()
        message = _plainly(said, text, line) or f"not valid YAML:{context} {error.problem}".strip()
        raise YamlError(clipped(message, MAX_MESSAGE), line) from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", "unreadable characters")
        raise YamlError(clipped(f"not valid YAML: {reason}", MAX_MESSAGE)) from None
    return document


def _plainly(said: str, text: str, line: int) -> str:
    """What PyYAML's commonest complaints mean to who has typed the text; "" of any other."""
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    indent = len(here) - len(here.lstrip())
    # the line that it should stand in line with: the one above that is not empty
    above = next((one for one in reversed(lines[: max(line - 1, 0)]) if one.strip()), "")
    before = len(above) - len(above.lstrip())
    if "character '\\t'" in said:
        return "begins with a tab; indent with blanks instead"
    if "flow mapping" in said or "flow sequence" in said:
        sign = "}" if "mapping" in said else "]"
        return f"a comma or a '{sign}' is missing here, or in the line above"
    if "quoted scalar" in said and "unexpected end" in said:
        return "a quotation mark that was opened above is not closed"
    stray = "<block mapping start>" in said or "<block end>" in said
    if (stray or "mapping values are not allowed" in said) and indent != before and above:
        return (
            f"is indented by {indent}, the line above by {before}; keys of one section begin "
            "below one another, those of a section within it further in"
        )
    if "mapping values are not allowed" in said:
        return "has a second ': ' in one line; put the value into quotation marks"
    return ""


def _composed(loader: _Loader) -> yaml.Node | None:
    try:
        return loader.get_single_node()
    except YamlError:
        raise
    except _NONSENSE:  # an escape such as "\U00110000", a version of thousands of digits
        # which scanning has reached
        raise YamlError("not valid YAML: no such character or number", loader.line + 1) from None


def _value(loader: _Loader, node: yaml.Node, path: Path, document: Document) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _mapping(loader, node, path, document)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [
            _value(loader, item, (*path, number), document)
            for number, item in enumerate(node.value)
        ]
    return _scalar(loader, node)


def _scalar(loader: _Loader, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    timestamp = node.tag == _TAG + "timestamp"  # dates are text here
    if not isinstance(node, yaml.ScalarNode) or not (timestamp or node.tag in _SCALARS):
        tag = clipped(node.tag.replace(_TAG, "!!"), MAX_KEY)
        raise YamlError(f"the tag {tag} is not allowed here; write a plain value", line)
    length = len(node.value)
    if node.tag in _NUMBERS and length > MAX_NUMBER:
        raise YamlError(
            f"a number of {length:,} characters, but none has more than {MAX_NUMBER}; "
            "put quotes around what is text",
            line,
        )
    if length > MAX_TEXT:
        raise YamlError(f"a text of {length:,} characters; write at most {MAX_TEXT:,}", line)
    if _SURROGATE.search(node.value):
        raise YamlError("half a character (U+D800 to U+DFFF); write the whole one", line)
    if timestamp:
        return node.value
    try:
        return loader.construct_object(node)
    except _NONSENSE:
        wanted = _SCALARS[node.tag]
        raise YamlError(f"{node.value[:40]!r} is not {wanted}; correct it", line) from None


def _mapping(
    loader: _Loader, node: yaml.MappingNode, path: Path, document: Document
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError("a key must be a plain word", line)
        if key_node.tag == _TAG + "merge":
            raise YamlError("merging with << is not allowed here; write the keys out", line)
        # keys stay as they are written: `on` is a word, not a boolean
        key = key_node.value
        if len(key) > MAX_KEY:
            raise YamlError(f"a key of {len(key):,} characters, which no such file has", line)
        if _SURROGATE.search(key):
            raise YamlError("half a character (U+D800 to U+DFFF) in a key; correct it", line)
        inside = (*path, key)
        if key in values:
            document.duplicates.append((inside, line))
            continue
        document.lines[inside] = line
        values[key] = _value(loader, value_node, inside, document)
    return values


def dump(value: Any) -> str:
    """Write plain data as YAML: innermost collections on one line, keys in order."""
    return yaml.safe_dump(
        value, sort_keys=False, default_flow_style=None, width=10_000, allow_unicode=True
    )
