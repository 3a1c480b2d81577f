"""From a command line, a file and stdin to requests: collect the values, and reject or note what may be a mistake.

`build_all` makes the requests, which may be many (D31). `flag_values` reads the flags; `request` puts each value in
its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ant_cli.errors import MissingFlag, UsageError, see_help, shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson.json_text import scalar_text
from ant_cli.input import SCHEMA_KEY
from ant_cli.input.documents import Document, Input, read_input
from ant_cli.input.flag_values import read_flags
from ant_cli.input.request import Request, place, request_of
from ant_cli.input.values import Value, parse
from ant_cli.operations import GROUPS
from ant_cli.operations.shared_flags import EDITS, FILE
from ant_cli.operations.spec import Field, Flags, Operation, Texts
from ant_cli.runtime import Runtime
from ant_cli.runtime.shell import quote

_NAMED = 3
"""How many unused keys a note names."""
_IDENTITY = ("id", "type")
"""Server fields that people also write. Any other one shows that an object is from the server."""
_ID_ONLY = "Note: flags say what to change, so only the ID is used of an object from the server."


class Requests:
    """The requests of a command line, which have been checked. Each iteration builds them again."""

    def __init__(self, builder: _Builder) -> None:
        """Raise UsageError if an input can't be a request."""
        self._builder = builder
        self.typed = builder.typed
        """The values of flags and arguments, by field, without the IDs if there are several."""
        self.first: Request
        """The first request, or the only one. There must be one."""
        self.count = 0
        for request in builder.requests():
            if not self.count:
                self.first = request
            self.count += 1

    def __iter__(self) -> Iterator[Request]:
        return self._builder.requests()


