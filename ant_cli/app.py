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

from ant_cli.argv import parse
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.main import execute, guarded, this_process
from ant_cli.operations.spec import Param
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stdin
from ant_cli.settings.rows import GLOBAL_FLAGS

GLOBAL = "ant_cli.global_flags"
"""The key under which a context keeps the global flags before the command, as they are written."""
_ARGS = "ant_cli.args"
"""The key under which it keeps the arguments after the command."""


class _CommandOfTree(TyperCommand):
    """A command whose arguments `argv.py` parses. Its parameters are for programs that read the tree."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the arguments as they are."""
        ctx.meta[_ARGS] = args
        return []


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

    def callback(ctx: typer.Context, **_: Any) -> None:
        _run([*ctx.meta.get(GLOBAL, []), *command.path, *ctx.meta[_ARGS]], ctx)

    flags = map(_option, (*command.flags, *command.global_flags))
    return _with_parameters(callback, [*map(_argument, command.arguments), *flags, _help_option(command)])


def _flags(params: Iterable[Param], given: Mapping[str, Any]) -> list[str]:
    """Return the flags that were given, as they are written on the command line."""
    words: list[str] = []
    for param in params:
        value = given[_option_name(param)]
        texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        words += [param.flag] if value is True else [f"{param.flag}={text}" for text in texts]
    return words


def _run(argv: Sequence[str], ctx: typer.Context) -> NoReturn:
    """Run a command line. Raises typer.Exit with its exit status."""
    with tempfile.SpooledTemporaryFile() as file:
        runtime = ctx.obj if isinstance(ctx.obj, Runtime) else _process_runtime(file)
        status = guarded(lambda: execute(parse(argv), runtime), argv, runtime)
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
