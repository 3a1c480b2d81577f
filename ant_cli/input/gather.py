"""Collect the values of flags, files and stdin for an operation. Nothing is placed in a request yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from ant_cli.errors import BadValue, UsageError, see_help
from ant_cli.input.flag_values import read_flag
from ant_cli.input.values import ParsedValue, Value, parse_all, type_name
from ant_cli.operations.shared_flags import EDITS
from ant_cli.operations.spec import Flags, Operation, Param, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Literal, NamedTuple
from ant_cli.runtime.reading import decode, read_file

_STDIN = "standard input"
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
    is_json: bool
    """It is JSON, probably from a program, not YAML."""
    is_one_of_several: bool


Documents = Callable[[], Iterator[Document]]
"""Yields the documents of a text. They are parsed again each time, so that only the text is in memory."""


def _no_documents() -> Iterator[Document]:
    return iter(())


Piped = Literal["nothing", "something", "what is missing"]
"""What a pipe or a file had, even if it was blank: `what is missing`, if the flags make no complete request."""


class Inputs(NamedTuple):
    """What was given."""

    flags: Mapping[str, Value]
    """The values of the flags, by parameter name, without those of `ids`."""
    ids: tuple[str, ...]
    """The IDs, if there are several as arguments."""
    documents: Documents
    """The objects and IDs from a pipe, or from --file."""
    piped: Piped
    has_edits: bool
    """The flags include `--add`, `--remove` or `--set`, which change something besides the fields."""


def gather(operation: Operation, flags: Flags, runtime: Runtime) -> Inputs:
    """Return the inputs of an operation.

    Raises:
        UsageError: if it can't be converted, read or parsed.

    """
    had_secret = runtime.stdin.taken  # then nothing of it is input
    id_param = operation.positional
    ids = flags.get(id_param.name) if id_param else None
    values = _from_flags(operation, flags, runtime)
    has_edits = any(param.name in flags for param in EDITS)
    has_fields = any(param.name in flags for param in operation.params_in("body"))
    lacks_something = any(param.required and param.name not in flags for param in operation.params) or (
        operation.partial_update and not has_fields and not has_edits
    )
    id_key = id_param.wire_name if id_param and id_param.name not in flags else ""
    documents = _read(operation, flags, runtime, id_key, lacks_something=lacks_something)
    piped: Piped = "what is missing" if lacks_something else "something"
    was_read = (runtime.stdin.taken and not had_secret) or "file" in flags
    return Inputs(
        values,
        tuple(ids) if isinstance(ids, list) else (),
        documents,
        piped if was_read else "nothing",
        has_edits,
    )


def _from_flags(operation: Operation, flags: Flags, runtime: Runtime) -> dict[str, Value]:
    params = [param for param in operation.params if param.location != "setting" and param.name in flags]
    values = {
        param.name: read_flag(param, flags[param.name], runtime)
        for param in params
        if param.repeatable or isinstance(flags[param.name], str)
    }
    for param in params:
        if param.outer:
            values[param.outer] = _with_field(values.get(param.outer, {}), param, values.pop(param.name))
    return values


def _with_field(outer: Value, param: Param, value: Value) -> Value:
    """Return a structured value with the field that another flag gives. Raises UsageError if it has it already."""
    flag, field = flag_name(param.outer), param.name.rpartition(".")[2]
    if not isinstance(outer, dict):
        raise BadValue(param.flag, f"can't be combined with a {flag} that is null", "Leave out one of them.")
    if field in outer:
        raise BadValue(param.flag, f"can't be combined with a {flag} that has {field!r}", "Leave out one of them.")
    return {**outer, field: value}


# --file and stdin


def _read(operation: Operation, flags: Flags, runtime: Runtime, id_key: str, *, lacks_something: bool) -> Documents:
    """Return the documents of --file or stdin.

    Rules D26 and D27: a command without a body needs stdin only for missing IDs. A command with a body takes any
    input; but if its flags make a complete request, it must not wait for a silent pipe.
    """
    path, stdin = flags.text("file"), runtime.stdin
    if path not in (None, "-"):
        return _documents_of(decode(read_file(path, "--file"), path), path, operation, id_key)
    if path is None:
        if not stdin.has_input or not (operation.has_body or lacks_something):
            return _no_documents
        if stdin.stays_silent():
            if not lacks_something:
                runtime.stderr.say("Note: nothing arrived on stdin within a second, so it was not read.")
                return _no_documents
            runtime.stderr.say("Note: waiting for input on stdin.")
    return _documents_of(decode(stdin.read(), _STDIN), _STDIN, operation, id_key)


# Documents


def _documents_of(text: str, source: str, operation: Operation, id_key: str) -> Documents:
    """Return the documents of a text: JSON values, YAML documents, or lines of IDs, if the command needs `id_key`.

    Raises:
        UsageError: if it can't be parsed. Iterating raises it for values that are neither objects nor IDs.

    """
    if id_key and (ids := _id_lines(text)):
        return lambda: _documents(iter(ids), source, operation, id_key)
    values = parse_all(text, source)
    return lambda: _documents(values(), source, operation, id_key)


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


def _documents(values: Iterator[ParsedValue], source: str, operation: Operation, id_key: str) -> Iterator[Document]:
    """Convert values to documents, which are numbered if there are several. A list of objects is several."""
    values = _flat(values) if id_key else values
    first, second = next(values, None), next(values, None)
    if first is None or (second is None and first.value is None):
        return
    several = second is not None
    for number, parsed in enumerate(chain(filter(None, (first, second)), values), 1):
        where = (f", line {parsed.line}" if parsed.line else f", document {number}") if several else ""
        yield _document(parsed, source + where, operation, id_key, is_one_of_several=several)


def _flat(values: Iterator[ParsedValue]) -> Iterator[ParsedValue]:
    for parsed in values:
        if isinstance(parsed.value, list):
            yield from (ParsedValue(item, 0, parsed.is_json) for item in parsed.value)
        else:
            yield parsed


def _document(
    parsed: ParsedValue, source: str, operation: Operation, id_key: str, *, is_one_of_several: bool
) -> Document:
    value = parsed.value
    if id_key and isinstance(value, str) and parsed.is_json:
        value = {id_key: value}
    if isinstance(value, dict):
        return Document(value, source, parsed.is_json, is_one_of_several)
    wanted = "IDs, one per line, or keys and values" if id_key else "keys and values, such as `name: demo`"
    is_loop = source.startswith(_STDIN) and isinstance(value, str)
    raise UsageError(
        f"{source} must hold {wanted}, but holds {type_name(value)}.",
        _LOOP_HINT if is_loop else see_help(operation.command),
    )
