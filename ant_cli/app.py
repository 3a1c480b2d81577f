"""The commands as a Typer tree, made from the catalog, for programs and tests that use Typer.

`app` can be run by `typer.testing.CliRunner`, and mounted: `their_app.add_typer(app, name="ant")`. The tree
describes each command with its flags, but `argv.py` parses the arguments, as it does for the program itself, which
starts faster without Typer.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, Signature
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.main import guarded, run_line, this_process
from ant_cli.operations.spec import Param
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stdin
from ant_cli.settings.rows import GLOBAL_FLAGS


def _running(command: Command, kind: Any) -> Any:
    """Return a class of Typer for a command, whose arguments `argv.py` parses: Typer only describes them.

    Typer does not document `parse_args`, so the dependency has an upper bound: the newest version that was tested.
    """

    class Running(kind):  # type: ignore[misc] # a group or a command, as the caller says
        def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
            if not ctx.resilient_parsing:
                _run([*command.path, *args], ctx)
            return list(super().parse_args(ctx, args))  # for the completion of a shell

    return Running


def build(command: Command) -> typer.Typer:
    """Return the Typer tree of a group of commands."""
    app = typer.Typer(
        name=command.path[-1] if command.path else "ant",
        cls=_running(command, TyperGroup),
        help=command.help,
        short_help=command.summary,
        add_completion=False,
        add_help_option=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_described([*command.flags, *GLOBAL_FLAGS]))
    for item in command.subcommands:
        if item.subcommands:
            app.add_typer(build(item))
        else:
            texts: dict[str, Any] = {"help": item.help, "short_help": item.summary}
            add = app.command(
                item.path[-1], cls=_running(item, TyperCommand), add_help_option=False, **texts
            )
            add(_described([*item.flags, *item.global_flags], item.arguments))
    return app


def _run(argv: Sequence[str], ctx: typer.Context) -> NoReturn:
    """Run a command line. Raises typer.Exit with its exit status."""
    with tempfile.SpooledTemporaryFile() as file:
        runtime = ctx.obj if isinstance(ctx.obj, Runtime) else _process_runtime(file)
        status = guarded(lambda: run_line(argv, runtime), argv, runtime)
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


def _described(flags: Iterable[Param], arguments: Iterable[Param] = ()) -> Callable[..., None]:
    """Return a function that has parameters, but does nothing."""

    def function(**_: Any) -> None:
        pass

    parameters = [*map(_argument, arguments), *map(_option, (*flags, HELP))]
    function.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # as inspect reads it
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return function


def _option(param: Param) -> Parameter:
    info = typer.Option(
        None,
        *param.spellings,
        help=help_text(param),
        metavar=param.metavar or None,
        show_default=False,
    )
    name = f"flag_{param.name.replace('.', '_')}"  # Python accepts neither `config.type` nor `for`
    return Parameter(name, Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _argument(param: Param) -> Parameter:
    default = ... if param.required else None
    info = typer.Argument(
        default, metavar=argument_name(param), help=param.help, show_default=False
    )
    name = f"argument_{param.name}"  # an ID may also be given by a flag
    return Parameter(name, Parameter.KEYWORD_ONLY, default=info, annotation=_annotation(param))


def _annotation(param: Param) -> Any:
    if param.repeatable:
        return list[str] | None
    return (bool if param.type is bool else str) | None


app = build(catalog())
