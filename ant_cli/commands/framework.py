"""What our own commands share: the global flags that they take, the profiles, and how they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from typing import Any

import typer

from ant_cli.commands.typer_pages import HelpPage, group_of_commands
from ant_cli.help.layout import more_examples
from ant_cli.help.operation_pages import option_of
from ant_cli.help.tool_pages import end_of
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.settings.loading import output_settings

PROFILE = ("profile",)
RESULT = ("format", "transform", "raw_output", "columns")
"""The flags of a command that prints a result."""
REQUEST = ("api_key", "auth_token", "base_url", "local", "workspace_id", "timeout", "max_retries", "debug")
"""The flags that say how the API is asked."""
_BY_NAME = {param.name: param for param in GLOBAL_FLAGS}

Command = Callable[..., None]


def command(app: typer.Typer, name: str, flags: Sequence[str]) -> Callable[[Command], Command]:
    """Add a function to a Typer tree. It gets the process, the global flags of these names, and its own options.

    The global flags come as the words that were typed, as those of an API command do.
    """

    def add(function: Command) -> Command:
        def run(ctx: typer.Context, **given: Any) -> None:
            typed = {flag: given.pop(flag) for flag in flags}
            runtime: Runtime = ctx.obj
            texts = {flag: _text(value) for flag, value in typed.items() if value is not None}
            function(runtime, Flags(texts), **given)

        own = list(signature(function, eval_str=True).parameters.values())[2:]
        context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *own, *(option_of(_BY_NAME[flag]) for flag in flags)]
        run.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # how a function states its parameters
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name, cls=HelpPage, help=function.__doc__, epilog=end_of(f"{app.info.name} {name}"))(run)
        return function

    return add


def _text(value: str | bool) -> str:  # noqa: FBT001 - a flag's value as Typer gives it
    return value if isinstance(value, str) else str(value).lower()


def group(name: str) -> typer.Typer:
    """Return the Typer tree of a group of our own commands; `app.py` has its summary."""
    return group_of_commands(name, f"{end_of(name)}\n\n{more_examples(name)}")


def tell_how_to_use(name: str, active: str, runtime: Runtime) -> None:
    """Say whether a profile that was stored is the active one, and if not, how to use it."""
    if name == active:
        runtime.stderr.say("It is the active profile: commands use it from now on.")
    else:
        runtime.stderr.say(
            f"The active profile is {active!r}. To use this one: --profile {name}, or ant profile activate {name}"
        )


def tell_of_variable(name: str, runtime: Runtime) -> None:
    """Say that another profile than this one is used in this shell."""
    other = runtime.environ.get("ANTHROPIC_PROFILE")
    if other and other != name:
        runtime.hint(f"Note: ANTHROPIC_PROFILE is set, and selects profile {other!r}.")


def show(runtime: Runtime, text: str) -> None:
    """Print a result that is text for people, with what a terminal would obey made visible."""
    runtime.stdout.write(((escape_controls(text) if runtime.stdout.is_terminal else text) + "\n").encode())


def show_result(runtime: Runtime, flags: Flags, text: str, value: Any) -> None:
    """Print a result: as text, or if a flag asks for a format or a part, as every other command does."""
    if not wants_data(flags):
        show(runtime, text)
    elif isinstance(value, list):
        printer = Printer(output_settings(flags), runtime, is_list=True)
        printer.print_pages([[json.dumps(item).encode() for item in value]])
    else:
        Printer(output_settings(flags), runtime, is_list=False).print_one(json.dumps(value).encode())


def wants_data(flags: Flags) -> bool:
    """Whether the result is wanted as data."""
    return (flags.text("format") or "auto") != "auto" or "transform" in flags or bool(flags.text("columns"))
