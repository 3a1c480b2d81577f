"""What was meant by a command line that the program rejects.

The whole argument list is rewritten, in passes: its command, then its flags, then its arguments. Everything else
that was typed stays. A line is shown only if the program itself accepts it, and if nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ant_cli.corrections.arguments import is_of_other_program
from ant_cli.corrections.line import Argv, Sentence, commands_in
from ant_cli.corrections.search import Search
from ant_cli.corrections.typed import Typed
from ant_cli.errors import Mistyped, see_help
from ant_cli.errors.command_line import PIPE, command_line, shell_line
from ant_cli.help.command_row import HELP, Command


def corrected(error: Mistyped, argv: Sequence[str], environ: Mapping[str, str]) -> Mistyped:
    """Return the error with the line that was meant, or with the help page of the command that was recognized."""
    search = Search(Typed(tuple(argv), environ))
    answer = search.answer()
    if isinstance(answer, Sentence):
        page = _page_of(answer.command) if answer.command else ""
        return error.with_only_hints(page, answer.text)
    if answer is not None:
        return error.with_only_hints(f"Did you mean: {written(answer)}")
    if search.recognized is not None:
        return error.with_only_hints(_page_of(search.recognized))
    return error


def _page_of(command: Command) -> str:
    """Return the hint that names the help page of a command, or of a group."""
    if not command.subcommands:
        return see_help(command.full_name)
    return f"Run `{command_line(command.full_name, HELP.flag)}` to see the commands."


def written(argv: Argv) -> str:
    """Return a line as it is typed in a shell."""
    words = list[str]()
    for command in commands_in(argv):
        if words:
            words.append(PIPE)
        if not is_of_other_program(command):
            words.append("ant")
        words += command
    return shell_line(*words)
