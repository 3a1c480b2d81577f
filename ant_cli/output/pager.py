"""The pager: a list longer than the screen is shown in `less`, or in the user's preferred program.

Output is held back until it fills the screen or ends: only then is it known whether to page it.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping

from ant_cli.errors import os_error_text
from ant_cli.output.style import Style
from ant_cli.runtime import Runtime, shell
from ant_cli.runtime.screen import cell_width
from ant_cli.runtime.signals import signal_handlers
from ant_cli.runtime.streams import is_broken_pipe

_DEFAULT = "less -FRX"
_PIPE_SIZE = 4096
"""The size of the pipe to the pager. It is small, so that pages are fetched only as they are read."""

_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
"""Text that fills no cell. If it counted, the pager would open too early, and fill the screen with `~`."""


def show(
    parts: Iterable[bytes], runtime: Runtime, style: Style, before_start: Callable[[], None]
) -> None:
    """Write parts that are safe to show as they arrive: to the pager, if they fill the screen.

    Raises:
        BrokenPipeError: if the user has quit the pager. This is noticed when the next part is written.

    """
    command = command_of(runtime.environ, runtime.say)
    program: subprocess.Popen[bytes] | None = None
    is_decided = not command
    held = b""
    try:
        for part in parts:
            held += part
            if not is_decided:
                if lines_of(held, style.width) < style.height:
                    continue
                before_start()
                program = _start(command, runtime)
                is_decided = True
            data, held = held, b""
            _write(data, program, runtime)
    finally:
        if held:
            _write(held, program, runtime)
        if program:
            # until the pager ends, Ctrl-C is for it alone
            with signal_handlers({signal.SIGINT: signal.SIG_IGN}):
                program.communicate()


def _start(command: list[str], runtime: Runtime) -> subprocess.Popen[bytes] | None:
    """Start the pager. Return None, after a note, if that fails."""
    environ = {"LESS": "FRX", "LV": "-c", **runtime.environ}
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=runtime.stdout.descriptor,
            env=environ,
            pipesize=_PIPE_SIZE,
        )
    except OSError as error:  # the file is no program, or there are too many processes
        why = os_error_text(error)
        runtime.say(
            f"Note: the pager {command[0]!r} can't be started ({why}), so the list is not paged."
        )
        return None


def _write(data: bytes, program: subprocess.Popen[bytes] | None, runtime: Runtime) -> None:
    if not program or not program.stdin:
        runtime.stdout.write(data, escape=False)
        return
    try:
        program.stdin.write(data)
        program.stdin.flush()
    except OSError as error:
        raise (BrokenPipeError if is_broken_pipe(error) else error) from None


def command_of(environ: Mapping[str, str], warn: Callable[[str], None]) -> list[str]:
    """Return the arguments of the pager's command; an empty list for no pager."""
    text = environ.get("ANT_PAGER", environ.get("PAGER", _DEFAULT))
    if not text.strip() or (text == _DEFAULT and environ.get("TERM") == "dumb"):
        return []
    try:
        args = shell.split(text)
    except ValueError:
        args = [text]
    program = shell.find_program(args[0], environ)
    if program is None:
        if text != _DEFAULT:
            warn(f"Note: the pager {args[0]!r} was not found, so the list is not paged.")
        return []
    return [program, *args[1:]]


def lines_of(data: bytes, width: int) -> int:
    """Return how many lines of the screen `data` fills."""
    lines = _COLOUR.sub(b"", data).decode("utf-8", "replace").split("\n")
    filled = [1 + max(0, cell_width(line) - 1) // width for line in lines]
    return sum(filled) - 1  # the last one is what follows the last line feed
