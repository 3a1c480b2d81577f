"""The search for the line that was meant: depth first, the likeliest first, until the program accepts one."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.corrections.arguments import argument_steps, places_for_missing
from ant_cli.corrections.check import help_page, is_accepted, may_be_shown
from ant_cli.corrections.commands import command_steps
from ant_cli.corrections.flags import known_flag_steps, unknown_flag_steps
from ant_cli.corrections.line import Argv, Line, Sentence, Step, commands_in, line_of
from ant_cli.corrections.typed import Typed
from ant_cli.errors import UsageError
from ant_cli.errors.suggestions import nearest
from ant_cli.help.command_row import HELP, HELP_COMMAND, Command
from ant_cli.help.contents import TOPICS

_MOST_PASSES = 5
_MOST_CHECKS = 24


class Search:
    """Looks for the line that was meant by one that was rejected."""

    def __init__(self, typed: Typed) -> None:
        self._typed = typed
        self._seen = {typed.argv}
        self.recognized: Command | None = None
        """The first command that was recognized."""

    def answer(self) -> Argv | Sentence | None:
        """Return the line to show, or a sentence; None if nothing is known."""
        if is_accepted(self._typed.argv, self._typed.environ):
            return None  # the error is about something else, such as a missing key
        return self._find(Step(self._typed.argv), 1)

    def _find(self, step: Step, number: int) -> Argv | Sentence | None:
        """Return the answer of the passes from this one on."""
        if number > _MOST_PASSES:
            return None
        for found in self._steps(step, number):
            if isinstance(found, Sentence):
                return self._with_command(found, step)
            if found.argv in self._seen or len(self._seen) > _MOST_CHECKS:
                continue
            self._seen.add(found.argv)
            if not found.is_guess:
                self._recognize(found)
            if page := help_page(found.argv):
                return page
            if may_be_shown(found, self._typed):
                return found.argv
            if answer := self._find(found, number + 1):
                return answer
        return None

    def _steps(self, step: Step, number: int) -> Iterator[Step | Sentence]:
        """Yield what a pass makes of the last command of a line."""
        *_, last = commands_in(step.argv)
        before = step.argv[: len(step.argv) - len(last)]
        try:
            line = line_of(last)
        except UsageError:  # a global flag lacks its value
            return
        for found in _steps_of(line, is_first=number == 1):
            if isinstance(found, Sentence):
                yield found
            else:
                argv = (*before, *found.argv)
                is_guess = step.is_guess or found.is_guess
                yield Step(argv, step.consumed + found.consumed, is_guess)

    def _with_command(self, sentence: Sentence, step: Step) -> Sentence:
        """Return a sentence with the command that it is about, if another one was typed."""
        typed, *_ = commands_in(self._typed.argv)
        command = line_of(step.argv).command
        if command.subcommands or command == line_of(typed).command:
            return sentence
        return sentence._replace(command=command)

    def _recognize(self, step: Step) -> None:
        *_, last = commands_in(step.argv)
        try:
            command = line_of(last).command
        except UsageError:
            return
        known = self.recognized
        if known is None and command.path:
            self.recognized = command
        elif known is not None and known.subcommands and not command.subcommands:
            self.recognized = command


def _steps_of(line: Line, *, is_first: bool) -> Iterator[Step | Sentence]:
    if line.command == HELP_COMMAND:
        yield from _help_steps(line)
    elif line.command.subcommands:
        yield from command_steps(line)
    elif line.unknown_at is not None:
        yield from unknown_flag_steps(line, line.unknown_at, is_first=is_first)
    else:
        yield from known_flag_steps(line)
        yield from argument_steps(line)
        # the error itself names the places, but not the flags that were typed
        if line.has_flags or not is_first:
            yield from places_for_missing(line)


def _help_steps(line: Line) -> Iterator[Step]:
    """Yield a topic with a slip, then the command with `--help` behind it: `help delete`."""
    if topic := nearest("-".join(line.rest), TOPICS):
        yield Step(line.with_rest(topic), line.rest)
    yield Step((*line.before, *line.rest, HELP.flag), line.command.path)
