"""Functions that make the rows of tool commands: flags, arguments, and the global flags that a command takes."""

from __future__ import annotations

from ant_cli.help.command_row import Command, Example
from ant_cli.operations.spec import Param
from ant_cli.operations.value_kinds import ValueKind
from ant_cli.settings import rows
from ant_cli.settings.rows import SETTINGS

PROFILE = ("profile",)
RESULT = tuple(row.name for row in rows.RESULT)
"""The global flags of a command that prints a result."""
FEDERATION = tuple(row.name for row in rows.FEDERATION)
CREDENTIAL = (*(row.name for row in rows.CREDENTIALS if row.is_global), *FEDERATION)
"""The global flags that give a credential."""
CONNECTION = tuple(row.name for row in rows.CONNECTION)
REQUEST = (*CREDENTIAL, *CONNECTION)
"""The global flags that say where and how a request is sent."""


def text_flag(
    name: str, text: str, value_name: str = "", completes: ValueKind | None = ValueKind.FREE, default: str = ""
) -> Param:
    """Return a flag that takes a text."""
    return Param(name, "setting", str, text, value_name=value_name, completes=completes, default=default)


def number_flag(name: str, text: str, bounds: tuple[int, int] | None = None, default: str = "") -> Param:
    """Return a flag that takes a number. Without bounds, the command gets it as text, and checks it."""
    return Param(name, "setting", int, text, bounds=bounds, default=default)


def boolean_flag(name: str, text: str) -> Param:
    """Return a boolean flag."""
    return Param(name, "setting", bool, text)


def argument(name: str, text: str, completes: ValueKind = ValueKind.FREE) -> Param:
    """Return a required positional argument."""
    return Param(name, "setting", str, text, required=True, completes=completes)


def tool(
    full_name: str,
    help_text: str,
    function: str,
    *examples: Example,
    arguments: tuple[Param, ...] = (),
    flags: tuple[Param, ...] = (),
    takes: tuple[str, ...] = (),
) -> Command:
    """Return a command; `takes` names the global flags that it takes."""
    return Command(
        tuple(full_name.split()),
        help_text,
        arguments,
        flags,
        tuple(SETTINGS[name].param for name in takes),
        examples=examples,
        function=f"ant_cli.commands.{function}",
    )
