"""From a command line, a file and stdin to requests: collect the values, and reject or note what may be a mistake.

`build_all` makes the requests, which may be many (D31). `flag_values` reads the flags; `request` puts each value in
its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ant_cli.errors import MissingFlag, Mistyped, UsageError, see_help
from ant_cli.errors.command_line import command_line, quote
from ant_cli.gjson.json_text import scalar_text
from ant_cli.input import SCHEMA_KEY
from ant_cli.input.documents import Document, Input, read_input
from ant_cli.input.flag_values import read_flags
from ant_cli.input.notes import Notes, note_files, note_unused, warn_of_unknown
from ant_cli.input.request import Request, place, request_of
from ant_cli.input.values import Value, parse
from ant_cli.operations.shared_flags import EDITS, FILE
from ant_cli.operations.spec import Field, Flags, Operation, Texts
from ant_cli.runtime import Runtime

_IDENTITY = ("id", "type")
"""Server fields that people also write. Any other one shows that an object is from the server."""


class Requests:
    """The requests of a command line, which have been checked. Each iteration builds them again."""

    def __init__(self, builder: "_Builder") -> None:
        """Raise UsageError if an input can't be a request."""
        self._builder = builder
        self._first: Request | None = None
        self.typed = builder.line.typed
        """The values of flags and arguments, by field, without the IDs if there are several."""
        self.count = 0
        for request in builder.requests():
            self._first = self._first or request
            self.count += 1

    @property
    def first(self) -> Request:
        """The first request, or the only one. There must be one."""
        if self._first is None:
            raise LookupError("there is no request")
        return self._first

    def __iter__(self) -> Iterator[Request]:
        return self._builder.requests()


class _CommandLine:
    """What a command line gives, and what it lacks."""

    def __init__(self, operation: Operation, texts: Texts, flags: Flags, runtime: Runtime) -> None:
        """Raise UsageError if a value can't be read."""
        self._operation = operation
        self._texts = texts
        self.typed = read_flags(operation, texts, runtime)
        """The values of flags and arguments, by field, without the IDs if there are several."""
        self.from_variables = _from_variables(operation, texts, runtime)
        """IDs that are used unless the input has others."""
        ids = texts.get(operation.id_name)
        self.ids: Sequence[Value] = ids if isinstance(ids, list) else []
        """The IDs, if there are several as arguments."""
        self.has_edits = any(setting.name in flags for setting in EDITS)
        """The flags include `--add`, `--remove` or `--set`, which change something besides the fields."""

    @property
    def has_id(self) -> bool:
        """Whether it, or a variable, says which object is meant."""
        id_name = self._operation.id_name
        return id_name in self.typed or id_name in self.from_variables

    @property
    def lacks_something(self) -> bool:
        """Whether it alone does not make a complete request."""
        operation, known = self._operation, {*self._texts, *self.from_variables}
        if any(field.required and field.name not in known for field in operation.fields):
            return True
        if not operation.partial_update or self.has_edits:
            return False
        return not _given_in_body(operation, self.typed)

    @property
    def takes_input(self) -> bool:
        """Whether the command uses a file or stdin, even if nobody names one."""
        operation = self._operation
        if operation.has_body or self.lacks_something:
            return True
        if operation.precondition and operation.precondition not in self._texts:
            return True
        return operation.id_name in self.from_variables


