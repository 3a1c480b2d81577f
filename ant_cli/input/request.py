"""From flags and piped input to one HTTP request: every value in its place, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from ant_cli.errors import BadValue, MissingFlag, UsageError, see_help
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.files import decode, embed, read_file, text_of
from ant_cli.input.values import Value, convert, encode, parse, to_text, type_name
from ant_cli.operations.spec import Flags, Operation, Param
from ant_cli.runtime.streams import Stderr, Stdin

STDIN = "standard input"
LOOP_HINT = (
    "If stdin is meant for something else, such as a loop that reads lines, add < /dev/null to this command."
)


class Request(NamedTuple):
    """A request, without the headers that every request has."""

    method: str
    path: str
    """Percent-encoded, below the base URL."""
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    conditional: bool = False
    """It must not be sent again after a time-out, because the server may have processed it."""
    path_params: Mapping[str, str] = {}
    """The IDs in the path, as they were given."""
    success_message: str = ""
    """What to report on success; empty if the response shows it."""
    creates: bool = False
    """It must not be sent again after its response was lost: two objects may be the result (D33)."""

    @property
    def target(self) -> str:
        """The path with the query string."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def build(operation: Operation, flags: Flags, stdin: Stdin, stderr: Stderr) -> Request:
    """Return the request of an operation.

    Raises:
        UsageError: if a value is missing, can't be what its parameter takes, or can't be read.

    """
    values = _from_flags(operation, flags, stdin)
    given, source = _piped_input(operation, flags, values, stdin, stderr)
    body = _take_piped(operation, values, given, source, stdin) if given else {}
    if operation.has_body:
        _warn_of_unknown_keys(operation, body, stderr)
    body |= {param.wire_name: values[param.name] for param in operation.params_in("body") if param.name in values}
    _check_required(operation, values, body)
    if operation.partial_update and not body:
        _check_empty_update(operation, stdin.taken or "file" in flags, stderr)
    return _assemble(operation, values, body)


def _from_flags(operation: Operation, flags: Flags, stdin: Stdin) -> dict[str, Value]:
    """Return the values of the flags, with files in place of their names."""
    params = [param for param in operation.params if param.location != "setting" and param.name in flags]
    return {param.name: _from_flag(param, flags, stdin) for param in params}


def _from_flag(param: Param, flags: Flags, stdin: Stdin) -> Value:
    if param.type is list:
        return embed([convert(param, param.flag, item) for item in flags.list(param.name)], param.flag, stdin)
    text = flags.text(param.name) or ""
    value = convert(param, param.flag, text_of(text, param.flag, stdin) if param.type is dict else text)
    return value if param.location == "path" else embed(value, param.flag, stdin)


# Piped input


def _piped_input(
    operation: Operation, flags: Flags, values: Mapping[str, Value], stdin: Stdin, stderr: Stderr
) -> tuple[dict[str, Value], str]:
    """Return what `--file` or stdin holds, and which of them it was, for messages."""
    path = flags.text("file")
    if path is not None and path != "-":
        return _read_input(read_file(path, "--file"), path, operation), path
    if path != "-" and not _reads_stdin(operation, values, stdin, stderr):
        return {}, ""
    return _read_input(stdin.read(), STDIN, operation), STDIN


def _reads_stdin(operation: Operation, values: Mapping[str, Value], stdin: Stdin, stderr: Stderr) -> bool:
    """Whether stdin is for this command: rules D26 and D27 of the table of deviations.

    A command without a body needs it for missing IDs only. One with a body takes what is there; but once its
    flags make a complete request, a pipe in which nothing comes must not hold it up.
    """
    if not stdin.has_input:
        return False
    missing = [param for param in operation.params if param.required and param.name not in values]
    if not operation.has_body and not missing:
        return False
    if not stdin.stays_silent():
        return True
    if missing or _lacks_a_change(operation, values):
        stderr.say("Note: waiting for input on stdin.")
        return True
    stderr.say("Note: nothing arrived on stdin within a second, so it was not read.")
    return False


def _lacks_a_change(operation: Operation, values: Mapping[str, Value]) -> bool:
    return operation.partial_update and not any(param.name in values for param in operation.params_in("body"))


def _read_input(data: bytes, source: str, operation: Operation) -> dict[str, Value]:
    """Read keys and values in JSON or YAML; an empty dict if there is only white space and comments."""
    text = decode(data, source)
    value = parse(text, source) if text.strip() else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(
            f"{source} must hold keys and values, such as `name: demo`, but holds {type_name(value)}.",
            LOOP_HINT if source == STDIN and isinstance(value, str) else see_help(operation.command),
        )
    return value


