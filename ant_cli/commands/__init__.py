"""The tool commands (`auth`, `profile`, `apply`, ...): a function for each, which `call_tool` calls."""

from __future__ import annotations

import sys

from ant_cli.errors import UsageError
from ant_cli.help.command_row import Command
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime


def call_tool(command: Command, flags: Flags, runtime: Runtime) -> None:
    """Call the function of a tool command, whose module is imported only now.

    The function gets the global flags, and its own flags and arguments as keywords: those that were given, those in
    variables if its row names their prefix, and those that have a default.

    Raises:
        UsageError: if the value of a variable can't be used.
        AntError: as the command does.

    """
    own = {param.name: param for param in (*command.arguments, *command.flags)}
    keywords = {name: param.default_value for name, param in own.items() if param.default}
    try:
        for name, param in own.items() if command.variables else ():
            if name not in flags and (text := runtime.environ.get(command.variables + name.upper())):
                keywords[name] = param.value_of(param.flag, text)
        keywords |= flags.only(own)
        module, _, name = command.function.partition(":")
        __import__(module)  # `importlib.import_module` imports `warnings`, which help does not need
        getattr(sys.modules[module], name)(runtime, flags.only(flags.keys() - own.keys()), **keywords)
    except UsageError as error:
        raise error.with_exit_code(command.usage_exit_code(map(flag_name, flags))) from None
