"""The tool commands (`auth`, `profile`, `apply`, ...): a function for each, which `call_tool` calls.

Their results are printed here, as text for people or as data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ant_cli.errors import UsageError
from ant_cli.help.command_row import Command
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import redact_values


def call_tool(command: Command, flags: Flags, runtime: Runtime) -> None:
    """Call the function of a tool command, whose module is imported only now.

    The function gets the global flags, and its own flags and arguments as keywords: those that were given, those in
    variables if its row names their prefix, and those that have a default.

    Raises:
        UsageError: if the value of a variable can't be used.
        AntError: as the command does.

    """
    own = {setting.name for setting in command.settings}
    global_flags = flags.only(flags.keys() - own)
    try:
        keywords = _defaults(command)
        keywords |= _from_variables(command, flags, runtime.environ)
        keywords |= flags.only(own)
        _function_of(command)(runtime, global_flags, **keywords)
    except UsageError as error:
        raise error.with_exit_code(command.usage_exit_code(map(flag_name, flags))) from None


def _defaults(command: Command) -> dict[str, Any]:
    return {setting.name: setting.default_value for setting in command.settings if setting.default}


def _from_variables(command: Command, flags: Flags, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that variables with the command's prefix give, where no flag does."""
    values = dict[str, Any]()
    if not command.variables:
        return values
    for setting in command.settings:
        text = environ.get(command.variables + setting.name.upper())
        if text and setting.name not in flags:
            values[setting.name] = setting.value_of(setting.flag, text)
    return values


def _function_of(command: Command) -> Callable[..., None]:
    module, _, name = command.function.partition(":")
    __import__(module)  # `importlib.import_module` imports `warnings`, which help does not need
    function: Callable[..., None] = getattr(sys.modules[module], name)
    return function


def print_text(runtime: Runtime, text: str) -> None:
    """Print a result that is text for people."""
    runtime.stdout.write(f"{text}\n".encode(errors="backslashreplace"))  # a path may not be UTF-8


def print_result(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a result as text, or as data if a flag asks for a format, a part or columns."""
    if not wants_structured(flags):
        print_text(runtime, text)
        return
    from ant_cli.input.values import encode  # late: most results are text
    from ant_cli.output.printer import Printer
    from ant_cli.settings.loading import output_settings

    printer = Printer(output_settings(flags), runtime, is_list=isinstance(value, list))
    if isinstance(value, list):
        printer.print_pages([[encode(item) for item in value]])
    else:
        printer.print_one(encode(value))


def print_report(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a report as `print_result` does, with secrets redacted: it may quote settings, files and errors."""
    redact = runtime.redactor.redact
    print_result(runtime, flags, redact(text), redact_values(value, redact))


def wants_structured(flags: Flags) -> bool:
    """Whether a flag asks for the result as data."""
    return flags.get("format", "auto") != "auto" or "transform" in flags or "columns" in flags
