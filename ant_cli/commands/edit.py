"""`ant edit`: change an environment in the user's editor."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ant_cli.apply import server
from ant_cli.apply.comparison import CLEARABLE, PATCHED, are_equal, changes_between, changes_of
from ant_cli.apply.declarations import ENVIRONMENT, SCHEMA_LINE, Exported, export, safe_name
from ant_cli.apply.drawing import draw_change, draw_step, name_width
from ant_cli.apply.editor import EditedFile, TextNote, choose_editor
from ant_cli.apply.plan import Object, Step
from ant_cli.apply.redacted_plan import redact_step
from ant_cli.commands import wants_structured
from ant_cli.errors import EXIT_CODES, NOT_FOUND, AntError, APIError, UsageError
from ant_cli.errors.command_line import command_line
from ant_cli.http.client import Sends
from ant_cli.http.names import connect_by_name
from ant_cli.http.response import error_message
from ant_cli.input.validation import Mistake, check, located
from ant_cli.input.values import Value, encode, type_name
from ant_cli.input.yaml_reader import YAMLProblem, read_yaml
from ant_cli.operations.environments import SERVER_FIELDS
from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.output.style import PLAIN, style_of
from ant_cli.output.yaml_writer import to_yaml
from ant_cli.runtime import Runtime
from ant_cli.runtime.redactor import LONGEST_SHOWN
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.settings.loading import output_settings

_HEAD = f"""\
{SCHEMA_LINE}\
# Change the environment and leave the editor: your changes are sent at once.
# To send nothing, change nothing. Lines that start with # are comments.
# Delete a field to clear it: the description, a list, a key of metadata.
# Other fields need a value.
#
"""
_FOOT = f"""\
#
# The package managers are apt, cargo, gem, go, npm and pip. A limited network
# has allowed_hosts, allow_package_managers and allow_mcp_servers.
#
# `{command_line("help fields")}` describes every field.
"""
_EMPTIED = ((PATCHED,), ("config", "packages"))
"""The fields that are cleared member by member."""
_CORRECTABLE = (400, 409, 413, 422)
"""The statuses with which the server rejects the user's text: a different text may be accepted."""
MOST_ROUNDS = 100
"""The most times that the text is opened: an editor that is a script might never stop."""
_GIVE_UP = "Nothing was changed yet. Correct it and save. To give up, save it unchanged."
_CHANGED = "The environment has been changed elsewhere in the meantime:"
_CONFIRM = """\
Only the fields that you change are sent. They overwrite changes of the same
fields. See whether your text still fits, and delete this line to send it.
To give up, leave the text unchanged."""


def edit(runtime: Runtime, flags: Flags, *, environment_id: str, dry_run: bool = False) -> None:
    """Open an environment in the editor, and send the changes."""
    command = choose_editor(runtime)
    printer = (
        Printer(output_settings(flags), runtime, is_list=False) if wants_structured(flags) else None
    )
    with server.connected(flags, runtime, 1, connect_by_name) as connection:
        client = connection.client
        remote = server.read(client, environment_id)
        with EditedFile(
            f"{safe_name(environment_id) or ENVIRONMENT}.yaml", command, runtime
        ) as file:
            edited = _Session(
                remote, _exported(remote), file, client, printer, runtime, dry_run
            ).run()
    if edited is None:
        return
    if printer:
        printer.print_one(encode(edited))
    runtime.say(f"Updated {edited['id']}.")


class _OpenAgain(Exception):
    """Raised if the text can't be sent as it is."""

    def __init__(self, error: AntError, *notes: TextNote, remote: Object | None = None) -> None:
        """`error` ends the run if the user leaves the file unchanged.

        `remote` is the environment if others have changed it.
        """
        self.error = error
        self.notes = notes
        self.remote = remote


