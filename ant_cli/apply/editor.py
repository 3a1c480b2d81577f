"""The user's editor for `ant edit`: which program it is, the file that it opens, and its process.

Data from the server is never at the beginning or the end of the file, because editors execute directives there, for
example Vim's modelines.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.errors.command_line import quote
from ant_cli.runtime import Runtime, shell
from ant_cli.runtime.process import Terminated
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.signals import signal_handlers
from ant_cli.runtime.storage import replace_file

_MARK = "#! "
"""The beginning of lines that report a mistake. They are not part of the text."""
_NOTE = re.compile(rf"^{_MARK.rstrip()}.*\n?", re.MULTILINE)
_TOP = 6
"""The line above which notes about the whole text are put: they may quote the server."""
_VARIABLES = ("VISUAL", "EDITOR")
"""The variables that name the editor. The first one that is set is used."""
_USUAL = ("notepad",) if sys.platform == "win32" else ("vi", "nano")
_HINT = f"Set VISUAL or EDITOR, for example: {shell.set_variable('EDITOR', _USUAL[-1])}"


def choose_editor(runtime: Runtime) -> list[str]:
    """Return the arguments of the editor's command: from a variable, or an editor that most systems have.

    Raises:
        UsageError: if there is no editor, or if none is set and there is no terminal to open one on.

    """
    for variable in _VARIABLES:
        if runtime.environ.get(variable, "").strip():
            return _editor_of(variable, runtime.environ)
    if not (runtime.stdin.is_terminal and runtime.stdout.is_terminal):
        raise UsageError("no editor is set, and there is no terminal to open one on.", _HINT)
    for name in _USUAL:
        program = shell.find_program(name, runtime.environ)
        if program:
            return [program]
    raise UsageError(f"no editor is set, and there is no {' or '.join(_USUAL)}.", _HINT)


def _editor_of(variable: str, environ: Mapping[str, str]) -> list[str]:
    """Return the command that a variable names. Raises UsageError if it can't be used."""
    try:
        name, *arguments = shell.split(environ[variable])
    except ValueError as error:
        raise UsageError(f"{variable} can't be read as a command: {error}.", _HINT) from None
    program = shell.find_program(name, environ)
    if program is None:
        raise UsageError(f"the editor {environ[variable]!r} from {variable} was not found.", _HINT)
    return [program, *arguments]


class TextNote(NamedTuple):
    """A note to show at a line of the text."""

    line: int
    """From 1; 0 for the text as a whole."""
    text: str


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
            self._runtime.say(f"Your text is kept in {self.path}")
        else:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    def edit(self, text: str, notes: Iterable[TextNote] = ()) -> str | None:
        """Let the user edit a text with notes, and return it without them; None if the file was left unchanged.

        Raises:
            AntError: if the editor can't be started, or reports that it failed.
            UsageError: if the file is gone, or is not text.
            KeyboardInterrupt: if the editor was interrupted.

        """
        self._first = self._first or text
        opened = _with_notes(text, notes)
        self._write(opened)
        status = _run([*self._command, str(self.path)], self._runtime.environ)
        if status in (-signal.SIGINT, 128 + signal.SIGINT):
            raise KeyboardInterrupt
        if status:
            command = " ".join(map(quote, self._command))
            raise AntError(
                f"the editor ({command}) ended with status {status}, so nothing was sent."
            )
        saved = self._read()
        return None if saved == opened else _without_notes(saved)

    def _keep_changes(self) -> bool:
        """Remove the notes, so that only the user's text is left. Returns whether the user changed it."""
        try:
            text = _without_notes(self._read())
            self._write(text)
        except (UsageError, OSError):  # it is not text, or the disk is full
            return self.path.exists()
        return text != self._first

    def _write(self, text: str) -> None:
        replace_file(self.path, text.encode("utf-8", "backslashreplace"))

    def _read(self) -> str:
        text = decode(read_file(str(self.path), "the edited text"), str(self.path))
        return text.replace("\r\n", "\n")  # some editors of Windows write these line breaks


def _with_notes(text: str, notes: Iterable[TextNote]) -> str:
    """Return a text with each note above its line."""
    lines = text.removesuffix("\n").split("\n")  # splitlines() would end a line at U+2028, too
    for note in sorted(notes, key=lambda note: note.line, reverse=True):
        position = note.line - 1 if note.line else _TOP
        lines[position:position] = [_MARK + escape_breaks(line) for line in note.text.splitlines()]
    return "\n".join([*lines, ""])


def _without_notes(text: str) -> str:
    return _NOTE.sub("", text)


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the editor and return its exit status. While it runs, only the editor handles Ctrl-C.

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
