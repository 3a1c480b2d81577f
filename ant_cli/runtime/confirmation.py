"""Ask a person before a change."""

from __future__ import annotations

import sys

from ant_cli.errors import UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stdin

_HINT = "To skip the question: --yes"


def confirm(question: str, runtime: Runtime, *, reads_stdin: bool = False) -> None:
    """Ask before a change that can't be undone. If nobody can be asked, proceed: a script means what it says.

    `ant apply` refuses in that case, as the official tool does: see `_confirmed` in `commands/apply.py`.

    Raises:
        UsageError: if the reply is not yes, or there is no terminal from which it can be read.

    """
    if can_ask(runtime, reads_stdin=reads_stdin) and not is_yes(
        ask(f"{question} This can't be undone. [y/N]", runtime)
    ):
        raise UsageError("nothing was sent.", _HINT)


def can_ask(runtime: Runtime, *, reads_stdin: bool = False) -> bool:
    """Whether a person can be asked: stderr and stdin are terminals.

    With `reads_stdin`, the command takes its input from stdin, so only stderr matters.
    """
    return runtime.stderr.is_terminal and (reads_stdin or runtime.stdin.is_terminal)


def ask(question: str, runtime: Runtime) -> str:
    """Ask a question at the terminal, and return the reply in lower case; at Ctrl-D it is empty.

    Raises:
        UsageError: if there is no terminal from which the reply can be read.
        KeyboardInterrupt: if the user interrupts.

    """
    question = f"{question} "
    try:
        reply = runtime.ask(question) if runtime.ask else _ask_terminal(question, runtime)
    except OSError:
        raise UsageError("there is no terminal to ask on.", _HINT) from None
    except (EOFError, KeyboardInterrupt) as end:  # Ctrl-D, Ctrl-C
        runtime.say("")  # further output starts on a new line
        if isinstance(end, KeyboardInterrupt):
            raise
        return ""
    return reply.strip().lower()


def is_yes(reply: str) -> bool:
    """Whether a reply agrees."""
    return reply in ("y", "yes")


def _ask_terminal(question: str, runtime: Runtime) -> str:
    """Ask on stderr, which redacts and escapes the question, and read the reply from the terminal.

    Raises EOFError at the end of its input, and OSError without a terminal.
    """
    if runtime.stdin.is_terminal:
        runtime.stderr.write(question)
        reply = runtime.stdin.read_line()
    else:  # stdin is the input
        with open("CON" if sys.platform == "win32" else "/dev/tty", "rb", buffering=0) as terminal:  # noqa: PTH123 - a device
            runtime.stderr.write(question)
            reply = Stdin(terminal).read_line()
    if not reply:
        raise EOFError
    return reply
