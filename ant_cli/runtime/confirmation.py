"""Asking a person before something that can't be undone."""

from __future__ import annotations

from ant_cli.errors import UsageError
from ant_cli.runtime import Runtime

_HINT = "To do it without a question: --yes"


def confirm(question: str, runtime: Runtime, *, reads_stdin: bool = False) -> None:
    """Ask a question at the terminal, unless nobody is there: stderr, or stdin, is not a terminal.

    With `reads_stdin`, the command takes its input from stdin, so that only stderr counts.

    Raises:
        UsageError: if the reply is not yes, or nobody can be asked.

    """
    if not runtime.stderr.is_terminal or not (reads_stdin or runtime.stdin.is_terminal):
        return
    try:
        reply = (runtime.ask or _ask_terminal)(f"{question} [y/N] ")
    except OSError:
        raise UsageError("there is no terminal to ask on.", _HINT) from None
    except (EOFError, KeyboardInterrupt) as end:  # Ctrl-D, Ctrl-C
        runtime.stderr.say("")  # what follows starts on a line of its own
        if isinstance(end, KeyboardInterrupt):
            raise
        reply = ""
    if reply.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was sent.", _HINT)


def _ask_terminal(question: str) -> str:
    import os

    path = "CON" if os.name == "nt" else "/dev/tty"
    with open(path, "r+b", buffering=0) as terminal:  # noqa: PTH123 - a device
        terminal.write(question.encode())
        line = terminal.readline()
    if not line:
        raise EOFError
    return line.decode("utf-8", "replace")
