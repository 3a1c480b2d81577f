"""Commands and groups as Typer has them, with help pages and errors that are like those of the API's commands."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ant_cli.errors import UnknownWord, UsageError, see_help
from ant_cli.errors.suggestions import did_you_mean

REQUIRED = "Required, also from stdin or --file"
BODY = "Fields, also from stdin or --file"
ARGUMENTS = "Arguments"
OTHER = "Options"
GLOBAL = "Global flags"
TITLES = {"argument": ARGUMENTS, "option": OTHER}
"""The sections of parameters without a panel, by their kinds."""
LONGEST_SUMMARY = 200
SETTINGS = {"help_option_names": ["--help", "-h"]}


class EndAsItIs:
    """A help page that ends with notes and examples, printed as they are."""

    epilog: str | None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as Typer calls it
        """Write the notes and examples, each on its line."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}\n")


class HelpPage(EndAsItIs, TyperCommand):
    """A command whose help page has a section for each group of options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options, a section for each group."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record:
                title = getattr(param, "rich_help_panel", None) or TITLES[param.param_type_name]
                sections.setdefault(title, []).append(record)
        for title in (REQUIRED, BODY, ARGUMENTS, OTHER, GLOBAL):
            if title in sections:
                with formatter.section(title):
                    formatter.write_dl(sections[title])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command in its synopsis."""
        return without_braces(super().collect_usage_pieces(ctx))

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, whole."""
        return super().get_short_help_str(max(limit, LONGEST_SUMMARY))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words behind the command. Raises UsageError if there are too many."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if rest:
            raise unexpected(rest[0], ctx)
        return rest


class GroupPage(EndAsItIs, TyperGroup):
    """A group whose help page has examples."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the group in its synopsis."""
        return without_braces(super().collect_usage_pieces(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names. Raises UsageError if there is none."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        if not self.commands:
            raise unexpected(args[0], ctx)
        group = words_of(ctx)
        hint = f"Run `ant {group} --help` to see its commands."
        raise UnknownWord(f"command of {group}:", args[0], self.commands, hint)


def group_of_commands(name: str, epilog: str) -> typer.Typer:
    """Return the Typer tree of a group, which shows its page where it is named alone."""
    app = typer.Typer(name=name, cls=GroupPage, epilog=epilog, context_settings=SETTINGS, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(show_help)
    return app


def show_help(ctx: typer.Context) -> None:
    """Show the help page of a group that was named alone."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def without_braces(pieces: list[str]) -> list[str]:
    """Return the pieces of a synopsis in the usual notation: NAME if it is required, [NAME] if not."""
    return [piece.strip("{}") for piece in pieces]


def words_of(ctx: Any) -> str:
    """Return the words after `ant` of the command that is being parsed."""
    path: str = ctx.command_path
    return path.removeprefix("ant").strip()


def unexpected(word: str, ctx: Any) -> UsageError:
    """Return the error for a word too many."""
    return UsageError(f"unexpected argument {word!r}.", see_help(words_of(ctx)))


def reworded(error: typer.TyperException, command: str) -> UsageError:
    """Return a usage error of Typer in the wording of all others.

    Only its class says which error it is, and each release of Typer keeps those elsewhere: hence the names.
    """
    of_typer: Any = error
    context: Any = getattr(error, "ctx", None)  # a missing value comes without one
    if context:
        command = words_of(context)
    message: str = of_typer.format_message()
    match type(error).__name__:
        case "NoSuchOption":
            flags = [name for param in context.command.params for name in param.opts]
            message = f"unknown flag {of_typer.option_name!r}.{did_you_mean(of_typer.option_name, flags)}"
        case "BadOptionUsage" if "requires an argument" in message:
            message = f"{of_typer.option_name} needs a value."
        case "BadOptionUsage":
            message = f"{of_typer.option_name} takes no value."
        case "MissingParameter":
            message = f"{of_typer.param.make_metavar(context)} is required."
    return UsageError(message, see_help(command))