class _Builder(NamedTuple):
    """Builds the requests, and collects the notes about them."""

    operation: Operation
    input_: Input
    typed: Mapping[str, Value]
    """The values of flags and arguments, by field, without the IDs if there are several."""
    ids: Sequence[Value]
    """The IDs, if there are several as arguments."""
    from_variables: Mapping[str, Value]
    """IDs that are used unless the input has others."""
    has_edits: bool
    """The flags include `--add`, `--remove` or `--set`, which change something besides the fields."""
    lacks_something: bool
    """The command line alone does not make a complete request."""
    at_terminal: bool
    notes: dict[str, None]
    """Notes and warnings, each once, even if they are about many inputs."""
    odd: dict[str, dict[str, None]]
    """Mistakes that are sent, with the documents that have them; empty if there is only one document."""
    unsent: dict[str, None]
    """The fields of objects from the server that are not sent, because flags say what changes."""

    def requests(self) -> Iterator[Request]:
        """Yield a request for each input. Raises UsageError if one can't be a request."""
        input_, id_name, known = (
            self.input_,
            self.operation.id_name,
            {*self.typed, *self.from_variables},
        )
        if self.ids:
            if input_.are_several:
                raise UsageError(
                    "give several IDs or several objects, but not both.", input_.loop_hint
                )
            document = None if input_.is_blank else next(input_.documents())
            for text in self.ids:
                yield self._build({**self.typed, id_name: text}, document)
        elif not input_.is_blank:
            for document in input_.documents():
                yield self._build(self.typed, document)
        elif id_name in known or not (input_.was_read and self.operation.acts_on_several):
            yield self._build(self.typed, None)

    def _build(self, typed: Mapping[str, Value], document: Document | None) -> Request:
        """Return the request of one input. What was typed wins over the keys of the document."""
        operation = self.operation
        piped, given = (
            place(operation, typed, document.members, document.source) if document else ({}, {})
        )
        given.pop(SCHEMA_KEY, None)
        name = given.get("name") or typed.get("name")
        given = self._changes_in(given, typed)
        if document:
            self._check_ids(typed, piped, document)
        values = {**self.from_variables, **piped, **typed}
        self._note_variables(piped, typed)
        body = self._body(values, given)
        where = f"{document.source}: " if document and self.input_.are_several else ""
        required = [field for field in operation.fields if field.required]
        missing = [
            field.flag
            for field in required
            if field.name not in values and field.wire_name not in body
        ]
        if missing:
            raise self._missing(missing, values, where)
        self._check_values(body, where)
        if operation.partial_update and not body and not self.has_edits:
            if self.input_.was_read:  # D25: an empty pipe is a mistake
                raise UsageError(
                    f"{where}the input holds no field to change.", see_help(operation.command)
                )
            self._note("Note: no field was given, so nothing will change.")
        return request_of(operation, values, body, where)._replace(
            object_name=name if isinstance(name, str) else ""
        )

    def _missing(self, flags: Sequence[str], values: Mapping[str, Value], where: str) -> UsageError:
        """Return the error for missing values. If one is an ID, it has the command with places for the IDs."""
        operation = self.operation
        error, fields = MissingFlag(flags, operation.command, where), operation.fields_in("path")
        if not any(field.flag in flags for field in fields):
            return error
        ids = {
            field.name: scalar_text(values.get(field.name) or field.name.upper())
            for field in fields
        }
        *others, last = fields
        # an environment's ID was given in place of an item's
        if others and ids[last.name].startswith("env_"):
            ids = {others[0].name: ids[last.name], last.name: last.name.upper()}
        words = [
            *(f"{field.flag} {quote(ids[field.name])}" for field in others),
            quote(ids[last.name]),
        ]
        return error.with_only_hints(
            f"Give IDs after the command: ant {operation.command} {' '.join(words)}"
        )

    def _changes_in(self, given: dict[str, Value], typed: Mapping[str, Value]) -> dict[str, Value]:
        """Return the fields to send of an object: none if it is from the server, and flags say what to change.

        They would undo what others have changed since the object was read.
        """
        operation = self.operation
        fields = [field.outer or field.wire_name for field in _given_in_body(operation, typed)]
        is_returned = any(key in given for key in operation.server_fields if key not in _IDENTITY)
        if not (operation.positional and is_returned and (fields or self.has_edits)):
            return given
        self.unsent.update(
            dict.fromkeys(key for key in given if key not in (*operation.server_fields, *fields))
        )
        return {}

    def _note(self, note: str) -> None:
        self.notes.setdefault(note)

    def _note_variables(self, *given: Mapping[str, Value]) -> None:
        """Note IDs from variables at a terminal: a user may have forgotten that they are set."""
        for field in self.operation.fields if self.at_terminal else ():
            if field.name in self.from_variables and not any(
                field.name in values for values in given
            ):
                text = self.from_variables[field.name]
                self._note(f"Note: {field.flag} is {text}, from {field.variable}.")

    def _check_ids(
        self, typed: Mapping[str, Value], piped: Mapping[str, Value], document: Document
    ) -> None:
        """Reject an object whose ID differs from the flag's: it may be the next line of a loop, not a body (D31).

        Only YAML that gives an update all of its fields is accepted, because it was written for this purpose.
        Of several objects, each must have its ID: otherwise, all would change the one of the command line.
        """
        for field in self.operation.fields_in("path"):
            if field.name not in typed:
                continue
            text = scalar_text(typed[field.name])
            if field.name not in piped:
                if field == self.operation.positional and self.input_.are_several:
                    raise UsageError(
                        f"{document.source} has no id, so all objects would go to {text!r}.",
                        "Give each object its id, or send one object only.",
                    )
            elif text != (found := scalar_text(piped[field.name])):
                if document.is_json or not self.lacks_something:
                    raise UsageError(
                        f"{document.source} holds {found!r}, but {field.flag} is {text!r}.",
                        "Leave out one of them. In a loop that reads lines, add < /dev/null to this command.",
                    )
                self._note(
                    f"Note: {document.source} holds {found!r}; {text!r} is used, from the command line."
                )

    def _body(self, values: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
        operation = self.operation
        if not operation.has_body:
            if given:
                self._note_unused(given)
            return {}
        body = {key: value for key, value in given.items() if key not in operation.server_fields}
        # D34: a returned object can be sent
        if dropped := [key for key in given if key not in body]:
            self._note(f"Note: left out what the server sets: {', '.join(dropped)}.")
        self._note_files(body)
        fields = operation.fields_in("body")
        body |= {field.wire_name: values[field.name] for field in fields if field.name in values}
        self._set_inner_fields(body, values)
        for warning in _unknown_in(body, fields):
            self._note(warning)
        return body

    def _set_inner_fields(self, body: dict[str, Value], values: Mapping[str, Value]) -> None:
        """Set the fields that flags such as `--config.type` give, within those from a file or another flag."""
        implied = self.operation.implied_types
        for field in _given_in_body(self.operation, values):
            if field.outer and isinstance(outer := body.get(field.outer), dict | None):
                types = {"type": implied[field.name]} if field.name in implied else {}
                body[field.outer] = {**types, **(outer or {}), field.inner: values[field.name]}

    def _check_values(self, body: dict[str, Value], where: str) -> None:
        """Reject values that the API can't accept, with the messages of `ant apply`. Note other odd ones."""
        operation = self.operation
        types = {field.wire_name: field.type for field in operation.fields_in("body")}
        if all(
            types.get(key) is not dict and isinstance(body[key], types.get(key, object))
            for key in body
        ):
            return  # reading the schema takes time
        from ant_cli.input.validation import check_sent  # late, as above

        mistakes = check_sent(body, creates=operation.creates)
        if rejected := [str(mistake) for mistake in mistakes if not mistake.is_sent]:
            raise UsageError(f"{where}{'; '.join(rejected)}.", see_help(operation.command))
        for mistake in mistakes:
            self.odd.setdefault(str(mistake), {}).setdefault(where)

    def _note_unused(self, given: Mapping[str, Value]) -> None:
        """Note keys that are neither fields of the request nor of an object: they may be mistyped."""
        known = {key.lower() for group in GROUPS.values() for key in group.known_keys}
        if unused := [key for key in given if key.lower() not in known]:
            names = ", ".join(map(repr, unused[:_NAMED])) + ", ..." * (len(unused) > _NAMED)
            own = [key for field in self.operation.fields for key in field.input_keys]
            guess = did_you_mean(unused[0], own)
            self._note(f"Note: {self.operation.command} does not use {names} of the input.{guess}")

    def _note_files(self, value: Value) -> None:
        """Note each text that the official tool would replace by a file of this machine (D32)."""
        if isinstance(value, str):
            if value.startswith("@") and os.path.isfile(value[1:]):  # noqa: PTH113 - Path.is_file() may raise
                text = repr(shortened(value))
                self._note(
                    f"Note: {text} is sent literally: files are read only for values of flags."
                )
            return
        for child in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        ):
            self._note_files(child)


