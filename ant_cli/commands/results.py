"""Print the results of tool commands, as text for people or as data."""

from __future__ import annotations

from collections.abc import Callable

from ant_cli.input.values import encode
from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.loading import output_settings


def print_text(runtime: Runtime, text: str) -> None:
    """Print a result that is text for people."""
    runtime.stdout.write(f"{text}\n".encode(errors="backslashreplace"))  # a path may not be UTF-8


def print_result(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a result as text; as data if a flag asks for a format, a part or columns."""
    if not wants_structured(flags):
        print_text(runtime, text)
    elif isinstance(value, list):
        printer = Printer(output_settings(flags), runtime, is_list=True)
        printer.print_pages([[encode(item) for item in value]])
    else:
        Printer(output_settings(flags), runtime, is_list=False).print_one(encode(value))


def print_report(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a report like a result, with secrets redacted as on stderr: it may quote settings, files and errors."""
    redact = runtime.redactor.redact
    print_result(runtime, flags, redact(text), _redacted(value, redact))


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redacted(item, redact) for item in value]
    if isinstance(value, dict):
        return {redact(name): _redacted(item, redact) for name, item in value.items()}
    return value


def wants_structured(flags: Flags) -> bool:
    """Whether a flag asks for the result as data."""
    return flags.get("format", "auto") != "auto" or "transform" in flags or "columns" in flags
