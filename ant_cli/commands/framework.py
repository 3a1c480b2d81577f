"""What the tool commands share: notes about profiles, and printing results."""

from __future__ import annotations

import json

from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.settings.loading import output_settings


def note_active_profile(name: str, active: str, runtime: Runtime) -> None:
    """Note whether a stored profile is the active one, and if not, how to use it."""
    if name == active:
        runtime.stderr.say("It is the active profile: commands use it from now on.")
    else:
        runtime.stderr.say(
            f"The active profile is {active!r}. To use this one: --profile {name}, or ant profile activate {name}"
        )


def note_profile_variable(name: str, runtime: Runtime) -> None:
    """Note that ANTHROPIC_PROFILE selects another profile in this shell."""
    other = runtime.environ.get(variables.PROFILE)
    if other and other != name:
        runtime.hint(f"Note: ANTHROPIC_PROFILE is set, and selects profile {other!r}.")


def print_text(runtime: Runtime, text: str) -> None:
    """Print a result that is text for people, with control characters escaped on a terminal."""
    runtime.stdout.write(((escape_controls(text) if runtime.stdout.is_terminal else text) + "\n").encode())


def print_result(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a result as text, or as data if a flag asks for a format, a part or columns."""
    if not wants_structured(flags):
        print_text(runtime, text)
    elif isinstance(value, list):
        printer = Printer(output_settings(flags), runtime, is_list=True)
        printer.print_pages([[json.dumps(item).encode() for item in value]])
    else:
        Printer(output_settings(flags), runtime, is_list=False).print_one(json.dumps(value).encode())


def wants_structured(flags: Flags) -> bool:
    """Whether a flag asks for the result as data."""
    return (flags.text("format") or "auto") != "auto" or "transform" in flags or bool(flags.text("columns"))
