"""The commands as a Typer tree, made from the catalog, for programs and tests that use Typer.

`app` can be run by `typer.testing.CliRunner`, and mounted: `their_app.add_typer(app, name="ant")`. Each command in
it becomes the command line that `argv.py` parses; the program itself goes there without Typer, to start faster.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand

from ant_cli.argv import parse, reject_boolean_text
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.main import execute, guarded, this_process
from ant_cli.operations.spec import Param
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stdin
from ant_cli.settings.rows import GLOBAL_FLAGS

GLOBAL = "ant_cli.global_flags"
"""The key under which a context keeps the global flags before the command, as they are written."""
_BEHIND = "ant_cli.behind"


class _CommandOfTree(TyperCommand):
    """A command that knows how many arguments are behind `--`, which Typer does not tell."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Count the arguments, and parse them."""
        ctx.meta[_BEHIND] = len(args) - args.index("--") - 1 if "--" in args else 0
        return super().parse_args(ctx, args)


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
            texts: dict[str, Any] = {"help": item.help, "short_help": item.summary}
            described = app.command(item.path[-1], cls=_CommandOfTree, add_help_option=False, **texts)
            described(_command_callback(item))
    return app


def _group_callback(command: Command) -> Callable[..., None]:
    """Return the function that runs before a command of the group, or without one."""
    params = (*command.flags, *GLOBAL_FLAGS)

    def callback(ctx: typer.Context, **given: Any) -> None:
        before = ctx.meta[GLOBAL] = [*ctx.meta.get(GLOBAL, []), *_flags(params, given)]
        if ctx.invoked_subcommand is None:
            _run([*before, *command.path], ctx)

    return _with_parameters(callback, [*map(_option, params), _help_option(command)])


def _command_callback(command: Command) -> Callable[..., None]:
    """Return what runs as a command."""
    params = (*command.flags, *command.global_flags)

    def callback(ctx: typer.Context, **given: Any) -> None:
        before = [*ctx.meta.get(GLOBAL, []), *command.path, *_flags(params, given)]
        arguments = [text for param in command.arguments for text in _texts(given[_argument_name(param)])]
        _run(before, ctx, arguments, ctx.meta[_BEHIND])

    return _with_parameters(
        callback, [*map(_argument, command.arguments), *map(_option, params), _help_option(command)]
    )


def _flags(params: Iterable[Param], given: Mapping[str, Any]) -> list[str]:
    """Return the flags that were given, as they are written on the command line."""
    words: list[str] = []
    for param in params:
        value = given[_option_name(param)]
        words += [param.flag] if value is True else [f"{param.flag}={text}" for text in _texts(value)]
    return words


def _texts(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _run(before: Sequence[str], ctx: typer.Context, arguments: Sequence[str] = (), behind: int = 0) -> NoReturn:
    """Run the command line of a command, its flags and its arguments. Raises typer.Exit with its exit status."""
    first = len(arguments) - behind
    argv = [*before, *arguments[:first], *(["--", *arguments[first:]] if behind else [])]

    def action() -> None:
        for flag in [word for word in reversed(before) if word.startswith("-") and "=" not in word]:
            for text in arguments:
                reject_boolean_text(text, flag)  # Typer does not tell in which order they were given
        execute(parse(argv), runtime)

    with tempfile.SpooledTemporaryFile() as file:
        runtime = ctx.obj if isinstance(ctx.obj, Runtime) else _process_runtime(file)
        status = guarded(action, argv, runtime)
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
    return Parameter(_option_name(param), Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _option_name(param: Param) -> str:
    """Return a name that Python accepts, unlike `config.type` and `for`."""
    return f"flag_{param.name.replace('.', '_')}"


def _argument(param: Param) -> Parameter:
    default = ... if param.required else None
    info = typer.Argument(default, metavar=argument_name(param), help=param.help, show_default=False)
    return Parameter(_argument_name(param), Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _argument_name(param: Param) -> str:
    """Return a name that no flag has: an ID may be given by either."""
    return f"argument_{param.name}"


def _help_option(command: Command) -> Parameter:
    def show(ctx: typer.Context, *, asked: bool) -> None:
        if asked:
            _run([*command.path, "--help"], ctx)

    info = typer.Option(None, *HELP.spellings, is_eager=True, callback=show, help=HELP.help, show_default=False)
    return Parameter("show_page", Parameter.KEYWORD_ONLY, default=info, annotation=bool)


def _annotation(param: Param) -> Any:
    if param.repeatable:
        return list[str] | None
    return (bool if param.type is bool else str) | None


app = build(catalog())
