"""The tool commands (`auth`, `profile`, `apply`, ...): a function for each, which `call_tool` calls.

Their results are printed here, as text for people or as data.
"""

from __future__ import annotations

import sys
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
    own = {setting.name: setting for setting in command.settings}
    keywords = {name: setting.default_value for name, setting in own.items() if setting.default}
    try:
        for name, setting in own.items() if command.variables else ():
            if name not in flags and (
                text := runtime.environ.get(command.variables + name.upper())
            ):
                keywords[name] = setting.value_of(setting.flag, text)
        keywords |= flags.only(own)
        module, _, name = command.function.partition(":")
        __import__(module)  # `importlib.import_module` imports `warnings`, which help does not need
        getattr(sys.modules[module], name)(
            runtime, flags.only(flags.keys() - own.keys()), **keywords
        )
    except UsageError as error:
        raise error.with_exit_code(command.usage_exit_code(map(flag_name, flags))) from None


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