def _take_piped(
    operation: Operation, values: dict[str, Value], given: Mapping[str, Value], source: str, stdin: Stdin
) -> dict[str, Value]:
    """Fill in what no flag gave for path, query and headers, and return the rest, which is the body.

    An empty list stands for no value there, and so does null, but for a query parameter that may be null.
    """
    rest = dict(given)
    lowered = {key.lower(): key for key in rest}
    for param in operation.params:
        if param.location in ("body", "setting"):
            continue
        keys = [lowered[key.lower()] for key in param.input_keys if key.lower() in lowered]
        found = {key: rest.pop(key) for key in keys if key in rest}
        key = next((key for key, value in found.items() if not _stands_for_nothing(param, value)), None)
        if key is not None and param.name not in values:
            where = f"{source}: {key}"
            value = _from_piped(param, found[key], where)
            values[param.name] = value if param.location == "path" else embed(value, where, stdin)
    return (
        {key: embed(value, f"{source}: {key}", stdin) for key, value in rest.items()} if operation.has_body else {}
    )


def _stands_for_nothing(param: Param, value: Value) -> bool:
    return value == [] or (value is None and not (param.location == "query" and param.nullable))


def _from_piped(param: Param, value: Value, where: str) -> Value:
    if param.type is list:
        items = value if isinstance(value, list) else [value]
        return [_from_piped_scalar(param, item, where) for item in items]
    return _from_piped_scalar(param, value, where)


def _from_piped_scalar(param: Param, value: Value, where: str) -> Value:
    if isinstance(value, dict | list):
        raise BadValue(where, f"must be one value, got {type_name(value)}")
    return convert(param, where, to_text(value))


def _warn_of_unknown_keys(operation: Operation, body: Mapping[str, Value], stderr: Stderr) -> None:
    known = [param.wire_name for param in operation.params_in("body")]
    for key in body:
        if key not in known:
            stderr.say(f"Warning: {key!r} is not a known field; it is sent as it is.{did_you_mean(key, known)}")


# Checks


def _check_required(operation: Operation, values: Mapping[str, Value], body: Mapping[str, Value]) -> None:
    required = [param for param in operation.params if param.required]
    missing = [param.flag for param in required if param.name not in values and param.wire_name not in body]
    if missing:
        raise MissingFlag(missing, operation.command)


def _check_empty_update(operation: Operation, had_input: bool, stderr: Stderr) -> None:  # noqa: FBT001 - a fact
    """Refuse input in which there is no field (D25); say so where nobody gave any."""
    if had_input:
        raise UsageError("the input holds no field to change.", see_help(operation.command))
    stderr.say("Note: no field was given, so nothing will change.")


# Putting together


def _assemble(operation: Operation, values: Mapping[str, Value], body: dict[str, Value]) -> Request:
    query = [("beta", "true")]
    headers: list[tuple[str, str]] = []
    path = operation.path
    for param in operation.params:
        if param.name not in values or param.location in ("body", "setting"):
            continue
        value = values[param.name]
        if param.location == "path":
            path = path.replace(f"{{{param.name}}}", _segment(param, value))
        elif param.location == "query":
            query.append((param.wire_name, "" if value is None else _sendable(param, to_text(value))))
        else:
            headers.append((param.wire_name.lower(), _header(param, value)))
    content = encode(body) if operation.has_body else None
    conditional = any(param.precondition and values.get(param.name) is not None for param in operation.params)
    ids = {param.name: to_text(values[param.name]) for param in operation.params_in("path")}
    message = _success_message(operation, ids, body)
    return Request(
        operation.method,
        path,
        tuple(query),
        tuple(headers),
        content,
        conditional,
        ids,
        message,
        operation.creates,
    )


def _success_message(operation: Operation, ids: Mapping[str, str], body: Mapping[str, Value]) -> str:
    """Return the operation's message, or that of a boolean which is true and has one."""
    chosen = [param.success_message for param in operation.params if body.get(param.wire_name) is True]
    message = next(filter(None, chosen), operation.success_message)
    return message.format(id=ids[operation.positional.name]) if operation.positional else message


def _segment(param: Param, value: Value) -> str:
    """Return an ID as one segment of the path, whatever is in it."""
    text = to_text(value)
    if text in ("", ".", ".."):
        raise BadValue(param.flag, f"must be an ID, got {text!r}")
    return quote(_sendable(param, text), safe="")


def _header(param: Param, value: Value) -> str:
    """Return a header's text without the white space around it, such as the line break at the end of a file."""
    text = ",".join(to_text(item).strip() for item in (value if isinstance(value, list) else [value]))
    if any(ord(character) < 0x20 or ord(character) in range(0x7F, 0xA0) for character in text):
        raise BadValue(param.flag, "holds a control character, which a header can't")
    return _sendable(param, text)


def _sendable(param: Param, text: str) -> str:
    """Return a text for a URL or a header."""
    if has_lone_surrogate(text):
        raise BadValue(param.flag, "holds half a character (a lone surrogate), which can't be sent")
    return text


def has_lone_surrogate(text: str) -> bool:
    """Whether a text holds a lone surrogate, which JSON can spell, and UTF-8 can't."""
    return any("\ud800" <= character <= "\udfff" for character in text)
