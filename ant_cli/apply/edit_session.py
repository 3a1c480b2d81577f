"""One run of `ant edit`: the text is opened until it can be sent, or the user gives up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ant_cli.apply import server
from ant_cli.apply.changes import changes_between
from ant_cli.apply.drawing import draw_change, unpainted
from ant_cli.apply.edit_changes import EnvironmentBody, completed, merge, mistakes_between, smallest_update
from ant_cli.apply.edit_text import (
    ParsedText,
    TextNote,
    framed,
    notes_about,
    read_text,
    text_of,
    with_notes,
    without_notes,
)
from ant_cli.apply.editor import EditedFile
from ant_cli.apply.exporting import Exported, export
from ant_cli.apply.plan import Object, Step
from ant_cli.apply.validation import Mistake
from ant_cli.errors import EXIT_CODES, AntError, APIError, UsageError
from ant_cli.http.client import Client
from ant_cli.http.response import error_message
from ant_cli.input.values import Value
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.streams import LONGEST_SHOWN, Stderr

_CORRECTABLE = (400, 409, 413, 422)
"""The statuses with which the server rejects the user's text: a different text may be accepted."""
MOST_ROUNDS = 100
"""The most times that the text is opened: an editor that is a script might never stop."""


class PlannedUpdate(NamedTuple):
    """The environment that an edited text declares."""

    step: Step
    """For the plan."""
    update: EnvironmentBody
    """The body of the update."""


class _Changed(Exception):
    """Somebody else has changed the environment since it was read."""

    def __init__(self, remote: Object) -> None:
        super().__init__()
        self.remote = remote


class _Round(NamedTuple):
    """What the editor opens next."""

    remote: Object
    """The environment on which the text is based."""
    base: EnvironmentBody
    """What it declares."""
    text: str
    """Without notes."""
    notes: tuple[TextNote, ...] = ()
    error: AntError | None = None
    """Why the text was opened again. This error ends the run if the user leaves the text unchanged."""
    asks: bool = False
    """The text has no mistakes, but the user has to confirm it by deleting a note."""

    def is_given_up(self, saved: str) -> bool:
        """Whether the user left the text unchanged."""
        if self.asks:
            return saved == self.opened
        return self.error is not None and without_notes(saved) == self.text

    @property
    def opened(self) -> str:
        """The text with the notes."""
        return with_notes(self.text, self.notes)