def build_all(operation: Operation, texts: Texts, flags: Flags, runtime: Runtime) -> Requests:
    """Return the requests of a command line, and print the notes about them.

    There is at least one, unless input that should name objects ended without an ID.

    Raises:
        UsageError: if a value is missing, can't be what its field takes, or can't be read, or if there are
            several inputs for a list.

    """
    id_name = operation.id_name
    typed = read_flags(operation, texts, runtime)
    from_variables = _from_variables(operation, texts, runtime)
    has_edits = any(setting.name in flags for setting in EDITS)
    has_changes = has_edits or bool(_given_in_body(operation, typed))
    known = {*texts, *from_variables}
    lacks_something = any(
        field.required and field.name not in known for field in operation.fields
    ) or (operation.partial_update and not has_changes)
    lacks_precondition = bool(operation.precondition) and operation.precondition not in texts
    takes_input = (
        operation.has_body or lacks_something or lacks_precondition or id_name in from_variables
    )
    if not (takes_input or flags.of(FILE)):
        _note_unread(operation, texts, runtime)
    input_ = read_input(
        operation,
        operation.positional.wire_name if operation.positional and id_name not in texts else "",
        flags.of(FILE),
        runtime,
        is_needed=lacks_something,
        is_taken=takes_input,
    )
    ids = texts.get(id_name)
    builder = _Builder(
        operation,
        input_,
        typed,
        ids=ids if isinstance(ids, list) else [],
        from_variables=from_variables,
        has_edits=has_edits,
        lacks_something=lacks_something,
        at_terminal=runtime.stderr.is_terminal,
        notes={},
        odd={},
        unsent={},
    )
    requests = Requests(builder)
    if requests.count > 1 and "name" in typed:
        raise _one_name_for_many(operation, requests, scalar_text(typed["name"]))
    if operation.paginated and requests.count > 1:
        raise UsageError(
            f"one input is expected, but there are {requests.count}.", see_help(operation.command)
        )
    if not requests.count:
        runtime.say("Note: the input has no ID, so there is nothing to do.")
    unsent = f"{_ID_ONLY} Not sent: {', '.join(builder.unsent)}."
    for note in (*builder.notes, *([unsent] if builder.unsent else [])):
        runtime.say(note)
    for mistake, places in builder.odd.items():
        runtime.say(f"Warning: {_named(list(places))}{mistake}; it is sent unchanged.")
    return requests


