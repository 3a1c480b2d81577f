"""The commands as a Typer tree, made from the catalog, for programs and tests that use Typer.

`app` can be run by `typer.testing.CliRunner`, and mounted: `their_app.add_typer(app, name="ant")`. Each command in
it makes the same call as the command line, which `argv.py` parses without Typer to start faster.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Any, NoReturn

import typer

from ant_cli.argv import ApiCall, CommandCall, ToolCall, VersionCall, help_call, positional_id, reject_boolean_text
from ant_cli.errors import UsageError, see_help
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.main import execute, guarded, this_process
from ant_cli.operations.spec import Flags, FlagValue, Param, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stdin
from ant_cli.settings.rows import GLOBAL_FLAGS

GLOBAL = "ant_cli.global_flags"
"""The key under which a context keeps the global flags before the command."""
_POSITIONAL = "positional"
"""The parameter of an ID that is given without its flag."""


def build(command: Command) -> typer.Typer:
    """Return the Typer tree of a group of commands."""
    app = typer.Typer(
        name=command.path[-1] if command.path else "ant",
        help=command.help,
        short_help=command.summary,
        add_completion=False,
        add_help_option=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_group_callback(command))
    for item in command.subcommands:
        if item.subcommands:
            app.add_typer(build(item))
        else:
            described = app.command(item.path[-1], help=item.help, short_help=item.summary, add_help_option=False)
            described(_command_callback(item))
    return app


def _group_callback(command: Command) -> Callable[..., None]:
    """Return the function that runs before a command of the group, or without one."""

    def callback(ctx: typer.Context, *, version: bool = False, **given: Any) -> None:
        ctx.meta[GLOBAL] = {**ctx.meta.get(GLOBAL, {}), **_texts(given)}
        if version:
            _make(VersionCall, ctx)
        if ctx.invoked_subcommand is None:
            _make(lambda: help_call(*command.path), ctx)

    return _with_parameters(callback, [*map(_option, (*command.flags, *GLOBAL_FLAGS)), _help_option(command)])


def _command_callback(command: Command) -> Callable[..., None]:
    """Return what runs as a command."""

    def callback(ctx: typer.Context, **given: Any) -> None:
        _make(lambda: _call(command, ctx.meta.get(GLOBAL, {}), _texts(given)), ctx)

    arguments = map(_operation_argument if command.operation else _argument, command.arguments)
    options = map(_option, (*command.flags, *command.global_flags))
    return _with_parameters(callback, [*arguments, *options, _help_option(command)])


def _call(command: Command, before: Mapping[str, FlagValue], given: Mapping[str, FlagValue]) -> CommandCall:
    """Return the call. A flag after the command overrides the same flag before it.

    Raises:
        UsageError: where the command line would.

    """
    takes = {param.name for param in (*command.flags, *command.global_flags)}
    for name in before:
        if name not in takes:
            raise UsageError(f"unknown flag {flag_name(name)!r}.", see_help(command.full_name))
    flags: dict[str, FlagValue] = {**before, **given}
    operation = command.operation
    if operation is None:
        return ToolCall(command, Flags(flags))
    argument = flags.pop(_POSITIONAL, None)
    positional = [argument] if isinstance(argument, str) else argument or []
    for param in operation.params:
        if param.name in flags and not param.takes_value:
            for text in positional:
                reject_boolean_text(text, param.flag)
    return ApiCall(operation, Flags({**flags, **positional_id(positional, flags, operation)}))


def _make(call: Callable[[], CommandCall], ctx: typer.Context) -> NoReturn:
    """Make a call. Raises typer.Exit with its exit status."""
    given = {**ctx.meta.get(GLOBAL, {}), **_texts(ctx.params)}
    argv = [f"{flag_name(name)}={value}" for name, value in given.items()]  # they may contain secrets
    with tempfile.SpooledTemporaryFile() as file:
        runtime = ctx.obj if isinstance(ctx.obj, Runtime) else _process_runtime(file)
        status = guarded(lambda: execute(call(), runtime), argv, runtime)
    raise typer.Exit(status)


def _process_runtime(file: Any) -> Runtime:
    """Return the runtime of the process. Input in memory, such as CliRunner's, is put into a file."""
    runtime = this_process()
    try:
        runtime.stdin.descriptor  # noqa: B018 - only a stream with a descriptor shows whether it has input
    except (OSError, ValueError):
        data = sys.stdin.buffer.read() if sys.stdin else b""
        file.write(data)
        file.seek(0)
        runtime.stdin = Stdin(file if data else None)
    return runtime


def _texts(given: Mapping[str, Any]) -> dict[str, FlagValue]:
    """Return the flags that were given, as `argv.py` has them."""
    typed = {
        name.removesuffix("_").replace("__", "."): value for name, value in given.items() if value not in (None, [])
    }
    return {name: "true" if value is True else value for name, value in typed.items()}


# Parameters, as Typer finds them in the signature of a function


def _with_parameters(function: Callable[..., None], parameters: Sequence[Parameter]) -> Callable[..., None]:
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    function.__signature__ = Signature([context, *parameters])  # type: ignore[attr-defined] # as inspect reads it
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in (context, *parameters)}
    return function


def _option(param: Param) -> Parameter:
    info = typer.Option(
        None, *param.spellings, help=help_text(param), metavar=param.metavar or None, show_default=False
    )
    name = param.name.replace(".", "__")  # Typer needs a name that Python accepts
    name = f"{name}_" if iskeyword(name) else name  # as `--for`, which Python has itself
    return Parameter(name, Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _argument(param: Param) -> Parameter:
    default = ... if param.required else None
    info = typer.Argument(default, metavar=argument_name(param), help=param.help, show_default=False)
    return Parameter(param.name, Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _operation_argument(param: Param) -> Parameter:
    """Return the argument for an ID that may be given without its flag. The flag has its name."""
    return _argument(param).replace(name=_POSITIONAL)


def _help_option(command: Command) -> Parameter:
    def show(ctx: typer.Context, *, asked: bool) -> None:
        if asked:
            _make(lambda: help_call(*command.path), ctx)

    info = typer.Option(None, *HELP.spellings, is_eager=True, callback=show, help=HELP.help, show_default=False)
    return Parameter("show_page", Parameter.KEYWORD_ONLY, default=info, annotation=bool)


def _annotation(param: Param) -> Any:
    if param.repeatable:
        return list[str] | None
    return (bool if param.type is bool else str) | None


app = build(catalog())

if __name__ == "__main__":
    app()
