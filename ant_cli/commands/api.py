"""The API's commands, as Typer shows them: each operation's rows become the options of a help page.

`argv.py` reads the words of a call, so the functions here have no bodies: they carry help.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ant_cli.argv import params_of
from ant_cli.commands.help import examples
from ant_cli.operations import of_group
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.spec import Operation, Param

REQUIRED = "Required, also from stdin or --file"
BODY = "Fields, also from stdin or --file"
OTHER = "Options"
GLOBAL = "Global flags"
GROUP_EXAMPLES = 4
LONGEST_SUMMARY = 200
METAVARS = {str: "TEXT", list: "TEXT", dict: "YAML", int: "NUMBER", float: "NUMBER"}


class HelpPage(TyperCommand):
    """A command whose help page has a section for each group of options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, a section for each group."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record:
                title = getattr(param, "rich_help_panel", None) or OTHER
                sections.setdefault(title, []).append(record)
        for title in (REQUIRED, BODY, OTHER, GLOBAL):
            if title in sections:
                with formatter.section(title):
                    formatter.write_dl(sections[title])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as Typer calls it
        """Write the examples as they are, each on its line."""
        write_below(self.epilog, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, whole."""
        return super().get_short_help_str(max(limit, LONGEST_SUMMARY))


class GroupPage(TyperGroup):
    """A group whose help page has examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as Typer calls it
        """Write the examples as they are, each on its line."""
        write_below(self.epilog, formatter)


def write_below(text: str | None, formatter: Any) -> None:
    """Write the end of a help page, without another layout."""
    if text:
        formatter.write(f"\n{text}\n")


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
    return f"{examples(operation.examples)}\n\nSee also: {topics}, ant help exit-codes"


def group_epilog(group: str) -> str:
    """Return what stands below a group's commands: an example of some of them."""
    chosen = of_group(group)[:GROUP_EXAMPLES]
    first = [(f"{item.name}: {item.examples[0][0]}", item.examples[0][1]) for item in chosen]
    return f"{examples(first)}\n\nMore examples: ant {group} COMMAND --help"


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
    return BODY if param.place == "body" else OTHER
