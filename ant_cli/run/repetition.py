"""`--until` and `--watch`: what they ask for, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from ant_cli.errors import BadValue, UsageError, exclude_each_other, see_help
from ant_cli.input.values import parse_duration
from ant_cli.operations import fields_of
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT
from ant_cli.operations.shared_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.conditions import make_condition
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import Settings

_IDLE = "idle"
"""The value of `--until` that waits until no item is in a busy state."""
_LINE_FORMATS = ("json", "jsonl")
"""The formats of a watch that prints a line for each change."""
_SHORTEST_S = 0.01
"""The shortest pause or run. A shorter one, such as 0 seconds, is a mistake."""


class Repetition:
    """How often and how long to repeat a request, and what for."""

    def __init__(
        self, operation: Operation, flags: Flags, inputs: int, settings: Settings, runtime: Runtime
    ) -> None:
        """Raise UsageError if the flags can't be used: for their values, together, or for several inputs."""
        hint = see_help(operation.command)
        self.watches = flags.is_on(WATCH.name)
        """It is for `--watch`, which has no condition."""
        if not self.watches and UNTIL.name not in flags:
            param = EVERY if EVERY.name in flags else FOR
            raise UsageError(f"{param.flag} needs {UNTIL.flag} or {WATCH.flag}.", hint)
        if self.watches and UNTIL.name in flags:
            raise exclude_each_other(UNTIL.flag, WATCH.flag, hint=hint)
        if inputs > 1:
            raise UsageError(f"{WATCH.flag} and {UNTIL.flag} take one input, but there are {inputs} inputs.")
        self.every_s = _seconds(EVERY.flag, flags.text(EVERY.name) or EVERY.default)
        limit = flags.text(FOR.name)
        self.limit_s = inf if limit is None else _seconds(FOR.flag, limit)
        """Infinite for no limit."""
        self.on_screen = self.watches and _is_shown_on_screen(operation, settings, runtime)
        """Show the latest state on the screen; otherwise print a line for each change."""
        self._of_list = operation.paginated
        expressions, self.description = _conditions(operation, flags.list(UNTIL.name))
        """The condition of `--until`, for messages."""
        if not self.watches:
            self._condition = make_condition(
                UNTIL.flag,
                expressions,
                runtime,
                fields_of(operation.group),
                must_compare=True,
                of_list=self._of_list,
            )

    def holds(self, values: list[bytes]) -> bool:
        """Whether the condition of `--until` holds."""
        return self._condition(b"[" + b",".join(values) + b"]" if self._of_list else values[0])


def _seconds(flag: str, text: str) -> float:
    seconds = parse_duration(flag, text)
    if seconds < _SHORTEST_S:
        raise BadValue(flag, f"must be a duration of at least 10ms, got {text!r}")
    return seconds


def _conditions(operation: Operation, texts: Sequence[str]) -> tuple[list[str], str]:
    """Return the conditions for the values of `--until`, and their description. Raises UsageError for a bad one."""
    expressions, descriptions = list[str](), list[str]()
    for text in texts:
        if text == _IDLE and operation.busy_states:
            expressions += (f'#.state!="{state}"' for state in operation.busy_states)
            *states, last = operation.busy_states
            descriptions.append(f"no item is {', '.join(states)} or {last}")
        elif text == _IDLE:
            example = "For example: ant beta:environments:work list ENVIRONMENT_ID --until idle"
            raise UsageError(f"{UNTIL.flag} {_IDLE} is for lists of work items.", example)
        else:
            expressions.append(text)
            descriptions.append(text)
    return expressions, " and ".join(descriptions)


def _is_shown_on_screen(operation: Operation, settings: Settings, runtime: Runtime) -> bool:
    """Whether a watch is shown on the screen. Raises UsageError for settings that can't be combined with it."""
    if settings.output.slurp:
        raise UsageError(f"--slurp prints at the end of a list, but {WATCH.flag} never ends.")
    screen_format = AUTO_LIST if operation.paginated else AUTO_OBJECT
    # The format of a profile is for other commands.
    name = settings.output.format if settings.output.format_source == "--format" else "auto"
    if settings.output.columns.strip():
        name = AUTO_LIST
    if name in _LINE_FORMATS:
        return False
    can_redraw = runtime.stdout.can_redraw(runtime.environ)
    if name != "auto" and (name != screen_format or not can_redraw):
        screen = f"; at a terminal also {screen_format}"
        raise UsageError(f"{WATCH.flag} can't show the format {name}.", f"Formats: auto, json, jsonl{screen}.")
    if can_redraw and settings.connection.debug and runtime.stderr.is_terminal:
        raise UsageError("--debug would write into the screen.", "Write it to a file: 2> debug.log")
    return can_redraw