class _Builder(NamedTuple):
    """Builds the requests, and collects the notes about them."""

    operation: Operation
    line: _CommandLine
    input_: Input
    notes: Notes
    unsent: dict[str, None]
    """The fields of objects from the server that are not sent, because flags say what changes."""
    at_terminal: bool

    def requests(self) -> Iterator[Request]:
        """Yield a request for each input. Raises UsageError if one can't be a request."""
        if self.line.ids:
            yield from self._requests_of_ids()
        elif not self.input_.is_blank:
            for document in self.input_.documents():
                yield self._build(self.line.typed, document)
        elif self.line.has_id or not (self.input_.was_read and self.operation.acts_on_several):
            yield self._build(self.line.typed, None)

    def _requests_of_ids(self) -> Iterator[Request]:
        input_ = self.input_
        if input_.are_several:
            problem = "give several IDs or several objects, but not both."
            raise UsageError(problem, input_.loop_hint)
        document = None if input_.is_blank else next(input_.documents())
        for text in self.line.ids:
            yield self._build({**self.line.typed, self.operation.id_name: text}, document)

    def _build(self, typed: Mapping[str, Value], document: Document | None) -> Request:
        """Return the request of one input. What was typed wins over the keys of the document."""
        if document is None:
            return self._request(typed, {}, {}, "")
        piped, given = place(self.operation, typed, document.members, document.source)
        self._check_ids(typed, piped, document)
        source = f"{document.source}: " if self.input_.are_several else ""
        return self._request(typed, piped, given, source)

    def _request(
        self,
        typed: Mapping[str, Value],
        piped: Mapping[str, Value],
        given: dict[str, Value],
        source: str,
    ) -> Request:
        """Return the request for what was typed, for the values of a document by field, and for its other keys.

        `source` names the document in errors and warnings, if there are several.
        """
        operation = self.operation
        given.pop(SCHEMA_KEY, None)
        name = given.get("name")
        given = self._changes_in(given, typed)
        values = {**self.line.from_variables, **piped, **typed}
        self._note_variables(piped, typed)
        body = self._body(values, given, source)
        self._check_required(values, body, source)
        self._check_values(body, source)
        self._check_changes(body, source)
        request = request_of(operation, values, body, source)
        return request._replace(object_name=name) if isinstance(name, str) else request

    # The document

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
            if field.name in piped:
                self._check_same_id(field, text, scalar_text(piped[field.name]), document)
            elif field == self.operation.positional and self.input_.are_several:
                raise UsageError(
                    f"{document.source} has no id, so all objects would go to {text!r}.",
                    "Give each object its id, or send one object only.",
                )

    def _check_same_id(self, field: Field, text: str, found: str, document: Document) -> None:
        if text == found:
            return
        if document.is_json or not self.line.lacks_something:
            raise UsageError(
                f"{document.source} holds {found!r}, but {field.flag} is {text!r}.",
                "Leave out one of them. In a loop that reads lines, add < /dev/null to this command.",
            )
        used = f"{text!r} is used, from the command line."
        self.notes.note(f"{document.source} holds {found!r}; {used}")

    def _changes_in(self, given: dict[str, Value], typed: Mapping[str, Value]) -> dict[str, Value]:
        """Return the fields to send of an object: none if it is from the server, and flags say what to change.

        They would undo what others have changed since the object was read.
        """
        operation = self.operation
        fields = [field.outer or field.wire_name for field in _given_in_body(operation, typed)]
        if not operation.positional or not (fields or self.line.has_edits):
            return given
        if not any(key in given for key in operation.server_fields if key not in _IDENTITY):
            return given
        meant = {*operation.server_fields, *fields}
        self.unsent.update((key, None) for key in given if key not in meant)
        return {}

    def _note_variables(self, *given: Mapping[str, Value]) -> None:
        """Note IDs from variables at a terminal: a user may have forgotten that they are set."""
        if not self.at_terminal:
            return
        for field in self.operation.fields:
            text = self.line.from_variables.get(field.name)
            if text is not None and not any(field.name in values for values in given):
                self.notes.note(f"{field.flag} is {text}, from {field.variable}.")

    # The body

    def _body(
        self, values: Mapping[str, Value], given: Mapping[str, Value], source: str
    ) -> dict[str, Value]:
        operation = self.operation
        if not operation.has_body:
            note_unused(operation, given, self.notes)
            return {}
        body = {key: value for key, value in given.items() if key not in operation.server_fields}
        # D34: a returned object can be sent
        if dropped := [key for key in given if key not in body]:
            self.notes.note(f"left out what the server sets: {', '.join(dropped)}.")
        note_files(body, self.notes)
        fields = operation.fields_in("body")
        body |= {field.wire_name: values[field.name] for field in fields if field.name in values}
        self._set_inner_fields(body, values)
        warn_of_unknown(body, fields, self.notes, source)
        return body

    def _set_inner_fields(self, body: dict[str, Value], values: Mapping[str, Value]) -> None:
        """Set the fields that flags such as `--config.type` give, within those from a file or another flag."""
        implied = self.operation.implied_types
        for field in _given_in_body(self.operation, values):
            if field.outer and isinstance(outer := body.get(field.outer), dict | None):
                types = {"type": implied[field.name]} if field.name in implied else {}
                body[field.outer] = {**types, **(outer or {}), field.inner: values[field.name]}

    # Checks

    def _check_required(
        self, values: Mapping[str, Value], body: Mapping[str, Value], source: str
    ) -> None:
        """Reject a request that lacks a value. If that is an ID, the error has the command with all IDs."""
        operation = self.operation
        required = [field for field in operation.fields if field.required]
        missing = [
            field.flag
            for field in required
            if field.name not in values and field.wire_name not in body
        ]
        if not missing:
            return
        error = MissingFlag(missing, operation.command, source)
        if not any(field.flag in missing for field in operation.fields_in("path")):
            raise error
        raise error.with_only_hints(f"Give IDs after the command: {self._line_with_ids(values)}")

    def _line_with_ids(self, values: Mapping[str, Value]) -> str:
        """Return the command with the IDs that are known, and places for the others."""
        fields = self.operation.fields_in("path")
        ids = {
            field.name: scalar_text(values.get(field.name) or field.name.upper())
            for field in fields
        }
        *others, last = fields
        # an environment's ID was given in place of an item's
        if ids[last.name].startswith("env_"):
            ids = {others[0].name: ids[last.name], last.name: last.name.upper()}
        words = [word for field in others for word in (field.flag, ids[field.name])]
        return command_line(self.operation.command, *words, ids[last.name])

    def _check_values(self, body: dict[str, Value], source: str) -> None:
        """Reject values that the API can't accept, with the messages of `ant apply`. Warn of other odd ones."""
        operation = self.operation
        types = {field.wire_name: field.type for field in operation.fields_in("body")}
        if all(_is_scalar(value, types.get(key, object)) for key, value in body.items()):
            return  # reading the schema takes time
        from ant_cli.input.validation import check_sent  # late, as above

        mistakes = check_sent(body, creates=operation.creates)
        rejected = [str(mistake) for mistake in mistakes if not mistake.is_sent]
        if rejected:
            raise UsageError(f"{source}{'; '.join(rejected)}.", see_help(operation.command))
        for mistake in mistakes:
            self.notes.warn(str(mistake), source)

    def _check_changes(self, body: Mapping[str, Value], source: str) -> None:
        """Reject or note an update that changes nothing."""
        operation = self.operation
        if body or not operation.partial_update or self.line.has_edits:
            return
        if self.input_.was_read:  # D25: an empty pipe is a mistake
            problem = f"{source}the input holds no field to change."
            raise UsageError(problem, see_help(operation.command))
        if self.line.ids:  # one of them is rather a field or its value: `update ID title nightly`
            raise Mistyped("no field to change is given.", see_help(operation.command))
        self.notes.note("no field was given, so nothing will change.")


