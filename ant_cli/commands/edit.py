"""`ant edit`: change an environment in the user's editor."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ant_cli.apply import server
from ant_cli.apply.comparison import CLEARABLE, PATCHED, changes_between, changes_of, smallest_update
from ant_cli.apply.declarations import ENVIRONMENT, Exported, export, safe_name
from ant_cli.apply.drawing import draw_change, draw_step, name_width, paint_for, unpainted
from ant_cli.apply.editor import (
    EditedFile,
    TextNote,
    choose_editor,
    notes_about,
    read_text,
    text_of,
    with_notes,
    without_notes,
)
from ant_cli.apply.plan import Object, Step
from ant_cli.apply.validation import Mistake
from ant_cli.commands.results import wants_structured
from ant_cli.errors import EXIT_CODES, AntError, APIError, UsageError
from ant_cli.http.client import Client
from ant_cli.http.response import error_message
from ant_cli.input.values import Value, encode
from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.run.hints import hints_on_404, target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.streams import LONGEST_SHOWN
from ant_cli.settings.loading import output_settings

_CONFIG = "config"
_PACKAGES = (_CONFIG, "packages")
_CORRECTABLE = (400, 409, 413, 422)
"""The statuses with which the server rejects the user's text: a different text may be accepted."""
MOST_ROUNDS = 100
"""The most times that the text is opened: an editor that is a script might never stop."""
_GIVE_UP = "Nothing was sent yet. Correct it and save. To give up, save it unchanged."
_CHANGED = "The environment was changed elsewhere meanwhile:"
_CONFIRM = """\
Only what you change is sent. It overwrites such a change of the same field: see
whether your text still fits, and delete this line to send it.
To give up, leave the text unchanged."""


def edit(runtime: Runtime, flags: Flags, *, environment_id: str, dry_run: bool = False) -> None:
    """Open an environment in the editor, and send the changes."""
    command = choose_editor(runtime)
    printer = Printer(output_settings(flags), runtime, is_list=False) if wants_structured(flags) else None
    with server.connected(flags, runtime, 1) as workers:
        client = workers.client
        with hints_on_404(environment_id, client, lambda found_id: f"ant edit {found_id}{target_flags(flags)}"):
            remote = server.read(client, environment_id)
        with EditedFile(f"{safe_name(environment_id) or ENVIRONMENT}.yaml", command, runtime) as file:
            edited = _Session(remote, _exported(remote), file, client, printer, runtime, dry_run).run()
    if edited is None:
        return
    if printer:
        printer.print_one(encode(edited))
    runtime.stderr.say(f"Updated {edited['id']}.")


class _OpenAgain(Exception):
    """The text can't be sent as it is."""

    def __init__(self, error: AntError, *notes: TextNote, remote: Object | None = None) -> None:
        """`error` ends the run if the user leaves the text unchanged.

        `remote` is the environment if others have changed it. Then the text has no mistakes, so deleting a note is
        enough to send it.
        """
        super().__init__()
        self.error = error
        self.notes = notes
        self.remote = remote


