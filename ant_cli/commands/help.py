"""`ant help`, which `--help` after any command also calls, and `ant completion`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ant_cli.argv import unknown_command
from ant_cli.errors import Mistyped, UnknownName, UsageError, shortened
from ant_cli.errors.command_line import command_line
from ant_cli.help.catalog import longest_match
from ant_cli.help.command_page import command_page, topic_page
from ant_cli.help.command_row import Command
from ant_cli.help.contents import OTHER_NAMES, TOPICS, first_page
from ant_cli.help.layout import show
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime


def show_help(runtime: Runtime, _: Flags, *, topic: Sequence[str] = ()) -> None:
    """Show help on a topic, or on a command.

    Raises:
        UsageError: if there is no such topic or command.

    """
    name = "-".join(topic)
    name = OTHER_NAMES.get(name, name)
    page = topic_page(name) if name in TOPICS else _page_of_command(topic)
    show(page, runtime)


def _page_of_command(path: Sequence[str]) -> str:
    command = longest_match(path)
    if command.subcommands and len(command.path) < len(path):
        raise _unknown_topic(path, command)
    return command_page(command) if command.path else first_page()


def _unknown_topic(names: Sequence[str], group: Command) -> UsageError:
    if group.path:
        return unknown_command(names)
    page = command_line("help")
    topics = f"The topics are: {', '.join(TOPICS)}. Run `{page}` to see the commands."
    return Mistyped(f"unknown topic or command {shortened(names[0])!r}.", topics)


def completion(runtime: Runtime, _: Flags, *, shell: str) -> None:
    """Print the completion script of a shell, for the name under which this program runs.

    Raises:
        UnknownName: if there is no script for the shell.

    """
    from pathlib import Path

    from ant_cli.completion.scripts import FILES, PROGRAMS, script

    name = "powershell" if shell == "pwsh" else shell
    if name not in FILES:
        known = [*FILES, "pwsh"]
        raise UnknownName("shell", shell, known, f"The shells are: {', '.join(known)}.")
    program = Path(sys.argv[0]).stem
    if program not in PROGRAMS:
        program = PROGRAMS[0]
    runtime.stdout.write(script(name, program).encode())
