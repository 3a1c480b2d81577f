"""Make HTTP requests from the given values: put every value in its place, or raise an error that says why not.

`gather` collects the values of flags, files and stdin; `build_all` makes the requests of a command line from them,
which may be many (D31). `request_of` is for the program's own requests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from urllib.parse import quote, urlencode

from ant_cli.errors import BadValue, MissingFlag, UsageError, see_help, shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.gather import Document, Inputs, gather
from ant_cli.input.values import Value, convert, encode, to_text, type_name
from ant_cli.operations.spec import CREDENTIAL_TYPES, CredentialType, Flags, Members, Operation, Param
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Literal, NamedTuple

Retries = Literal["always", "unless_lost", "unless_timed_out"]
"""When a request may be sent again. `always`: after any failure. `unless_lost`: not if its response was lost,
because the server may have carried it out. `unless_timed_out`: nor if the response is a 408 or 504, which means the
same."""


_NAMED = 3
"""How many unused keys a note names."""
_IDENTITY = ("id", "type")
"""Server fields that people also write. The others tell an object from the server."""


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
        return f"{self.path}?{_query_string(self.query)}" if self.query else self.path


@lru_cache(maxsize=8)  # a worker sends the same few for every item
def _query_string(query: tuple[tuple[str, str], ...]) -> str:
    return urlencode(query)


class Requests:
    """The requests of a command line. The first iteration checks them. Each iteration builds them again."""

    def __init__(self, operation: Operation, inputs: Inputs) -> None:
        """Raise UsageError if an input can't be a request."""
        self._operation = operation
        self._inputs = inputs
        self.notes: dict[str, None] = {}
        """Notes and warnings, once each, even those about many inputs."""
        self.count = sum(1 for _ in self)

    @property
    def first(self) -> Request:
        """The first request, or the only one. There must be one."""
        return next(iter(self))

    def __iter__(self) -> Iterator[Request]:
        flags, ids, documents = self._inputs.flags, self._inputs.ids, self._inputs.documents()
        id_name = self._operation.positional.name if self._operation.positional else ""
        document = next(documents, None)
        if ids:
            if next(documents, None) is not None:
                raise UsageError("give several IDs or several objects, but not both.")
            for text in ids:
                yield self._build({**flags, id_name: text}, document)
        elif document:
            yield from (self._build(flags, each) for each in chain((document,), documents))
        elif self._inputs.piped == "nothing" or not self._operation.acts_on_several or id_name in flags:
            yield self._build(flags, None)

    def _build(self, flags: Mapping[str, Value], document: Document | None) -> Request:
        """Return the request of one input. Flags, by parameter name, win over the keys of the document."""
        operation, inputs = self._operation, self._inputs
        given = document.members if document else {}
        if inputs.has_edits and any(key in given for key in operation.server_fields if key not in _IDENTITY):
            self._note("Note: of an object from the server, only the ID is used with --add, --remove and --set.")
            given = {}
        piped = _place_piped_values(operation, flags, document) if document else {}
        if document:
            self._check_ids(flags, piped, document)
        values = {**piped, **flags}
        body = self._body(values, given)
        where = f"{document.source}: " if document and document.is_one_of_several else ""
        required = [param for param in operation.params if param.required]
        missing = [param.flag for param in required if param.name not in values and param.wire_name not in body]
        if missing:
            raise MissingFlag(missing, operation.command, where)
        if operation.partial_update and not body and not inputs.has_edits:
            if inputs.piped != "nothing":  # D25: an empty pipe is a mistake
                raise UsageError(f"{where}the input holds no field to change.", see_help(operation.command))
            self._note("Note: no field was given, so nothing will change.")
        name = given.get("name") or values.get("name")
        return request_of(operation, values, body)._replace(object_name=name if isinstance(name, str) else "")

    def _note(self, note: str) -> None:
        self.notes.setdefault(note)

    def _check_ids(self, flags: Mapping[str, Value], piped: Mapping[str, Value], document: Document) -> None:
        """Reject an object whose ID differs from the flag's: it may be the next line of a loop, not a body (D31).

        Only YAML that gives an update all of its fields is accepted, because it was written for this purpose.
        Of several objects, each must have its ID: otherwise, all would change the one of the command line.
        """
        for param in self._operation.params_in("path"):
            if param.name not in flags:
                continue
            typed = to_text(flags[param.name])
            if param.name not in piped:
                if param == self._operation.positional and document.is_one_of_several:
                    raise UsageError(
                        f"{document.source} has no id, so all objects would go to {typed!r}.",
                        "Give each object its id, or send one object only.",
                    )
            elif typed != (found := to_text(piped[param.name])):
                if document.is_json or self._inputs.piped != "what is missing":
                    raise UsageError(
                        f"{document.source} holds {found!r}, but {param.flag} is {typed!r}.",
                        "Leave out one of them. In a loop that reads lines, add < /dev/null to this command.",
                    )
                self._note(f"Note: {document.source} holds {found!r}; {typed!r} is used, from the command line.")

    def _body(self, values: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
        operation = self._operation
        if not operation.has_body:
            if given:
                self._note_unused(given)
            return {}
        elsewhere = {key for _, keys in _keys_outside_body(operation, given) for key in keys}
        body = {key: value for key, value in given.items() if key not in elsewhere}
        if dropped := [key for key in body if key in operation.server_fields]:  # D34: a returned object can be sent
            self._note(f"Note: left out what the server sets: {', '.join(dropped)}.")
            body = {key: value for key, value in body.items() if key not in dropped}
        self._note_files(body)
        fields = operation.params_in("body")
        body |= {param.wire_name: values[param.name] for param in fields if param.name in values}
        for warning in _unknown_in(body, fields):
            self._note(warning)
        return body

    def _note_unused(self, given: Mapping[str, Value]) -> None:
        """Note keys that are neither parameters nor fields of an object: they may be mistyped parameters."""
        from ant_cli.operations import OPERATIONS  # late: few commands without a body get input

        known = {key.lower() for each in OPERATIONS for param in each.params for key in param.input_keys}
        known.update(field for each in OPERATIONS for field in each.server_fields)
        if unused := [key for key in given if key.lower() not in known]:
            names = ", ".join(map(repr, unused[:_NAMED])) + ", ..." * (len(unused) > _NAMED)
            own = [
                key for param in self._operation.params if param.location != "setting" for key in param.input_keys
            ]
            guess = did_you_mean(unused[0], own)
            self._note(f"Note: {self._operation.command} does not use {names} of the input.{guess}")

    def _note_files(self, value: Value) -> None:
        """Note each text that the official tool would replace by a file of this machine (D32)."""
        if isinstance(value, str):
            if value.startswith("@") and os.path.isfile(value[1:]):  # noqa: PTH113 - Path.is_file() may raise
                text = repr(shortened(value))
                self._note(f"Note: {text} is sent literally: files are read only for values of flags.")
            return
        for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._note_files(child)


def build_all(operation: Operation, flags: Flags, runtime: Runtime) -> Requests:
    """Return the requests of a command line, and print the notes about them.

    There is at least one, unless input that should name objects ended without an ID.

    Raises:
        UsageError: if a value is missing, can't be what its parameter takes, or can't be read, or if there are
            several inputs for a list.

    """
    requests = Requests(operation, gather(operation, flags, runtime))
    if operation.paginated and requests.count > 1:
        raise UsageError(f"one input is expected, but there are {requests.count}.", see_help(operation.command))
    if not requests.count:
        runtime.stderr.say("Note: the input has no ID, so there is nothing to do.")
    for note in requests.notes:
        runtime.stderr.say(note)
    return requests


def _unknown_in(body: Mapping[str, Value], params: Iterable[Param]) -> Iterator[str]:
    """Yield a warning for each field, at any depth, and each value of a choice that the API does not document."""
    by_name = {param.wire_name: param for param in params}
    yield from _unknown_fields(body, {name: param.members for name, param in by_name.items()}, "")
    for name, param in by_name.items():
        value = body.get(name)
        if param.choices and isinstance(value, str) and value not in param.choices:
            yield _warning(f"{value!r} is not a known {name}", value, param.choices)


def _unknown_fields(body: Mapping[str, Value], known: Members, path: str) -> Iterator[str]:
    for name, value in body.items():
        if name not in known:
            yield _warning(f"{path + name!r} is not a known field", name, known)
        elif known[name] and isinstance(value, dict):
            yield from _unknown_fields(value, known[name], f"{path}{name}.")


def _warning(problem: str, name: str, known: Iterable[str]) -> str:
    return f"Warning: {problem}; it is sent unchanged.{did_you_mean(name, known)}"


def _place_piped_values(operation: Operation, flags: Mapping[str, Value], document: Document) -> dict[str, Value]:
    """Return a document's values for path, query and headers, by parameter name, except those that flags give.

    IDs are always returned. An empty list means no value, and so does null, except for a query parameter
    that may be null.
    """
    values = dict[str, Value]()
    for param, keys in _keys_outside_body(operation, document.members):
        key = next((key for key in keys if not _means_no_value(param, document.members[key])), None)
        if key is not None and (param.location == "path" or param.name not in flags):
            where = f"{document.source}: {key}"
            values[param.name] = _from_piped(param, document.members[key], where)
            if param.location == "path":
                _check_id(where, to_text(values[param.name]))
    return values


def _keys_outside_body(operation: Operation, members: Mapping[str, Value]) -> Iterator[tuple[Param, list[str]]]:
    """Yield the parameters of path, query and headers with their keys (in upper or lower case), the best first."""
    lowered = {key.lower(): key for key in members}
    for param in operation.params:
        if param.location not in ("body", "setting"):
            yield param, [lowered[key.lower()] for key in param.input_keys if key.lower() in lowered]


def _means_no_value(param: Param, value: Value) -> bool:
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


def request_of(
    operation: Operation, values: Mapping[str, Value], body: Mapping[str, Value] | None = None
) -> Request:
    """Return the request for values of path, query and headers, by parameter name, and the fields of a body.

    Raises:
        BadValue: if an ID can't be one segment of a path, or a value can't be sent.

    """
    body = body or {}
    query = [("beta", "true")]
    headers: list[tuple[str, str]] = []
    path = operation.path
    for param in operation.params:
        if param.name not in values or param.location in ("body", "setting"):
            continue
        value = values[param.name]
        if param.location == "path":
            path = path.replace(f"{{{param.name}}}", path_segment(param.flag, to_text(value)))
        elif param.location == "query":
            text = "" if value is None else _check_encodable(param.flag, to_text(value))
            query.append((param.wire_name, text))
        else:
            headers.append((param.wire_name.lower(), _header(param, value)))
    content = encode(dict(body)) if operation.has_body else None
    ids = {param.name: to_text(values[param.name]) for param in operation.params_in("path")}
    message = _success_message(operation, ids, body)
    return Request(
        operation.method,
        path,
        tuple(query),
        tuple(headers),
        content,
        _retries(operation, values),
        ids,
        message,
        operation.accepts,
    )


def _retries(operation: Operation, values: Mapping[str, Value]) -> Retries:
    """Return when a request may be sent again.

    A create that is carried out twice leaves two objects (D33). After a 408 or 504, it is sent again, as the
    official tool does; a request with a precondition is not, because the precondition may no longer hold.
    """
    if any(param.precondition and values.get(param.name) is not None for param in operation.params):
        return "unless_timed_out"
    return "unless_lost" if operation.creates else "always"


def _success_message(operation: Operation, ids: Mapping[str, str], body: Mapping[str, Value]) -> str:
    """Return the operation's message, or that of a boolean parameter that is true and has one."""
    chosen = [param.success_message for param in operation.params if body.get(param.wire_name) is True]
    message = next(filter(None, chosen), operation.success_message)
    return message.format(id=ids[operation.positional.name]) if operation.positional else message


def path_segment(where: str, text: str) -> str:
    """Return an ID as one percent-encoded segment of a path. Raises BadValue if it can't be one."""
    _check_id(where, text)
    return quote(_check_encodable(where, text), safe="")


def is_id(value: object) -> bool:
    """Whether a value from a server can be an ID: one segment of a path, with only printable characters."""
    return isinstance(value, str) and value.isprintable() and not _is_no_segment(value)


def _is_no_segment(text: str) -> bool:
    return not text.strip() or text in (".", "..")


def _check_id(where: str, text: str) -> None:
    if _is_no_segment(text):
        raise BadValue(where, f"must be an ID, got {text!r}")
    if _has_control_character(text):
        raise BadValue(where, f"contains a control character: {text!r}")


def _header(param: Param, value: Value) -> str:
    """Return a header's text without the white space around it, such as the line break at the end of a file."""
    text = ",".join(to_text(item).strip() for item in (value if isinstance(value, list) else [value]))
    if _has_control_character(text):
        raise BadValue(param.flag, "contains a control character, which a header can't")
    return _check_encodable(param.flag, text)


def _check_encodable(where: str, text: str) -> str:
    if has_lone_surrogate(text):
        raise BadValue(where, "contains a lone surrogate, which can't be sent")
    return text


def _has_control_character(text: str) -> bool:
    return re.search(r"[\x00-\x1f\x7f-\x9f]", text) is not None


def has_lone_surrogate(text: str) -> bool:
    """Whether a text contains a lone surrogate, which JSON can express and UTF-8 can't."""
    return re.search(r"[\ud800-\udfff]", text) is not None