class _Session(NamedTuple):
    """One run: the text is opened until it can be sent, or the user gives up."""

    first: Object
    """The environment when it was read."""
    exported: Exported
    file: EditedFile
    client: Sends
    printer: Printer | None
    """Prints results as data; without it, the plan is shown as text."""
    runtime: Runtime
    dry_run: bool

    def run(self) -> Object | None:
        """Let the user edit the environment, and return its new state; None if it was not changed.

        Raises:
            UsageError: if the user abandoned a text with mistakes.
            AntError: if the editor or the update fails. If a different text may be accepted, only after the user
                gives up.

        """
        remote, text = self.first, _text_of(self.first, self.exported)
        saved = self.file.edit(text)
        for _ in range(MOST_ROUNDS):
            text = text if saved is None else saved
            try:
                return self._proceed(text, remote)
            except _OpenAgain as again:
                problem, remote = again, again.remote or remote
            saved = self.file.edit(text, problem.notes)
            if saved is None:
                break
        raise problem.error

    def _proceed(self, text: str, remote: Object) -> Object | None:
        """Send a text as an update of an environment. Raises _OpenAgain if it can't be sent as it is."""
        body = _parse(text)
        mistakes: list[Mistake] = []
        update = _difference(self.exported.body, body, mistakes) if body else {}
        if mistakes:
            raise _mistaken(_notes_about(text, mistakes))
        if not changes_of(update, self.first):
            why = "Nothing changed" if body else "The text is empty"
            self.runtime.say(f"{why}, so nothing was sent.")
            return None
        self._show(update, remote)
        return None if self.dry_run else self._send(text, update, remote)

    def _show(self, update: dict[str, Value], remote: Object) -> None:
        if self.printer is None:
            changes, name = changes_of(update, remote), str(remote.get("name", ""))
            step = Step("update", "", name, str(remote["id"]), {}, remote, changes)
            style = style_of(self.runtime.stdout, self.runtime)
            shown = redact_step(step, self.runtime.redactor.redact)
            lines = draw_step(shown, name_width([shown]), style.paint, with_fields=False)
            with suppress(BrokenPipeError):  # the user's change is sent even if nobody reads this
                self.runtime.stdout.write(("\n".join(lines) + "\n").encode(), escape=False)
        elif self.dry_run:
            self.printer.print_one(encode(update))

    def _send(self, text: str, update: dict[str, Value], remote: Object) -> Object:
        """Update the environment, unless it has changed since it was read."""
        try:
            return server.update(self.client, remote, update)
        except server.Changed as changed:
            again = _changed(remote, changed.now)
            self.runtime.say(
                "The environment has been changed elsewhere in the meantime, so nothing was sent yet."
            )
            raise again from None
        except APIError as error:
            raise self._rejected(text, error) from None

    def _rejected(self, text: str, error: APIError) -> _OpenAgain:
        """Return what shows the server's message in the text. Raises the error if no text would be accepted."""
        if error.status not in _CORRECTABLE:
            raise error
        message = (
            error_message(self.runtime.redactor.redact_body(error.body, LONGEST_SHOWN))
            or error.message
        )
        path = tuple(message.partition(":")[0].split("."))
        line = 0
        if path[0] in self.exported.body:
            line = _notes_about(text, [Mistake(path, "")])[0].line
        message = f"The server rejects it: {message}"
        self.runtime.say(message)
        return _OpenAgain(error, TextNote(0, _GIVE_UP), TextNote(line, message))


def _changed(before: Object, now: Object | None) -> _OpenAgain:
    """Return what shows the changes of others. Raises AntError if the environment can't be edited any more."""
    if now is None:
        raise AntError(f"{before['id']} has been deleted in the meantime.").with_exit_code(
            EXIT_CODES[NOT_FOUND]
        )
    changes = changes_between(_exported(now).body, before)
    lines = [f"  {line}" for change in changes for line in draw_change(change, PLAIN.paint)]
    error = AntError(
        f"{now['id']} has been changed elsewhere in the meantime, so nothing was sent."
    )
    note = TextNote(0, "\n".join([_CHANGED, *lines, _CONFIRM]))
    return _OpenAgain(error.with_exit_code(EXIT_CODES[409]), note, remote=now)


