"""`ant edit`: the text of an environment, with notes about mistakes, and the user's editor for it.

Data from the server is never at the beginning or the end of the file, because editors execute directives there, for
example Vim's modelines.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ant_cli.apply.declarations import SCHEMA_LINE, Exported
from ant_cli.apply.plan import Object
from ant_cli.apply.validation import Mistake, check, first_of
from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.input.values import Value, encode, type_name
from ant_cli.input.yaml_reader import YAMLProblem, positions_of, read_yaml
from ant_cli.operations.environments import SERVER_FIELDS
from ant_cli.output.yaml_writer import to_yaml
from ant_cli.runtime import Runtime, shell
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.process import Terminated
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.signals import signal_handlers
from ant_cli.runtime.storage import replace_file

_MARK = "#! "
"""The beginning of lines that report a mistake. They are not part of the text."""
_HEAD = f"""\
{SCHEMA_LINE}\
# Change the environment and leave the editor: your changes are sent at once.
# To send nothing, change nothing. Lines that start with # are comments.
# Delete a field to clear it: the description, a list, a key of metadata.
# Other fields need a value.
#
"""
_FOOT = """\
#
# The package managers are apt, cargo, gem, go, npm and pip. A limited network
# has allowed_hosts, allow_package_managers and allow_mcp_servers.
#
# `ant help config` describes every field.
"""
VARIABLES = ("VISUAL", "EDITOR")
"""The variables that name the editor. The first one that is set is used."""
_USUAL = ("notepad",) if sys.platform == "win32" else ("vi", "nano")
_HINT = f"Set VISUAL or EDITOR, for example: {shell.set_variable('EDITOR', _USUAL[-1])}"


# The text


class TextNote(NamedTuple):
    """A note to show at a line of the text."""

    line: int
    """From 1; 0 for the text as a whole."""
    text: str


class ParsedText(NamedTuple):
    """What a text declares."""

    body: dict[str, Value]
    """Empty if the text has nothing except comments."""
    mistakes: tuple[TextNote, ...] = ()


def text_of(remote: Object, exported: Exported) -> str:
    """Return the text to edit: the fields between explanations, with those that the server owns as comments."""
    owned = {key: remote[key] for key in (*SERVER_FIELDS, "scope") if key in remote and key not in exported.body}
    lines = [f"# {line}" for line in to_yaml(encode(owned)).splitlines()]
    if exported.left_out:
        lines.append(f"# Kept unchanged: {escape_breaks(', '.join(exported.left_out))}")
    return _HEAD + "\n".join([*lines, "", to_yaml(encode(exported.body))]) + _FOOT


def with_notes(text: str, notes: Iterable[TextNote]) -> str:
    """Return a text with each note above its line. Notes about the whole text are above the server's data."""
    top = _HEAD.count("\n")
    lines = text.splitlines()
    for note in sorted(notes, key=lambda note: note.line, reverse=True):
        position = note.line - 1 if note.line else min(top, len(lines))
        lines[position:position] = [_MARK + escape_breaks(line) for line in note.text.splitlines()]
    return "\n".join([*lines, ""])