def _is_scalar(value: Value, type_: type) -> bool:
    """Whether a value has the type of its field, in which no mistake can be."""
    return type_ is not dict and isinstance(value, type_)


def build_all(operation: Operation, texts: Texts, flags: Flags, runtime: Runtime) -> Requests:
    """Return the requests of a command line, and print the notes about them.

    There is at least one, unless input that should name objects ended without an ID.

    Raises:
        UsageError: if a value is missing, can't be what its field takes, or can't be read, or if there are
            several inputs for a list.

    """
    line, file = _CommandLine(operation, texts, flags, runtime), flags.of(FILE)
    if not (line.takes_input or file):
        _note_unread(operation, texts, runtime)
    id_key = ""
    if operation.positional and operation.id_name not in texts:
        id_key = operation.positional.wire_name
    input_ = read_input(
        operation,
        id_key,
        file,
        runtime,
        is_needed=line.lacks_something,
        is_taken=line.takes_input,
    )
    notes, unsent = Notes(), dict[str, None]()
    builder = _Builder(operation, line, input_, notes, unsent, runtime.stderr.is_terminal)
    requests = Requests(builder)
    _check_count(operation, requests)
    if requests.count == 0:
        runtime.say("Note: the input has no ID, so there is nothing to do.")
    if unsent:
        why = "flags say what to change, so only the ID is used of an object from the server."
        notes.note(f"{why} Not sent: {', '.join(unsent)}.")
    for text in notes.texts():
        runtime.say(text)
    return requests


def _check_count(operation: Operation, requests: Requests) -> None:
    """Reject several inputs for a list, and several objects with one name."""
    if requests.count < 2:
        return
    if "name" in requests.typed:
        raise _one_name_for_many(operation, requests, scalar_text(requests.typed["name"]))
    if operation.paginated:
        problem = f"one input is expected, but there are {requests.count}."
        raise UsageError(problem, see_help(operation.command))


def _one_name_for_many(operation: Operation, requests: Requests, name: str) -> UsageError:
    """Return the error for one `--name` and several objects."""
    ids = requests.first.path_params.values()
    hints = ["For a name each: leave out --name, and give each object on stdin its name."]
    if ids:
        hints.insert(0, f"For one of them: {command_line(operation.command, *ids, '--name', name)}")
    return UsageError(f"--name {quote(name)} would name {requests.count} objects.", *hints)


def _note_unread(operation: Operation, given: Texts, runtime: Runtime) -> None:
    """Note values for this command in a file that stdin is redirected from, which is not read (D26)."""
    text = runtime.stdin.beginning_of_file()
    fields = [*operation.fields_in("query"), *operation.fields_in("header")]
    absent = [field.wire_name for field in fields if field.name not in given]
    keys = [key for key in absent if key in text]
    if not keys:
        return
    try:
        members = parse(text, "")
    except UsageError:  # it holds something else, such as the lines of a loop
        return
    if not isinstance(members, dict):
        return
    unread = [key for key in keys if key in members]
    if unread:
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
