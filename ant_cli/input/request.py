"""HTTP requests: `request_of` puts every value in its place, or raises an error that says why it can't be sent."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode

from ant_cli.errors import BadValue, shortened
from ant_cli.errors.command_line import command_line, shell_line
from ant_cli.gjson.json_text import scalar_text
from ant_cli.input.values import Value, convert, encode, type_name
from ant_cli.operations.ids import joined_ids
from ant_cli.operations.spec import CREDENTIAL_TYPES, CredentialType, Field, Operation

_LONE_SURROGATE = "contains a lone surrogate, which can't be sent"
Retries = Literal["always", "unless_timed_out", "unless_unknown"]
"""When a request may be sent again. `always`: after any failure. `unless_timed_out`: not if its response was lost,
or the server gave up waiting. `unless_unknown`: also not after any other error that leaves its outcome open."""


class Request(NamedTuple):
    """A request, without the headers that every request has."""

    method: str
    path: str
    """Percent-encoded, below the base URL."""
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    retries: Retries = "always"
    path_params: Mapping[str, str] = {}
    """The IDs in the path, as they were given."""
    success_message: str = ""
    """The message on success; empty if the response shows it."""
    accepts: tuple[CredentialType, ...] = CREDENTIAL_TYPES
    """The types of credentials that the API accepts for it."""
    object_name: str = ""
    """The name of the object in the input, for messages; empty if it is not known."""

    @property
    def target(self) -> str:
        """The path with the query string."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def request_of(
    operation: Operation,
    values: Mapping[str, Value],
    body: Mapping[str, Value] | None = None,
    source: str = "",
) -> Request:
    """Return the request for values of path, query and headers, by field, and the fields of a body.

    Args:
        operation: What is requested.
        values: Those of path, query and headers, by field.
        body: The fields of the body.
        source: Where the body comes from, as errors about it begin.

    Raises:
        BadValue: if an ID can't be one segment of a path, or a value can't be sent.

    """
    body = body or {}
    query = [("beta", "true")]
    headers: list[tuple[str, str]] = []
    path = operation.path
    ids: dict[str, str] = {}
    for field in operation.fields:
        if field.name not in values or field.location == "body":
            continue
        value = values[field.name]
        if field.location == "path":
            text = scalar_text(value)
            ids[field.name] = text.strip()
            path = path.replace(f"{{{field.name}}}", path_segment(field.flag, text))
        elif field.location == "query":
            query.append((field.wire_name, _query_text(field, value)))
        else:
            headers.append((field.wire_name.lower(), _header(field, value)))
    return Request(
        operation.method,
        path,
        tuple(query),
        tuple(headers),
        body=_encode_body(dict(body), source) if operation.has_body else None,
        retries=_retries(operation, values),
        path_params=ids,
        success_message=_success_message(operation, ids, body),
        accepts=operation.accepts,
    )


def _query_text(field: Field, value: Value) -> str:
    if value is None:
        return ""
    return _check_sendable(field.flag, scalar_text(value))


def _encode_body(body: dict[str, Value], source: str) -> bytes:
    """Return a body as JSON. Raises BadValue if a text in it has a lone surrogate, or the name is a credential."""
    content = encode(body)
    # how `encode` writes a lone surrogate; a text may also have these characters
    if rb"\ud" in content:
        for path in _lone_surrogates(body):
            raise BadValue(f"{source}{path}", _LONE_SURROGATE)
    name = body.get("name")
    if isinstance(name, str) and _is_credential(name):
        raise _credential(f"{source}name")
    return content


def _lone_surrogates(value: Value, path: str = "") -> Iterator[str]:
    """Yield the path of each text and each key with a lone surrogate."""
    if isinstance(value, str) and has_lone_surrogate(value):
        yield path
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _lone_surrogates(item, f"{path}[{position}]")
    elif isinstance(value, dict):
        for key, child in value.items():
            if has_lone_surrogate(key):
                yield f"a key of {path}" if path else "a key"
            yield from _lone_surrogates(child, f"{path}.{key}" if path else key)


def _retries(operation: Operation, values: Mapping[str, Value]) -> Retries:
    """Return when a request may be sent again.

    A create that is carried out twice leaves two objects (D33). A precondition may no longer hold.
    """
    if operation.creates:
        return "unless_unknown"
    return "always" if values.get(operation.precondition) is None else "unless_timed_out"


