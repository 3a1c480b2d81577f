"""Functions that make the rows of tool commands: flags, arguments, and the global flags that a command takes."""

from __future__ import annotations

from ant_cli.help.command_row import Command, Example
from ant_cli.operations.global_flags import FEDERATION, GLOBAL_FLAGS
from ant_cli.operations.spec import Param
from ant_cli.operations.value_kinds import ValueKind

PROFILE = ("profile",)
RESULT = ("format", "transform", "raw_output", "columns")
"""The global flags of a command that prints a result."""
CREDENTIAL = ("api_key", "auth_token", "api_key_stdin", "auth_token_stdin", *FEDERATION)
"""The global flags that give a credential."""
CONNECTION = ("base_url", "local", "workspace_id", "timeout", "max_retries", "debug")
REQUEST = (*CREDENTIAL, *CONNECTION)
"""The global flags that say where and how a request is sent."""
_GLOBAL_FLAGS = {param.name: param for param in GLOBAL_FLAGS}


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
        tuple(_GLOBAL_FLAGS[name] for name in takes),
        examples=examples,
        function=f"ant_cli.commands.{function}",
    )