class EditSession:
    """Edits one environment."""

    def __init__(
        self,
        file: EditedFile,
        client: Client,
        stderr: Stderr,
        show: Callable[[PlannedUpdate], None],
        *,
        dry_run: bool,
    ) -> None:
        """`show` is called with the update before it is sent. With `dry_run`, it is not sent."""
        self._file = file
        self._client = client
        self._stderr = stderr
        self._show = show
        self._dry_run = dry_run

    def run(self, remote: Object) -> Object | None:
        """Let the user edit an environment, and return its new state; None if it was not changed.

        Raises:
            UsageError: if the user abandoned a text with mistakes.
            AntError: if the editor or the update fails. If a different text may be accepted, only after the user
                gives up.

        """
        turn = _first(remote)
        for _ in range(MOST_ROUNDS):
            saved = self._file.edit(turn.opened)
            if turn.error and turn.is_given_up(saved):
                raise turn.error
            text = without_notes(saved)
            parsed = _checked(text, turn.base)
            outcome = (
                _mistaken(turn, text, parsed.mistakes) if parsed.mistakes else self._proceed(turn, text, parsed)
            )
            if not isinstance(outcome, _Round):
                return outcome
            turn = outcome
        raise turn.error or AntError(f"the text was opened {MOST_ROUNDS} times, which is the limit.")

    def _proceed(self, turn: _Round, text: str, parsed: ParsedText) -> Object | _Round | None:
        """Send a text without mistakes as an update, or return the round in which it is opened again."""
        planned = _planned(turn, parsed)
        if parsed.is_empty or not planned.update:
            why = "The text is empty" if parsed.is_empty else "Nothing changed"
            self._stderr.say(f"{why}, so nothing was sent.")
            return None
        self._show(planned)
        if self._dry_run:
            return None
        try:
            return self._send(turn, planned.update)
        except _Changed as change:
            return self._rebased(turn, parsed, change.remote)
        except APIError as error:
            return self._rejected(turn, text, error)

    def _send(self, turn: _Round, update: EnvironmentBody) -> Object:
        """Update the environment, unless it has changed since it was read: then raise _Changed."""
        identifier = str(turn.remote["id"])

        def check() -> None:
            now = server.read(self._client, identifier)
            if now.get("updated_at") != turn.remote.get("updated_at"):
                raise _Changed(now)

        return server.update(self._client, identifier, update, check)

    def _rebased(self, turn: _Round, parsed: ParsedText, remote: Object) -> Object | _Round:
        """Return the user's changes, merged into the environment's new state.

        If it has them already, an attempt whose response was lost made them, and it is returned unchanged.
        """
        exported = _exported(remote)
        merged = merge(turn.base, completed(turn.base, parsed.body), exported.body)
        if not smallest_update(exported.body, merged.body):
            return remote
        text = framed(text_of(remote, exported._replace(body=merged.body)))
        notes = [TextNote(0, _describe_change(turn.remote, remote))]
        for path, value in merged.both:
            problem = (
                "has the changes of both now" if isinstance(value, list) else f"is {_shown(value)} on the server"
            )
            notes += notes_about(text, [Mistake(path, problem)])
        self._stderr.say(
            "The environment was changed elsewhere meanwhile. Your changes were added to its new state."
        )
        return _Round(remote, exported.body, text, tuple(notes), _conflict(remote), asks=True)

    def _rejected(self, turn: _Round, text: str, error: APIError) -> _Round:
        """Return the text with the server's message. Raises the error if no text would be accepted."""
        if error.status not in _CORRECTABLE:
            raise error
        message = error_message(self._stderr.redact_body(error.body, LONGEST_SHOWN)) or error.message
        path = tuple(message.partition(":")[0].split("."))
        line = notes_about(text, [Mistake(path, "")])[0].line if path[0] in turn.base else 0
        notes = (TextNote(0, _GIVE_UP), TextNote(line, f"The server rejects it: {message}"))
        self._stderr.say(f"The server rejects it: {message}")
        return turn._replace(text=text, notes=notes, error=error, asks=False)


_GIVE_UP = "Nothing was sent yet. Correct it and save. To give up, save it unchanged."


def _first(remote: Object) -> _Round:
    exported = _exported(remote)
    return _Round(remote, exported.body, framed(text_of(remote, exported)))


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


def _checked(text: str, base: EnvironmentBody) -> ParsedText:
    """Return the environment that a text declares, with all mistakes."""
    parsed = read_text(text)
    if parsed.is_empty or parsed.mistakes:
        return parsed
    return parsed._replace(mistakes=notes_about(text, mistakes_between(base, parsed.body)))


def _mistaken(turn: _Round, text: str, mistakes: Sequence[TextNote]) -> _Round:
    lines = "\n".join(f"  line {note.line}: {note.text}" if note.line else f"  {note.text}" for note in mistakes)
    error = UsageError(f"the text has mistakes, so nothing was sent:\n{lines}")
    return turn._replace(text=text, notes=(TextNote(0, _GIVE_UP), *mistakes), error=error, asks=False)


def _planned(turn: _Round, parsed: ParsedText) -> PlannedUpdate:
    remote = turn.remote
    changes = tuple(changes_between(completed(turn.base, parsed.body), remote))
    step = Step("update", "", str(remote.get("name", "")), str(remote["id"]), remote=remote, changes=changes)
    return PlannedUpdate(step, smallest_update(turn.base, parsed.body))


def _describe_change(before: Object, now: Object) -> str:
    """Return others' changes, for the beginning of the text."""
    changes = changes_between(_exported(now).body, before)
    lines = [f"  {line}" for change in changes for line in draw_change(change, unpainted)]
    intro = "The environment was changed elsewhere meanwhile; your changes were added to its new state:"
    return "\n".join([intro, *lines, "Delete this line to send them. To give up, leave the text unchanged."])


def _conflict(remote: Object) -> AntError:
    identifier = escape_breaks(str(remote["id"]))
    error = AntError(f"{identifier} was changed elsewhere meanwhile, so nothing was sent.")
    return error.with_exit_code(EXIT_CODES[409])


def _shown(value: Value) -> str:
    return "removed" if value is None else escape_breaks(json.dumps(value, default=str, ensure_ascii=False))