def _success_message(
    operation: Operation, ids: Mapping[str, str], body: Mapping[str, Value]
) -> str:
    message = operation.success_message
    if body.get("force") is True and operation.forced_message:
        message = operation.forced_message
    if not operation.positional:
        return message
    return message.format(id=ids[operation.positional.name])


# Places


def place(
    operation: Operation, typed: Mapping[str, Value], members: Mapping[str, Value], source: str
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return the values of an object for path, query and headers, by field, and its other keys.

    The keys for path, query and headers may be in upper or lower case. Values that were typed are left out, except
    IDs. An empty list or null means no value; but null is a value for a field of the query that may be null.

    Raises:
        BadValue: if a value can't be what its field takes.

    """
    piped, given = dict[str, Value](), dict(members)
    lowered = {key.lower(): key for key in given}
    for field in operation.fields:
        if field.location == "body":
            continue
        key, value = _taken(field, given, lowered)
        is_replaced = field.location != "path" and field.name in typed
        if key is None or is_replaced:
            continue
        where = f"{source}: {key}"
        piped[field.name] = _from_piped(field, value, where)
        if field.location == "path":
            path_segment(where, scalar_text(piped[field.name]))
    return piped, given


def _taken(
    field: Field, given: dict[str, Value], lowered: Mapping[str, str]
) -> tuple[str | None, Value]:
    """Take the keys of a field out of an object. Return the first one with a value, and its value."""
    key: str | None = None
    value: Value = None
    for name in field.input_keys:
        found = lowered.get(name.lower())
        if found is None or found not in given:
            continue
        each = given.pop(found)
        if key is None and not _means_no_value(field, each):
            key, value = found, each
    return key, value


def _means_no_value(field: Field, value: Value) -> bool:
    if value is None:
        return not field.nullable
    return value == []


def _from_piped(field: Field, value: Value, where: str) -> Value:
    if field.type is not list:
        return _one_from_piped(field, value, where)
    values = value if isinstance(value, list) else [value]
    return [_one_from_piped(field, each, where) for each in values]


def _one_from_piped(field: Field, value: Value, where: str) -> Value:
    if isinstance(value, dict | list):
        raise BadValue(where, f"must be one value, got {type_name(value)}")
    return convert(field, where, scalar_text(value))


def path_segment(where: str, text: str) -> str:
    """Return an ID, without space around it, as a percent-encoded segment. Raises BadValue if it can't be one."""
    if not _is_segment(text):
        raise BadValue(where, f"must be an ID, got {text!r}")
    text = text.strip()
    if found := joined_ids(text):
        hint = f"Each ID is an argument, or a line, of its own: {shortened(shell_line(*found))}"
        raise BadValue(where, f"must be one ID, got {shortened(text)!r}", hint)
    if _has_control_character(text):
        raise BadValue(where, f"contains a control character: {text!r}")
    return quote(_check_sendable(where, text), safe="")


def is_id(value: object) -> bool:
    """Whether a value from a server can be an ID: one segment of a path, with only printable characters."""
    return isinstance(value, str) and value.isprintable() and _is_segment(value)


def _is_segment(text: str) -> bool:
    return bool(text.strip()) and text not in (".", "..")


def _header(field: Field, value: Value) -> str:
    """Return a header's text without the white space around it, such as the line break at the end of a file."""
    items = value if isinstance(value, list) else [value]
    text = ",".join(scalar_text(item).strip() for item in items)
    if _has_control_character(text):
        raise BadValue(field.flag, "contains a control character, which a header can't")
    return _check_sendable(field.flag, text)


def _check_sendable(where: str, text: str) -> str:
    if has_lone_surrogate(text):
        raise BadValue(where, _LONE_SURROGATE)
    if _is_credential(text):
        raise _credential(where)
    return text


def _credential(where: str) -> BadValue:
    problem = "is a credential by its form, and is not sent there"
    hint = f"An API key goes into ANTHROPIC_API_KEY. To store it: {command_line('auth login')}"
    return BadValue(where, problem, hint)


def _is_credential(text: str) -> bool:
    """Whether a text is a key or a token by its form, which would be in somebody's log as another value."""
    return re.fullmatch(r"\s*sk-ant-[a-z]+[0-9]+-\S+\s*", text) is not None


def _has_control_character(text: str) -> bool:
    return re.search(r"[\x00-\x1f\x7f-\x9f]", text) is not None


def has_lone_surrogate(text: str) -> bool:
    """Whether a text contains a lone surrogate, which JSON can express and UTF-8 can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