def _exported(remote: Object) -> Exported:
    """Return an environment's editable fields. Raises AntError if it can't be edited."""
    identifier = escape_breaks(str(remote["id"]))
    if remote.get("archived_at"):
        raise AntError(f"{identifier} is archived, so it can't be changed.")
    exported = export(remote)
    if exported.problems:
        problems = "\n".join(f"  {escape_breaks(problem)}" for problem in exported.problems)
        raise AntError(f"{identifier} has fields that can't be edited as text:\n{problems}")
    return exported


# The text


def _text_of(remote: Object, exported: Exported) -> str:
    """Return the text to edit: explanations around the fields, with the server's own fields as comments."""
    owned = {
        key: remote[key]
        for key in (*SERVER_FIELDS, "scope")
        if key in remote and key not in exported.body
    }
    lines = [f"# {line}" for line in to_yaml(encode(owned)).splitlines()]
    if exported.left_out:
        lines.append(f"# Kept unchanged: {escape_breaks(', '.join(exported.left_out))}")
    return _HEAD + "\n".join([*lines, "", to_yaml(encode(exported.body))]) + _FOOT


def _parse(text: str) -> dict[str, Value]:
    """Return the environment that a text declares; empty if it has nothing except comments.

    Raises:
        _OpenAgain: if it has mistakes.

    """
    try:
        documents = read_yaml(text)
    except YAMLProblem as problem:
        raise _mistaken([TextNote(problem.line, problem.message)]) from None
    body = (documents[0] if documents else None) or {}
    if not isinstance(body, dict):
        raise _mistaken([TextNote(0, f"must hold keys and values, got {type_name(body)}")])
    mistakes = check(body)
    if mistakes:
        raise _mistaken(_notes_about(text, mistakes))
    body.pop("type", None)
    return body


def _notes_about(text: str, mistakes: Sequence[Mistake]) -> list[TextNote]:
    """Return mistakes as notes at their lines."""
    return [
        TextNote(position.line if mistake.path else 0, str(mistake))
        for mistake, position in located(mistakes, text)
    ]


def _mistaken(mistakes: Sequence[TextNote]) -> _OpenAgain:
    lines = [_line_of(note) for note in mistakes]
    error = UsageError("\n".join(["the text has mistakes, so nothing was sent:", *lines]))
    return _OpenAgain(error, TextNote(0, _GIVE_UP), *mistakes)


def _line_of(note: TextNote) -> str:
    if note.line == 0:
        return f"  {note.text}"
    return f"  line {note.line}: {note.text}"


def _difference(
    old: dict[str, Any], new: dict[str, Any], mistakes: list[Mistake], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the update from one body to another: what differs, and the `type` of each object around it.

    A field that was deleted, or is null, is cleared. `mistakes` gets fields that can't be, and a new config.type.
    """
    update: dict[str, Any] = {}
    for key in {**new, **old}:
        before, after, here = old.get(key), new.get(key), (*path, key)
        if are_equal(before, after):
            continue
        if isinstance(after, dict) or here in _EMPTIED:
            part = _part_difference(before or {}, after or {}, mistakes, here)
            if part:
                update[key] = part
        elif after is not None or _is_clearable(here):
            update[key] = after
        elif isinstance(before, list):
            update[key] = []
        else:
            mistakes.append(Mistake(here, "can't be cleared, so it needs a value"))
    return update


def _part_difference(
    before: dict[str, Any], after: dict[str, Any], mistakes: list[Mistake], here: tuple[str, ...]
) -> dict[str, Any]:
    """Return the update of an object; empty if nothing differs. One of another type has other fields."""
    old_type, new_type = before.get("type"), after.get("type")
    if old_type != new_type:
        before = {}
        if here == ("config",):
            problem = f"can't change from {old_type} to {new_type}; create another environment"
            mistakes.append(Mistake((*here, "type"), problem))
    part = _difference(before, after, mistakes, here)
    if not part or "type" not in after:
        return part
    return {"type": after["type"], **part}


def _is_clearable(here: tuple[str, ...]) -> bool:
    """Whether null clears a field: the description, and each key of metadata."""
    return here == (CLEARABLE,) or here[:-1] == (PATCHED,)
