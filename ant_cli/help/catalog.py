"""The catalog: every command, its flags and arguments, its examples. It needs neither Typer nor the commands.

The API's commands come from the operations, the tool commands from `tool_commands.py`. Help pages, the reference,
the completion scripts and the Typer tree are made from it, and `argv.py` uses it to parse tool commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ant_cli.help.command_row import VERSION, Command, group
from ant_cli.help.contents import SUMMARY
from ant_cli.operations import GROUPS, work
from ant_cli.operations.shared_flags import FILE
from ant_cli.operations.spec import Example, Operation, Param
from ant_cli.settings.rows import GLOBAL_FLAGS

EXAMPLES = (
    Example("try it here, without an account", "ant --local beta:environments create --name demo"),
    Example("the environments of your organization", "ant beta:environments list"),
)
_FOR_WORKERS = (
    "Workers call this themselves. By hand, use it to inspect a queue or to develop a worker."
)


def catalog() -> Command:
    """Return `ant`, with all commands below it."""
    commands = tuple(_first_level())
    return Command((), SUMMARY, (), (VERSION,), GLOBAL_FLAGS, commands, EXAMPLES)


def _first_level() -> Iterator[Command]:
    """Yield the top-level groups and commands. The tool commands are imported only if a search reaches them."""
    for row in GROUPS.values():
        commands = map(_api_command, row.operations)
        yield group(row.name, row.help, *commands, global_flags=GLOBAL_FLAGS)
    from ant_cli.help.tool_commands import TOOL_COMMANDS  # late, as above

    yield from TOOL_COMMANDS


def longest_match(path: Sequence[str]) -> Command:
    """Return the command or group that the first names of `path` lead to; `ant` itself if there is none."""
    command: Command | None = None
    below: Iterable[Command] = _first_level()
    for name in path:
        found = _named(name, below)
        if found is None:
            break
        command = found
        below = found.subcommands
    return command or catalog()


def _named(name: str, commands: Iterable[Command]) -> Command | None:
    """Return the command of a name. The commands after it are not made."""
    for command in commands:
        if command.path[-1] == name:
            return command
    return None


def _api_command(operation: Operation) -> Command:
    text = operation.summary
    if operation.group == work.GROUP:
        # which no flag takes
        keys = [type_ for type_ in operation.accepts if type_ != "item secret"]
        text += f"\n\n{_FOR_WORKERS} It takes an {' or an '.join(keys)}."
    text += f"\n\n{operation.response}".rstrip()
    start = f"ant {operation.command}"
    examples = [Example(purpose, f"{start} {words}") for purpose, words in operation.examples]
    return Command(
        (operation.group, operation.name),
        text,
        _arguments(operation),
        (*operation.params, FILE),
        GLOBAL_FLAGS,
        examples=tuple(examples),
        operation=operation,
    )


def _arguments(operation: Operation) -> tuple[Param, ...]:
    """Return the argument for an ID without its flag. It takes several if each ID is a request."""
    param = operation.positional
    if param is None:
        return ()
    return (
        param._replace(required=False, type=list if operation.takes_several_ids else param.type),
    )
