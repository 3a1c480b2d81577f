"""From a file and stdin to documents: the keys and values for each request."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

from ant_cli.errors import UsageError, see_help
from ant_cli.errors.command_line import command_line, quote
from ant_cli.input.values import ParsedValue, Value, parse_all, type_name
from ant_cli.operations.spec import Operation
from ant_cli.runtime import Runtime
from ant_cli.runtime.reading import decode, read_file

_STDIN = "standard input"
_LOOP_HINT = (
    "If stdin is meant for something else, such as a loop that "
    "reads lines, add < /dev/null to this command."
)
_CSV = r"[^\s,]++(?:,[^\s,]++)++(?:\s|$)"
"""How the header of a CSV file begins."""
_CSV_TO_JSON = "python3 -c 'import csv,json,sys; [print(json.dumps(row)) for row in csv.DictReader(sys.stdin)]'"
_ID_LINE = (
    r"[ \t]*+(?!(?:---|\.\.\.|null)[ \t]*$|- )((?:[\w.~-]++(?: [\w.~-]++)*+)?)[ \t]*+(?:#.*)?"
)
"""A line with one ID or name, or with only white space and a comment."""


class Document(NamedTuple):
    """The keys and values for one request."""

    members: dict[str, Value]
    source: str
    """Where it comes from, for messages."""
    is_json: bool
    """It is JSON, probably from a program, not YAML."""


class Input:
    """What a file or stdin gives: JSON values, YAML documents, or lines of IDs.

    They are parsed again each time, so that only the text is in memory.
    """

    def __init__(self, operation: Operation, id_key: str, source: str, text: str | None) -> None:
        """Parse the text once.

        Args:
            operation: What the documents are for.
            id_key: The key of the ID in an object; empty if an argument gives the ID.
            source: Where the text comes from, for messages.
            text: The text; None if nothing was read.

        Raises:
            UsageError: if it is neither JSON nor YAML, nor lines of IDs.

        """
        self._operation = operation
        self._id_key = id_key
        self._source = source
        self.was_read = text is not None
        """There was a file or a pipe, maybe a blank one."""
        text = text or ""
        self._ids = _id_lines(text) if id_key else []
        self._parsed = parse_all("" if self._ids else text, source)
        first = list(islice(self._values(), 2))
        self.are_several = len(first) > 1
        self.is_blank = not self.are_several and all(each.value is None for each in first)

    @property
    def loop_hint(self) -> str:
        """What may be wrong if nobody meant stdin as the input."""
        return _LOOP_HINT if self._source == _STDIN else ""

    def documents(self) -> Iterator[Document]:
        """Yield the keys and values for each request. Raises UsageError if there is something else."""
        for number, found in enumerate(self._values(), 1):
            source = self._source + self._place(found, number)
            members = found.value
            if self._id_key and found.is_json and isinstance(members, str):
                members = {self._id_key: members}
            if not isinstance(members, dict):
                raise self._not_an_object(members, source)
            yield Document(members, source, found.is_json)

    def _values(self) -> Iterator[ParsedValue]:
        """Yield the values. A list counts as its elements if IDs are needed, or objects are created."""
        for found in self._ids or self._parsed():
            if self._counts_as_several(found.value):
                for item in found.value:
                    yield ParsedValue(item, 0, found.is_json or isinstance(item, str))
            else:
                yield found

    def _counts_as_several(self, value: Value) -> TypeGuard[list[Any]]:
        if not isinstance(value, list):
            return False
        return bool(self._id_key) or (self._operation.creates and value != [])

    def _place(self, found: ParsedValue, number: int) -> str:
        if not self.are_several:
            return ""
        return f", line {found.line}" if found.line else f", document {number}"

    def _not_an_object(self, value: Value, source: str) -> UsageError:
        wanted = (
            "IDs, one per line, or keys and values"
            if self._id_key
            else "keys and values, such as `name: demo`"
        )
        hint = see_help(self._operation.command)
        if isinstance(value, str) and re.match(_CSV, value):
            path = "FILE.csv" if self._source == _STDIN else quote(self._source)
            command = command_line(self._operation.command)
            hint = f"To send CSV as JSON lines: {_CSV_TO_JSON} < {path} | {command}"
        elif isinstance(value, str) and self.loop_hint:
            hint = self.loop_hint
        return UsageError(f"{source} must hold {wanted}, but holds {type_name(value)}.", hint)


def read_input(
    operation: Operation,
    id_key: str,
    path: str,
    runtime: Runtime,
    *,
    is_needed: bool,
    is_taken: bool,
) -> Input:
    """Read --file or stdin. A command that takes no input reads only a file that is named.

    Raises:
        UsageError: if it can't be read.

    """
    text = _read(path, runtime, is_needed=is_needed) if is_taken or path else None
    source = _STDIN if path in ("", "-") else path
    return Input(operation, id_key, source, text)


def _read(path: str, runtime: Runtime, *, is_needed: bool) -> str | None:
    """Return the text of --file or stdin; None if stdin is not read.

    Rules D26 and D27: a command without a body reads stdin only for missing IDs. A command with a body accepts any
    input, but must not wait for a silent pipe if its flags make a complete request.
    """
    stdin = runtime.stdin
    if path not in ("", "-"):
        return decode(read_file(path, "--file"), path)
    if not path:
        if not stdin.has_input:
            return None
        if stdin.stays_silent():
            if not is_needed:
                runtime.say("Note: nothing arrived on stdin within a second, so it was not read.")
                return None
            runtime.say("Note: waiting for input on stdin.")
    return decode(stdin.read(), _STDIN)


def _id_lines(text: str) -> list[ParsedValue]:
    """Return IDs, one per line; none if the text is something else."""
    ids = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(_ID_LINE, line)
        if match is None:
            return []
        if match[1]:
            ids.append(ParsedValue(match[1], number, is_json=True))
    return ids
