"""The API's commands, as Typer shows them: each operation's rows become the options of a help page.

`argv.py` reads the words of a call, so the functions here have no bodies: they carry help.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import typer

from ant_cli.argv import params_of
from ant_cli.commands.typer_pages import BODY, GLOBAL, OTHER, REQUIRED, HelpPage
from ant_cli.help.layout import Example, examples, more_examples
from ant_cli.operations import of_group
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Operation, Param

GROUP_EXAMPLES = 4
METAVARS = {str: "TEXT", list: "TEXT", dict: "YAML", int: "NUMBER", float: "NUMBER"}


def add_group(app: typer.Typer, group: str) -> None:
    """Add the commands of a group of operations."""
    for operation in of_group(group):
        app.command(
            operation.name,
            cls=HelpPage,
            help=help_text(operation),
            short_help=operation.summary,
            epilog=epilog(operation),
        )(page_of(operation))


def help_text(operation: Operation) -> str:
    """Return what stands above the options."""
    return "\n\n".join(part for part in (operation.summary, operation.notes) if part)


def epilog(operation: Operation) -> str:
    """Return what stands below the options."""
    topics = "ant help input, ant help output" if operation.has_body else "ant help output"
    return f"{examples(examples_of(operation))}\n\nSee also: {topics}, ant help exit-codes"


def group_epilog(group: str) -> str:
    """Return what stands below a group's commands."""
    return f"{examples(examples_of_group(group))}\n\n{more_examples(group)}"


def examples_of(operation: Operation) -> list[Example]:
    """Return the examples of a command."""
    return [(purpose, f"ant {words}") for purpose, words in operation.examples]


def examples_of_group(group: str) -> list[Example]:
    """Return an example of some of the commands of a group."""
    chosen = of_group(group)[:GROUP_EXAMPLES]
    first = [(operation.name, *examples_of(operation)[0]) for operation in chosen]
    return [(f"{name}: {purpose}", line) for name, purpose, line in first]


def page_of(operation: Operation) -> Callable[..., None]:
    """Return a function whose signature is the operation's parameters."""

    def page(**_: object) -> None:
        """Do nothing: only the help page is ever asked for."""

    parameters = [option_of(param) for param in params_of(operation)]
    if operation.positional:
        parameters.insert(0, argument_of(operation.positional))
    page.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # how a function states its parameters
    page.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return page


def argument_of(param: Param) -> Parameter:
    """Return the ID as it may be given without its flag."""
    info = typer.Argument(None, metavar=f"[{param.name.upper()}]", hidden=True)
    return Parameter("argument", Parameter.KEYWORD_ONLY, default=info, annotation=str | None)


def option_of(param: Param) -> Parameter:
    """Return a parameter as an option."""
    names = [name for name in (param.flag, param.short) if name]
    info = typer.Option(
        None,
        *names,
        help=param.help + choices_text(param),
        metavar=metavar_of(param),
        rich_help_panel=panel_of(param),
        show_default=False,
    )
    return Parameter(param.name, Parameter.KEYWORD_ONLY, default=info, annotation=annotation_of(param))


def annotation_of(param: Param) -> Any:
    """Return the type that makes Typer show the option as it is typed."""
    if param.type is list:
        return list[str] | None
    return (bool if param.type is bool else str) | None


def metavar_of(param: Param) -> str | None:
    """Return what kind of value a parameter takes."""
    kind = METAVARS.get(param.type)
    return f"{kind}|null" if kind and param.nullable else kind


def choices_text(param: Param) -> str:
    """Return the words that a parameter is known to take."""
    return f" One of: {', '.join(param.choices)}." if param.choices else ""


def panel_of(param: Param) -> str:
    """Return the group of a help page in which a parameter stands."""
    if param in GLOBAL_FLAGS:
        return GLOBAL
    if param.required:
        return REQUIRED
    return BODY if param.location == "body" else OTHER
