"""Asking a person before something that can't be undone is done to many objects."""

from __future__ import annotations

from ant_cli.errors import UsageError
from ant_cli.runtime import Runtime


def confirm(question: str, runtime: Runtime) -> None:
    """Ask at the terminal, also if IDs are piped in. Where nobody watches, as in a script, nothing is asked.

    Raises:
        UsageError: if the answer is not yes, or can't be given.

    """
    if not runtime.stderr.is_terminal:
        return
    try:
        answer = (runtime.ask or _ask_terminal)(f"{question} [y/N] ")
    except (OSError, EOFError):
        raise UsageError("there is no terminal to ask on.", "To do it without a question: --yes") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was sent.", "To do it without a question: --yes")


def _ask_terminal(question: str) -> str:
    import os

    path = "CON" if os.name == "nt" else "/dev/tty"
    with open(path, "r+b", buffering=0) as terminal:  # noqa: PTH123 - a device
        terminal.write(question.encode())
        line = terminal.readline()
    if not line:
        raise EOFError
    return line.decode("utf-8", "replace")
