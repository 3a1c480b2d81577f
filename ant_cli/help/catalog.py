"""The catalog: every command, its flags and arguments, its examples. It needs neither Typer nor the commands.

The API's commands come from the operations, the tool commands from `tool_commands.py`. Help pages, the reference,
the completion scripts and the Typer tree are made from it, and `argv.py` parses tool commands by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ant_cli.operations import GROUPS, of_group
from ant_cli.operations.global_flags import FILE, GLOBAL_FLAGS
from ant_cli.operations.spec import Operation, Param
from ant_cli.operations.value_kinds import ValueKind

SUMMARY = "The Managed Agents environments API at the command line."
API_SECTION = "Work with the API"
GROUP_EXAMPLES = 4
"""How many of a group's commands have an example on its page."""

Example = tuple[str, str]
"""What a command line is for, and the line."""

HELP = Param("help", "setting", bool, "Show help.", short="-h", completes=ValueKind.NOTHING)
VERSION = Param("version", "setting", bool, "Show the version.", short="-v", completes=ValueKind.NOTHING)
ROOT_EXAMPLES: tuple[Example, ...] = (
    ("try it here, without an account", "ant --local beta:environments create --name demo"),
    ("the environments of your organization", "ant beta:environments list"),
    ("their IDs and names, for a script", "ant beta:environments list --transform '{id,name}' --format jsonl"),
)


class Command(NamedTuple):
    """A command, or a group of them."""

    path: tuple[str, ...]
    """The arguments after `ant` that select it."""
    help: str
    """A sentence that says what it does, and perhaps more of them."""
    arguments: tuple[Param, ...] = ()
    """Its positional arguments. One whose type is `list` takes all that follow."""
    flags: tuple[Param, ...] = ()
    """Its own flags."""
    global_flags: tuple[Param, ...] = ()
    """Those of all API commands that it takes."""
    subcommands: tuple[Command, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: str = ""
    """What else its help page says, as it is shown there."""
    operation: Operation | None = None
    """The operation that it calls."""
    function: str = ""
    """The function that it calls, as `module:name`. It takes the runtime, the global flags, and a keyword for each
    of its own flags and arguments."""
    section: str = ""
    """The section of the first help page in which a command of the first level stands."""

    @property
    def full_name(self) -> str:
        """The command as it is typed after `ant`."""
        return " ".join(self.path)

    @property
    def summary(self) -> str:
        """The first sentence of its help, without the full stop."""
        return first_sentence(self.help)

    @property
    def all_flags(self) -> tuple[Param, ...]:
        """Every flag that it takes, except the global ones if it takes them all."""
        return (HELP, *self.flags, *(() if self.takes_all_global_flags else self.global_flags))

    @property
    def takes_all_global_flags(self) -> bool:
        """Whether it takes every global flag, as the API's commands do."""
        return self.global_flags == GLOBAL_FLAGS

    def walk(self) -> Iterator[Command]:
        """Yield it and all commands below it."""
        yield self
        for command in self.subcommands:
            yield from command.walk()


def catalog() -> Command:
    """Return `ant`, with all commands below it."""
    from ant_cli.help.tool_commands import TOOL_COMMANDS  # which is made of `Command`

    commands = (*map(_api_group, GROUPS), *TOOL_COMMANDS)
    return Command((), SUMMARY, (), (VERSION,), GLOBAL_FLAGS, commands, ROOT_EXAMPLES)


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
    commands = tuple(map(api_command, of_group(group)))
    first = [(command.path[-1], *command.examples[0]) for command in commands[:GROUP_EXAMPLES]]
    examples = tuple((f"{name}: {purpose}", line) for name, purpose, line in first)
    return Command((group,), GROUPS[group], (), (), GLOBAL_FLAGS, commands, examples, section=API_SECTION)


def api_command(operation: Operation) -> Command:
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


def first_sentence(text: str) -> str:
    """Return the first sentence, without its full stop."""
    return text.partition("\n")[0].partition(". ")[0].removesuffix(".")


def argument_name(param: Param) -> str:
    """Return an argument as it is written after a command: in brackets if it may be left out."""
    name = param.value_name or param.name.upper()
    return (name if param.required else f"[{name}]") + ("..." if param.type is list else "")


def choices_text(param: Param) -> str:
    """Return the sentence that lists the values that a parameter is known to take; empty if it has no such list."""
    return f" One of: {', '.join(param.choices)}." if param.choices else ""
