"""The user's editor, and the private file that is opened in it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ant_cli.apply.edit_text import without_notes
from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.runtime import Runtime, shell
from ant_cli.runtime.process import Terminated
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.signals import signal_handlers
from ant_cli.runtime.storage import replace_file

VARIABLES = ("VISUAL", "EDITOR")
"""The variables that name the editor. The first one that is set is used."""
_USUAL = ("notepad",) if sys.platform == "win32" else ("vi", "nano")
_HINT = f"Set VISUAL or EDITOR, for example: {shell.set_variable('EDITOR', _USUAL[-1])}"


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
    """A file to open in the editor, maybe several times."""

    def __init__(self, path: Path, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.path = path
        self._command = command
        self._environ = environ
        self._first = ""

    @property
    def has_changes(self) -> bool:
        """Whether the user changed it."""
        try:
            return without_notes(self._read()) != self._first
        except UsageError:
            return self.path.exists()

    def edit(self, text: str) -> str:
        """Let the user edit a text, and return it as it was saved.

        Raises:
            AntError: if the editor can't be started, or reports that it failed.
            UsageError: if the file is gone, or is not text.
            KeyboardInterrupt: if the editor was interrupted.

        """
        self._first = self._first or without_notes(text)
        self._write(text)
        status = _run([*self._command, str(self.path)], self._environ)
        if status in (-signal.SIGINT, 128 + signal.SIGINT):
            raise KeyboardInterrupt
        if status:
            command = " ".join(map(shell.quote, self._command))
            raise AntError(f"the editor ({command}) ended with status {status}, so nothing was sent.")
        return self._read()

    def drop_notes(self) -> None:
        """Remove the notes, so that only the user's text is left."""
        with suppress(UsageError):  # it is not text
            self._write(without_notes(self._read()))

    def _write(self, text: str) -> None:
        replace_file(self.path, text.encode("utf-8", "backslashreplace"))

    def _read(self) -> str:
        text = decode(read_file(str(self.path), "the edited text"), str(self.path))
        return text.replace("\r\n", "\n")  # some editors of Windows write these line breaks


@contextmanager
def edited_file(name: str, command: Sequence[str], runtime: Runtime) -> Iterator[EditedFile]:
    """Yield a file in a folder that only the user can read. The folder is removed at the end.

    If an error or a signal ends the context, a changed file is kept, and a note says where it is.
    """
    folder = Path(tempfile.mkdtemp(prefix="ant-edit-"))
    file = EditedFile(folder / name, command, runtime.environ)
    try:
        yield file
    except BaseException:
        if file.has_changes:
            file.drop_notes()
            runtime.stderr.say(f"Your text is kept in {file.path}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


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
