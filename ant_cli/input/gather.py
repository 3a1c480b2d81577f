"""Collect the values of flags, files and stdin for an operation. Nothing is placed in a request yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ant_cli.errors import BadValue, UsageError
from ant_cli.input.documents import STDIN, Document, Documents, no_documents, read_documents
from ant_cli.input.flag_values import read_flag
from ant_cli.input.values import Value
from ant_cli.operations.global_flags import EDITS
from ant_cli.operations.spec import Flags, Operation, Param, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.reading import decode, read_file


class Inputs(NamedTuple):
    """What was given."""

    flags: Mapping[str, Value]
    """The values of the flags, by parameter name."""
    id_name: str = ""
    """The parameter with several values as arguments, if any."""
    ids: tuple[str, ...] = ()
    """Those values."""
    documents: Documents = no_documents
    """The input from a pipe, or from --file."""
    were_piped: bool = False
    """There was something to read, even if it was blank."""
    were_needed: bool = False
    """The flags do not make a complete request."""
    has_edits: bool = False
    """The flags include `--add`, `--remove` or `--set`, which change something besides the fields."""
    lack_ids: bool = False
    """The input ended without an ID, so there is nothing to do."""

    def each(self) -> Iterator[tuple[Mapping[str, Value], Document | None]]:
        """Yield the flags and the document of each request. With several IDs, every request gets the same document.

        Raises:
            UsageError: if there are several IDs and several documents.

        """
        if self.lack_ids:
            return
        if not self.ids:
            document = None
            for document in self.documents():
                yield self.flags, document
            if document is None:
                yield self.flags, None
            return
        documents = self.documents()
        document = next(documents, None)
        if next(documents, None) is not None:
            raise UsageError("give several IDs or several objects, but not both.")
        for text in self.ids:
            yield {**self.flags, self.id_name: text}, document


def gather(operation: Operation, flags: Flags, runtime: Runtime) -> Inputs:
    """Return the inputs of an operation.

    Raises:
        UsageError: if it can't be converted, read or parsed.

    """
    had_secret = runtime.stdin.taken  # then nothing of it is input
    name = operation.positional.name if operation.positional else ""
    ids = tuple(flags[name]) if isinstance(flags.get(name), list) else ()
    values = _from_flags(operation, flags, runtime)
    given = flags.keys()
    needed = _lacks_a_value(operation, given) or _lacks_a_change(operation, given)
    documents = _read(operation, flags, given, runtime)
    piped = (runtime.stdin.taken and not had_secret) or "file" in flags
    return Inputs(
        values,
        name,
        ids,
        documents,
        were_piped=piped,
        were_needed=needed,
        has_edits=any(param.name in flags for param in EDITS),
        lack_ids=piped and operation.acts_on_several and name not in flags and not any(documents()),
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


def _read(operation: Operation, flags: Flags, given: Collection[str], runtime: Runtime) -> Documents:
    path = flags.text("file")
    takes_ids = operation.positional is not None and operation.positional.name not in given
    if path is not None and path != "-":
        text = decode(read_file(path, "--file"), path)
        return read_documents(text, path, operation, takes_ids=takes_ids)
    if path != "-" and not _reads_stdin(operation, given, runtime):
        return no_documents
    return read_documents(decode(runtime.stdin.read(), STDIN), STDIN, operation, takes_ids=takes_ids)


def _reads_stdin(operation: Operation, given: Collection[str], runtime: Runtime) -> bool:
    """Whether stdin is for this command: rules D26 and D27 of the table of deviations.

    A command without a body needs stdin only for missing IDs. A command with a body takes any input; but if its
    flags make a complete request, it must not wait for a silent pipe.
    """
    if not runtime.stdin.has_input:
        return False
    missing = _lacks_a_value(operation, given)
    if not operation.has_body and not missing:
        return False
    if not runtime.stdin.stays_silent():
        return True
    if missing or _lacks_a_change(operation, given):
        runtime.stderr.say("Note: waiting for input on stdin.")
        return True
    runtime.stderr.say("Note: nothing arrived on stdin within a second, so it was not read.")
    return False


def _lacks_a_value(operation: Operation, given: Collection[str]) -> bool:
    return any(param.required and param.name not in given for param in operation.params)


def _lacks_a_change(operation: Operation, given: Collection[str]) -> bool:
    body = [param for param in operation.params if param.location == "body"]
    return operation.partial_update and not any(param.name in given for param in (*body, *EDITS))
