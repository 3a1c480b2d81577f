"""Call the function of a tool command's row."""

from __future__ import annotations

import sys

from ant_cli.errors import BadValue, UsageError
from ant_cli.help.command_row import Command
from ant_cli.operations.spec import Flags, FlagValue, Param, boolean, flag_name
from ant_cli.runtime import Runtime


def call_tool(command: Command, flags: Flags, runtime: Runtime) -> None:
    """Call the function of a tool command, whose module is imported only now.

    The function gets the global flags as text, and its own flags and arguments as keywords: those that were given,
    those in variables if its row names their prefix, and those that have a default.

    Raises:
        UsageError: if a value is not a boolean, or not a number within the bounds of its flag.
        AntError: as the command does.

    """
    own = {param.name: param for param in (*command.arguments, *command.flags)}
    given: dict[str, FlagValue] = {name: param.default for name, param in own.items() if param.default}
    if command.variables:
        given |= {name: text for name in own if (text := runtime.environ.get(command.variables + name.upper()))}
    given |= {name: text for name, text in flags.items() if name in own}
    try:
        keywords = {name: _value(own[name], text, command) for name, text in given.items()}
        global_flags = flags.only(flags.keys() - own.keys())
        module, _, name = command.function.partition(":")
        __import__(module)  # `importlib.import_module` imports `warnings`, which help does not need
        getattr(sys.modules[module], name)(runtime, global_flags, **keywords)
    except UsageError as error:
        raise error.with_exit_code(command.usage_exit_code(map(flag_name, flags))) from None


def _value(param: Param, text: FlagValue, command: Command) -> FlagValue | bool | int:
    """Return the value of a flag. The commands check all values except booleans and numbers with bounds."""
    if isinstance(text, str) and param.bounds:
        from ant_cli.settings.rows import check_whole_number

        return check_whole_number(param.flag, text, *param.bounds)
    if param.type is not bool or not isinstance(text, str):
        return text
    try:
        return boolean(param.flag, text)
    except BadValue as error:
        problem = f"must be true or false, got {command.quoted(text)}"
        raise BadValue(param.flag, problem, error.hint) from None
