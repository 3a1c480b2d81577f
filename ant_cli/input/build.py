"""From a command line, a file and stdin to requests: collect the values, and reject or note what may be a mistake.

`build_all` makes the requests, which may be many (D31). `flag_values` reads the flags; `request` puts each value in
its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from ant_cli.errors import MissingFlag, UsageError, see_help, shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.flag_values import read_flags
from ant_cli.input.request import Request, place, request_of
from ant_cli.input.values import ParsedValue, Value, parse_all, to_text, type_name
from ant_cli.operations.shared_flags import EDITS, FILE
from ant_cli.operations.spec import Flags, Members, Operation, Param, Texts
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.shell import quote

_NAMED = 3
"""How many unused keys a note names."""
_IDENTITY = ("id", "type")
"""Server fields that people also write. The others tell an object from the server."""
_STDIN = "standard input"
_ID_ONLY = "Note: flags say what to change, so of an object from the server, only the ID is used."
_LOOP_HINT = (
    "If stdin is meant for something else, such as a loop that reads lines, add < /dev/null to this command."
)
_CSV = r"[^\s,]++(?:,[^\s,]++)++(?:\s|$)"
"""How the header of a CSV file begins."""
_CSV_TO_JSON = "python3 -c 'import csv,json,sys; [print(json.dumps(row)) for row in csv.DictReader(sys.stdin)]'"
_ID_LINE = r"[ \t]*+(?!(?:---|\.\.\.|null)[ \t\r]*$|- )((?:[\w.~-]++(?: [\w.~-]++)*+)?)[ \t\r]*+(?:#.*)?"
"""A line with one ID or name, or with only white space and a comment."""


class Document(NamedTuple):
    """The keys and values for one request."""

    members: dict[str, Value]
    source: str
    """Where it comes from, for messages."""
    is_json: bool
    """It is JSON, probably from a program, not YAML."""


class Requests:
    """The requests of a command line. The first iteration checks them. Each iteration builds them again."""

    def __init__(self, operation: Operation, texts: Texts, flags: Flags, runtime: Runtime) -> None:
        """Raise UsageError if an input can't be read, or can't be a request."""
        self._operation = operation
        self._at_terminal = runtime.stderr.is_terminal
        id_param = operation.positional
        ids = texts.get(id_param.name) if id_param else None
        self._ids = ids if isinstance(ids, list) else []
        """The IDs, if there are several as arguments."""
        self._id_key = id_param.wire_name if id_param and id_param.name not in texts else ""
        """The key of the ID in an object; empty if a flag gives the ID."""
        self.fields = read_flags(operation, texts, runtime)
        """The values of flags and arguments, by parameter name, without the IDs if there are several."""
        self._has_edits = any(param.name in flags for param in EDITS)
        """The flags include `--add`, `--remove` or `--set`, which change something besides the fields."""
        has_fields = any(param.name in self.fields for param in operation.params_in("body"))
        self._from_variables = _from_variables(operation, texts, runtime)
        """IDs that are used unless the input has others."""
        self._known = {**texts, **self._from_variables}
        """What needs no input, by parameter name."""
        self._lacks_something = any(
            param.required and param.name not in self._known for param in operation.params
        ) or (operation.partial_update and not has_fields and not self._has_edits)
        """The flags make no complete request."""
        path: str = flags.of(FILE)
        self._source = _STDIN if path in ("", "-") else path
        may_have_id = bool(id_param and id_param.name in self._from_variables)
        takes_input = operation.has_body or self._lacks_something or may_have_id
        text = _read(path, runtime, lacks_something=self._lacks_something) if takes_input or path else None
        self._was_read = text is not None
        """There was a file or a pipe, maybe a blank one."""
        self._listed_ids = _id_lines(text or "") if self._id_key else []
        """The IDs of the input, if it is a list of IDs."""
        self._parsed = parse_all("" if self._listed_ids else text or "", self._source)
        first = list(islice(self._values(), 2))
        self._are_several = len(first) > 1
        self._is_blank = not first or (first[0].value is None and not self._are_several)
        self.notes: dict[str, None] = {}
        """Notes and warnings, once each, even those about many inputs."""
        self._unsent: dict[str, None] = {}
        """The fields of objects from the server that are not sent, because flags say what changes."""
        self.count = sum(1 for _ in self)
        if self._unsent:
            self._note(f"{_ID_ONLY} Not sent: {', '.join(self._unsent)}.")

    @property
    def first(self) -> Request:
        """The first request, or the only one. There must be one."""
        return next(iter(self))

    def __iter__(self) -> Iterator[Request]:
        operation = self._operation
        id_name = operation.positional.name if operation.positional else ""
        if self._ids:
            if self._are_several:
                hint = _LOOP_HINT if self._source == _STDIN else ""
                raise UsageError("give several IDs or several objects, but not both.", hint)
            document = None if self._is_blank else next(self._documents())
            for text in self._ids:
                yield self._build({**self.fields, id_name: text}, document)
        elif not self._is_blank:
            for document in self._documents():
                yield self._build(self.fields, document)
        elif not self._was_read or not operation.acts_on_several or id_name in self._known:
            yield self._build(self.fields, None)

    def _values(self) -> Iterator[ParsedValue]:
        """Yield the JSON values, YAML documents or lines of IDs of the input.

        If an ID is missing, or each object is created, a list of objects or of IDs stands for its elements.
        """
        creates = self._operation.creates
        for parsed in self._listed_ids or self._parsed():
            if isinstance(parsed.value, list) and (self._id_key or (creates and parsed.value)):
                yield from (ParsedValue(item, 0, parsed.is_json or isinstance(item, str)) for item in parsed.value)
            else:
                yield parsed

    def _documents(self) -> Iterator[Document]:
        """Convert the values to documents, which are numbered if there are several."""
        for number, (value, line, is_json) in enumerate(self._values(), 1):
            place = (f", line {line}" if line else f", document {number}") if self._are_several else ""
            source = self._source + place
            members: Value = {self._id_key: value} if self._id_key and is_json and isinstance(value, str) else value
            if not isinstance(members, dict):
                raise self._not_an_object(value, source)
            yield Document(members, source, is_json)

    def _not_an_object(self, value: Value, source: str) -> UsageError:
        wanted = (
            "IDs, one per line, or keys and values" if self._id_key else "keys and values, such as `name: demo`"
        )
        hint = see_help(self._operation.command)
        if isinstance(value, str) and re.match(_CSV, value):
            path = "FILE.csv" if self._source == _STDIN else quote(self._source)
            hint = f"To send CSV as JSON lines: {_CSV_TO_JSON} < {path} | ant {self._operation.command}"
        elif isinstance(value, str) and self._source == _STDIN:
            hint = _LOOP_HINT
        return UsageError(f"{source} must hold {wanted}, but holds {type_name(value)}.", hint)

    def _build(self, flags: Mapping[str, Value], document: Document | None) -> Request:
        """Return the request of one input. Flags, by parameter name, win over the keys of the document."""
        operation = self._operation
        piped, given = place(operation, flags, document.members, document.source) if document else ({}, {})
        name = given.get("name") or flags.get("name")
        given = self._changes_in(given, flags)
        if document:
            self._check_ids(flags, piped, document)
        values = {**self._from_variables, **piped, **flags}
        self._note_variables(piped, flags)
        body = self._body(values, given)
        where = f"{document.source}: " if document and self._are_several else ""
        required = [param for param in operation.params if param.required]
        missing = [param.flag for param in required if param.name not in values and param.wire_name not in body]
        if missing:
            raise self._missing(missing, values, where)
        if operation.partial_update and not body and not self._has_edits:
            if self._was_read:  # D25: an empty pipe is a mistake
                raise UsageError(f"{where}the input holds no field to change.", see_help(operation.command))
            self._note("Note: no field was given, so nothing will change.")
        return request_of(operation, values, body)._replace(object_name=name if isinstance(name, str) else "")

    def _missing(self, flags: Sequence[str], values: Mapping[str, Value], where: str) -> UsageError:
        """Return the error for missing values. If one is an ID, it has the command with places for the IDs."""
        operation = self._operation
        error, params = MissingFlag(flags, operation.command, where), operation.params_in("path")
        if not any(param.flag in flags for param in params):
            return error
        ids = {param.name: to_text(values.get(param.name) or param.name.upper()) for param in params}
        *others, last = params
        if others and ids[last.name].startswith("env_"):  # where an item is meant, it is the environment's
            ids = {others[0].name: ids[last.name], last.name: last.name.upper()}
        words = [*(f"{param.flag} {quote(ids[param.name])}" for param in others), quote(ids[last.name])]
        return error.with_only_hints(f"Give IDs after the command: ant {operation.command} {' '.join(words)}")

    def _changes_in(self, given: dict[str, Value], flags: Mapping[str, Value]) -> dict[str, Value]:
        """Return what an object changes: nothing if it is from the server, and flags say what changes.

        Its other fields would undo what others have changed since it was read.
        """
        operation = self._operation
        fields = [param.wire_name for param in operation.params_in("body") if param.name in flags]
        is_returned = any(key in given for key in operation.server_fields if key not in _IDENTITY)
        if not (operation.positional and is_returned and (fields or self._has_edits)):
            return given
        self._unsent |= dict.fromkeys(key for key in given if key not in (*operation.server_fields, *fields))
        return {}

    def _note(self, note: str) -> None:
        self.notes.setdefault(note)

    def _note_variables(self, *given: Mapping[str, Value]) -> None:
        """Note IDs from variables at a terminal: a user may have forgotten that they are set."""
        for param in self._operation.params if self._at_terminal else ():
            if param.name in self._from_variables and not any(param.name in values for values in given):
                self._note(f"Note: {param.flag} is {self._from_variables[param.name]}, from {param.variable}.")

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
                if param == self._operation.positional and self._are_several:
                    raise UsageError(
                        f"{document.source} has no id, so all objects would go to {typed!r}.",
                        "Give each object its id, or send one object only.",
                    )
            elif typed != (found := to_text(piped[param.name])):
                if document.is_json or not self._lacks_something:
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
        body = {key: value for key, value in given.items() if key not in operation.server_fields}
        if dropped := [key for key in given if key not in body]:  # D34: a returned object can be sent
            self._note(f"Note: left out what the server sets: {', '.join(dropped)}.")
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


def build_all(operation: Operation, texts: Texts, flags: Flags, runtime: Runtime) -> Requests:
    """Return the requests of a command line, and print the notes about them.

    There is at least one, unless input that should name objects ended without an ID.

    Raises:
        UsageError: if a value is missing, can't be what its parameter takes, or can't be read, or if there are
            several inputs for a list.

    """
    requests = Requests(operation, texts, flags, runtime)
    if operation.paginated and requests.count > 1:
        raise UsageError(f"one input is expected, but there are {requests.count}.", see_help(operation.command))
    if not requests.count:
        runtime.stderr.say("Note: the input has no ID, so there is nothing to do.")
    for note in requests.notes:
        runtime.stderr.say(note)
    return requests


# --file and stdin


def _from_variables(operation: Operation, given: Texts, runtime: Runtime) -> dict[str, Value]:
    """Return the IDs that no flag gives, and a variable does. A blank one counts as unset."""
    texts = {param.name: runtime.environ.get(param.variable, "").strip() for param in operation.params_in("path")}
    return {name: text for name, text in texts.items() if text and name not in given}


def _read(path: str, runtime: Runtime, *, lacks_something: bool) -> str | None:
    """Return the text of --file or stdin; None if stdin is not read.

    Rules D26 and D27: a command without a body needs stdin only for missing IDs. A command with a body takes any
    input; but if its flags make a complete request, it must not wait for a silent pipe.
    """
    stdin = runtime.stdin
    if path not in ("", "-"):
        return decode(read_file(path, "--file"), path)
    if not path:
        if not stdin.has_input:
            return None
        if stdin.stays_silent():
            if not lacks_something:
                runtime.stderr.say("Note: nothing arrived on stdin within a second, so it was not read.")
                return None
            runtime.stderr.say("Note: waiting for input on stdin.")
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


def _unknown_in(body: Mapping[str, Value], params: Sequence[Param]) -> Iterator[str]:
    """Yield a warning for each field, at any depth, and each value of a choice that the API does not document."""
    yield from _unknown_fields(body, {param.wire_name: param.members for param in params}, "")
    for param in params:
        value = body.get(param.wire_name)
        if param.choices and isinstance(value, str) and value not in param.choices:
            yield _warning(f"{value!r} is not a known {param.wire_name}", value, param.choices)


def _unknown_fields(body: Mapping[str, Value], known: Members, path: str) -> Iterator[str]:
    for name, value in body.items():
        if name not in known:
            yield _warning(f"{path + name!r} is not a known field", name, known)
        elif known[name] and isinstance(value, dict):
            yield from _unknown_fields(value, known[name], f"{path}{name}.")


def _warning(problem: str, name: str, known: Iterable[str]) -> str:
    return f"Warning: {problem}; it is sent unchanged.{did_you_mean(name, known)}"
