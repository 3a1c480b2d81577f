"""Piped input, or that of --file: objects, or IDs. Each becomes a request (D31)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from ant_cli.errors import UsageError, see_help
from ant_cli.input.values import ParsedValue, Value, parse_all, type_name
from ant_cli.operations.spec import Operation
from ant_cli.runtime.light_typing import NamedTuple

STDIN = "standard input"
_LOOP_HINT = (
    "If stdin is meant for something else, such as a loop that reads lines, add < /dev/null to this command."
)

_ID_LINE = r"[ \t]*(?!(?:---|\.\.\.|null)[ \t\r]*$)([\w.~-]*)(?:[ \t]+#.*|[ \t]*#.*)?[ \t\r]*"
"""A line with one ID, or with only white space and a comment."""


class Document(NamedTuple):
    """The keys and values for one request."""

    members: dict[str, Value]
    source: str
    """Where it comes from, for messages."""
    is_json: bool = False
    """It is JSON, probably from a program, not YAML."""
    is_one_of_several: bool = False

    @property
    def prefix(self) -> str:
        """The prefix of messages about it: which one it is, if there are several."""
        return f"{self.source}: " if self.is_one_of_several else ""


Documents = Callable[[], Iterator[Document]]
"""Yields the documents of a text. They are parsed again each time, so that only the text is in memory."""


def no_documents() -> Iterator[Document]:
    """Yield nothing, as for input that was not given."""
    return iter(())


def read_documents(text: str, source: str, operation: Operation, *, takes_ids: bool) -> Documents:
    """Return the documents of a text: JSON values, YAML documents, or lines of IDs, if the command `takes_ids`.

    Raises:
        UsageError: if it can't be parsed. Iterating raises it for values that are neither objects nor IDs.

    """
    id_key = operation.positional.wire_name if takes_ids and operation.positional else ""
    if id_key and _has_id_lines(text):
        return lambda: _documents(_id_lines(text), source, operation, id_key)
    values = parse_all(text, source)
    return lambda: _documents(values(), source, operation, id_key)


def _has_id_lines(text: str) -> bool:
    has_id = False
    for line in text.splitlines():
        match = re.fullmatch(_ID_LINE, line)
        if match is None:
            return False
        has_id = has_id or bool(match[1])
    return has_id


def _id_lines(text: str) -> Iterator[ParsedValue]:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(_ID_LINE, line)
        if match and match[1]:
            yield ParsedValue(match[1], number, is_json=True)


def _documents(values: Iterator[ParsedValue], source: str, operation: Operation, id_key: str) -> Iterator[Document]:
    """Convert values to documents, which are numbered if there are several. A list of objects is several."""
    values = _flat(values) if id_key else values
    first, second = next(values, None), next(values, None)
    if first is None or (second is None and first.value is None):
        return
    several = second is not None
    for number, parsed in enumerate(chain(filter(None, (first, second)), values), 1):
        where = (f", line {parsed.line}" if parsed.line else f", document {number}") if several else ""
        yield _document(parsed, source + where, operation, id_key)._replace(is_one_of_several=several)


def _flat(values: Iterator[ParsedValue]) -> Iterator[ParsedValue]:
    for parsed in values:
        if isinstance(parsed.value, list):
            yield from (ParsedValue(item, 0, parsed.is_json) for item in parsed.value)
        else:
            yield parsed


def _document(parsed: ParsedValue, source: str, operation: Operation, id_key: str) -> Document:
    value = parsed.value
    if isinstance(value, dict):
        return Document(value, source, parsed.is_json)
    if id_key and isinstance(value, str) and parsed.is_json:
        return Document({id_key: value}, source, is_json=True)
    wanted = "IDs, one per line, or keys and values" if id_key else "keys and values, such as `name: demo`"
    is_loop = source.startswith(STDIN) and isinstance(value, str)
    raise UsageError(
        f"{source} must hold {wanted}, but holds {type_name(value)}.",
        _LOOP_HINT if is_loop else see_help(operation.command),
    )