def without_notes(text: str) -> str:
    """Return a text without the lines of notes."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(_MARK.rstrip()))


def read_text(text: str) -> ParsedText:
    """Return the environment that a text without notes declares. Fields that are null are treated as deleted."""
    try:
        documents = read_yaml(text)
    except YAMLProblem as problem:
        return ParsedText({}, (TextNote(problem.line, problem.message),))
    document = documents[0] if documents else None
    if document is None:
        return ParsedText({})
    if not isinstance(document, dict):
        return ParsedText({}, (TextNote(0, f"must hold keys and values, got {type_name(document)}"),))
    mistakes = first_of(check(document))
    document.pop("type", None)
    return ParsedText(_without_null(document), notes_about(text, mistakes))


def notes_about(text: str, mistakes: Sequence[Mistake]) -> tuple[TextNote, ...]:
    """Return mistakes as notes at their lines."""
    positions = positions_of(text, [mistake.path for mistake in mistakes])
    return tuple(
        TextNote(position.line if mistake.path else 0, str(mistake))
        for mistake, position in zip(mistakes, positions, strict=True)
    )


def _without_null(value: dict[str, Value]) -> dict[str, Value]:
    return {
        key: _without_null(child) if isinstance(child, dict) else child
        for key, child in value.items()
        if child is not None
    }


# The editor


def choose_editor(runtime: Runtime) -> list[str]:
    """Return the arguments of the editor's command: from a variable, or an editor that most systems have.

    Raises:
        UsageError: if there is no editor, or none is set and there is no terminal for another one.

    """
    environ = runtime.environ
    variable = next((name for name in VARIABLES if environ.get(name, "").strip()), None)
    if variable:
        return _split(environ[variable], variable, environ)
    if not (runtime.stdin.is_terminal and runtime.stdout.is_terminal):
        raise UsageError("there is no terminal to open an editor on, and none is set.", _HINT)
    editor = next((name for name in _USUAL if shutil.which(name, path=environ.get("PATH"))), None)
    if editor is None:
        raise UsageError(f"no editor is set, and there is no {' or '.join(_USUAL)}.", _HINT)
    return [editor]


def _split(text: str, variable: str, environ: Mapping[str, str]) -> list[str]:
    try:
        words = shell.split(text)
    except ValueError as error:
        raise UsageError(f"{variable} can't be read as a command: {error}.", _HINT) from None
    program = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if program is None:
        raise UsageError(f"the editor {text!r} from {variable} was not found.", _HINT)
    return [program, *words[1:]]


class EditedFile:
    """A file to open in the editor, maybe several times, in a folder that only the user can read.

    A context manager that removes the folder at the end. If an error or a signal ends it, a changed file is kept,
    and a note says where it is.
    """

    def __init__(self, name: str, command: Sequence[str], runtime: Runtime) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ant-edit-"), name)
        self._command = command
        self._runtime = runtime
        self._first = ""

    def __enter__(self) -> EditedFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind and self._keep_changes():
            self._runtime.stderr.say(f"Your text is kept in {self.path}")
        else:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    def edit(self, text: str) -> str:
        """Let the user edit a text, and return it as it was saved.

        Raises:
            AntError: if the editor can't be started, or reports that it failed.
            UsageError: if the file is gone, or is not text.
            KeyboardInterrupt: if the editor was interrupted.

        """
        self._first = self._first or without_notes(text)
        self._write(text)
        status = _run([*self._command, str(self.path)], self._runtime.environ)
        if status in (-signal.SIGINT, 128 + signal.SIGINT):
            raise KeyboardInterrupt
        if status:
            command = " ".join(map(shell.quote, self._command))
            raise AntError(f"the editor ({command}) ended with status {status}, so nothing was sent.")
        return self._read()

    def _keep_changes(self) -> bool:
        """Remove the notes, so that only the user's text is left. Returns whether the user changed it."""
        try:
            text = without_notes(self._read())
        except UsageError:  # it is not text
            return self.path.exists()
        self._write(text)
        return text != self._first

    def _write(self, text: str) -> None:
        replace_file(self.path, text.encode("utf-8", "backslashreplace"))

    def _read(self) -> str:
        text = decode(read_file(str(self.path), "the edited text"), str(self.path))
        return text.replace("\r\n", "\n")  # some editors of Windows write these line breaks


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the editor and return its exit status. Only the editor handles Ctrl-C meanwhile.

    Raises:
        AntError: if it can't be started.
        Terminated: after a SIGTERM, which is passed on to the editor, when the editor has ended.

    """
    terminations: list[int] = []
    programs: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        terminations.append(number)
        for program in programs:
            program.terminate()

    # SIG_IGN would be inherited by the editor.
    with signal_handlers({signal.SIGINT: lambda *_: None, signal.SIGTERM: pass_on}):
        try:
            programs.append(subprocess.Popen(command, env=dict(environ)))
        except OSError as error:
            raise AntError(f"the editor can't be started: {os_error_text(error)}.") from None
        if terminations:  # while it was started
            programs[0].terminate()
        status = programs[0].wait()
    if terminations:
        raise Terminated
    return status
