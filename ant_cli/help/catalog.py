"""The catalog: every command, its flags and arguments, its examples. It needs neither Typer nor the commands.

The API's commands come from the operations, the tool commands from `tool_commands.py`. Help pages, the reference,
the completion scripts and the Typer tree are made from it, and `argv.py` parses tool commands by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ant_cli.help.command_row import API_SECTION, VERSION, Command, Example
from ant_cli.help.tool_commands import TOOL_COMMANDS
from ant_cli.operations import GROUPS, of_group
from ant_cli.operations.global_flags import FILE, GLOBAL_FLAGS
from ant_cli.operations.spec import Operation, Param

_SUMMARY = "The Managed Agents environments API at the command line."
_GROUP_EXAMPLES = 4
"""How many of a group's commands have an example on its page."""

ROOT_EXAMPLES: tuple[Example, ...] = (
    ("try it here, without an account", "ant --local beta:environments create --name demo"),
    ("the environments of your organization", "ant beta:environments list"),
)


def catalog() -> Command:
    """Return `ant`, with all commands below it."""
    commands = (*map(_api_group, GROUPS), *TOOL_COMMANDS)
    return Command((), _SUMMARY, (), (VERSION,), GLOBAL_FLAGS, commands, ROOT_EXAMPLES)


def find(path: Sequence[str]) -> Command | None:
    """Return the command at the start of `path`, or the group that is all of it; None if no command matches."""
    command = longest_match(path)
    return None if command.subcommands and len(command.path) < len(path) else command


def longest_match(path: Sequence[str]) -> Command:
    """Return the command, or the group, to which the first names of `path` lead; `ant` itself if none does."""
    command = catalog()
    for name in path:
        below = next((item for item in command.subcommands if item.path[-1] == name), None)
        if below is None:
            break
        command = below
    return command


def _api_group(group: str) -> Command:
    commands = tuple(map(_api_command, of_group(group)))
    first = [(command.path[-1], *command.examples[0]) for command in commands[:_GROUP_EXAMPLES]]
    examples = tuple((f"{name}: {purpose}", line) for name, purpose, line in first)
    return Command((group,), GROUPS[group], (), (), GLOBAL_FLAGS, commands, examples, section=API_SECTION)


def _api_command(operation: Operation) -> Command:
    """Return the command that calls an operation."""
    return Command(
        (operation.group, operation.name),
        "\n\n".join(part for part in (operation.summary, operation.notes) if part),
        _arguments(operation),
        (*operation.params, FILE),
        GLOBAL_FLAGS,
        examples=tuple((purpose, f"ant {line}") for purpose, line in operation.examples),
        operation=operation,
    )


def _arguments(operation: Operation) -> tuple[Param, ...]:
    """Return the ID as it may be given without its flag; several of it, if several are several requests."""
    param = operation.positional
    if param is None:
        return ()
    return (param._replace(required=False, type=list if operation.takes_several_ids else param.type),)