def _named(places: Sequence[str]) -> str:
    """Return the first of the documents that have a mistake, and how many others have it."""
    first, others = places[0], len(places) - 1
    return f"{first.removesuffix(': ')} and {others} more: " if others else first


def _one_name_for_many(operation: Operation, requests: Requests, name: str) -> UsageError:
    """Return the error for one `--name` and several objects."""
    ids = [quote(text) for text in requests.first.path_params.values()]
    words = " ".join(["ant", operation.command, *ids, "--name", quote(name)])
    one = f"For one of them: {words}" if ids else ""
    each = "For a name each: leave out --name, and give each object on stdin its name."
    return UsageError(f"--name {quote(name)} would name {requests.count} objects.", one, each)


def _note_unread(operation: Operation, given: Texts, runtime: Runtime) -> None:
    """Note values for this command in a file that stdin is redirected from, which is not read (D26)."""
    text = runtime.stdin.beginning_of_file()
    fields = [*operation.fields_in("query"), *operation.fields_in("header")]
    keys = [
        field.wire_name for field in fields if field.name not in given and field.wire_name in text
    ]
    try:
        members = parse(text, "") if keys else None
    except UsageError:  # it holds something else, such as the lines of a loop
        return
    if isinstance(members, dict) and (unread := [key for key in keys if key in members]):
        runtime.say(f"Note: stdin is not read. To use its {', '.join(unread)}: {FILE.flag} -")


def _given_in_body(operation: Operation, values: Mapping[str, Value]) -> list[Field]:
    """Return the fields of the body that have a value, including parts of others such as `config.type`."""
    return [
        field for field in operation.fields if field.location == "body" and field.name in values
    ]


def _from_variables(operation: Operation, given: Texts, runtime: Runtime) -> dict[str, Value]:
    """Return the IDs that a variable gives, and no flag. A blank variable counts as unset."""
    texts = {
        field.name: runtime.environ.get(field.variable, "").strip()
        for field in operation.fields_in("path")
    }
    return {name: text for name, text in texts.items() if text and name not in given}


def _unknown_in(body: Mapping[str, Value], fields: Sequence[Field]) -> Iterator[str]:
    """Yield a warning for each field, at any depth, and for each choice that the API does not document."""
    yield from _unknown_fields(body, [field.wire_name for field in fields], ())
    for field in fields:
        value = body.get(field.wire_name)
        if field.choices and isinstance(value, str) and value not in field.choices:
            yield _warning(f"{value!r} is not a known {field.wire_name}", value, field.choices)


def _unknown_fields(
    body: Mapping[str, Value], known: Sequence[str], path: tuple[str, ...]
) -> Iterator[str]:
    for name, value in body.items():
        where = (*path, name)
        if name not in known:
            yield _warning(f"{'.'.join(where)!r} is not a known field", name, known)
        elif isinstance(value, dict):
            from ant_cli.input.validation import known_fields  # late: reading the schema takes time

            if fields := known_fields(where):
                yield from _unknown_fields(value, fields, where)


def _warning(problem: str, name: str, known: Sequence[str]) -> str:
    return f"Warning: {problem}; it is sent unchanged.{did_you_mean(name, known)}"