class _Session(NamedTuple):
    """One run: the text is opened until it can be sent, or the user gives up."""

    first: Object
    """The environment when it was read."""
    exported: Exported
    file: EditedFile
    client: Client
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
        remote, text = self.first, text_of(self.first, self.exported)
        problem: _OpenAgain | None = None
        rounds = 0
        while True:
            rounds += 1
            opened = with_notes(text, problem.notes) if problem else text
            saved = self.file.edit(opened)
            is_unchanged = saved == opened if problem and problem.remote else without_notes(saved) == text
            if problem and (is_unchanged or rounds == MOST_ROUNDS):
                raise problem.error
            text = without_notes(saved)
            try:
                return self._proceed(text, remote)
            except _OpenAgain as again:
                problem, remote = again, again.remote or remote

    def _proceed(self, text: str, remote: Object) -> Object | None:
        """Send a text as an update of an environment. Raises _OpenAgain if it can't be sent as it is."""
        parsed = read_text(text)
        if parsed.mistakes:
            raise _mistaken(parsed.mistakes)
        mistakes: list[Mistake] = []
        body = _completed(self.exported.body, parsed.body, mistakes) if parsed.body else self.exported.body
        if mistakes:
            raise _mistaken(notes_about(text, mistakes))
        update = smallest_update(body, self.first)
        if not update:
            why = "Nothing changed" if parsed.body else "The text is empty"
            self.runtime.stderr.say(f"{why}, so nothing was sent.")
            return None
        self._show(update, remote)
        return None if self.dry_run else self._send(text, update, remote)

    def _show(self, update: dict[str, Value], remote: Object) -> None:
        if self.printer is None:
            changes, name = tuple(changes_of(update, remote)), str(remote.get("name", ""))
            step = Step("update", "", name, str(remote["id"]), remote=remote, changes=changes)
            lines = draw_step(step, name_width([step]), paint_for(self.runtime), with_fields=False)
            with suppress(BrokenPipeError):  # what the user has written is sent, whether or not anybody reads this
                self.runtime.stdout.write(("\n".join(lines) + "\n").encode(), escape=False)
        elif self.dry_run:
            self.printer.print_one(encode(update))

    def _send(self, text: str, update: dict[str, Value], remote: Object) -> Object:
        """Update the environment, unless it has changed since it was read."""
        now = remote

        def check() -> None:
            nonlocal now
            now = server.read(self.client, str(remote["id"]))
            if now.get("updated_at") != remote.get("updated_at"):
                raise _changed(remote, now)

        try:
            return server.update(self.client, str(remote["id"]), update, check)
        except _OpenAgain:
            if not changes_of(update, now):  # they were made by an attempt whose response was lost
                return now
            self.runtime.stderr.say("The environment was changed elsewhere meanwhile, so nothing was sent yet.")
            raise
        except APIError as error:
            raise self._rejected(text, error) from None

    def _rejected(self, text: str, error: APIError) -> _OpenAgain:
        """Return what shows the server's message in the text. Raises the error if no text would be accepted."""
        if error.status not in _CORRECTABLE:
            raise error
        message = error_message(self.runtime.stderr.redact_body(error.body, LONGEST_SHOWN)) or error.message
        path = tuple(message.partition(":")[0].split("."))
        line = notes_about(text, [Mistake(path, "")])[0].line if path[0] in self.exported.body else 0
        message = f"The server rejects it: {message}"
        self.runtime.stderr.say(message)
        return _OpenAgain(error, TextNote(0, _GIVE_UP), TextNote(line, message))


def _changed(before: Object, now: Object) -> _OpenAgain:
    """Return what shows the changes of others. Raises AntError if the environment can't be edited any more."""
    changes = changes_between(_exported(now).body, before)
    lines = [f"  {line}" for change in changes for line in draw_change(change, unpainted)]
    error = AntError(f"{now['id']} was changed elsewhere meanwhile, so nothing was sent.")
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


def _mistaken(mistakes: Sequence[TextNote]) -> _OpenAgain:
    lines = "\n".join(f"  line {note.line}: {note.text}" if note.line else f"  {note.text}" for note in mistakes)
    error = UsageError(f"the text has mistakes, so nothing was sent:\n{lines}")
    return _OpenAgain(error, TextNote(0, _GIVE_UP), *mistakes)


def _completed(
    old: dict[str, Any], new: dict[str, Any], mistakes: list[Mistake], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the edited fields with an empty list for each list that was deleted: deleting it means to clear it.

    `mistakes` gets the changes that can't be made: the deletion of another field, and another type.
    """
    if old.get("type") != new.get("type"):
        if path == (_CONFIG,):
            problem = f"can't change from {old.get('type')} to {new.get('type')}; create another environment"
            mistakes.append(Mistake((_CONFIG, "type"), problem))
        return new  # networking: its fields belong to its type
    filled = dict(new)
    for key, value in old.items():
        here = (*path, key)
        if here in ((CLEARABLE,), (PATCHED,)):
            continue
        edited = new.get(key, {} if here == _PACKAGES else None)
        if isinstance(value, dict) and isinstance(edited, dict):
            filled[key] = _completed(value, edited, mistakes, here)
        elif edited is None and isinstance(value, list):
            filled[key] = []
        elif edited is None:
            mistakes.append(Mistake(here, "can't be cleared, so it needs a value"))
    return filled
