"""`--until` and `--watch`: what they ask for, checked before anything is sent; and the wait for a condition."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from ant_cli.errors import BadValue, NetworkError, UsageError, exclude_each_other, see_help
from ant_cli.input.durations import parse_duration
from ant_cli.operations import fields_of
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT
from ant_cli.operations.global_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.conditions import Condition, make_condition
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.loading import OutputSettings, Settings

_IDLE = "idle"
"""The value of `--until` that waits until no item is in a busy state."""
_LINE_FORMATS = ("json", "jsonl")
"""The formats of a watch that prints a line for each change."""
_SHORTEST_S = 0.01
"""The shortest pause or run. A shorter one, such as 0 seconds, is a mistake."""


class Rhythm(NamedTuple):
    """How often, and how long."""

    every_s: float
    limit_s: float
    """Infinite for no limit."""


def rhythm_of(flags: Flags) -> Rhythm:
    """Parse the flags. Raises UsageError if one has a value that can't be used."""
    limit = flags.text(FOR.name)
    return Rhythm(
        _seconds(EVERY.flag, flags.text(EVERY.name) or EVERY.default),
        inf if limit is None else _seconds(FOR.flag, limit),
    )


def _seconds(flag: str, text: str) -> float:
    seconds = parse_duration(flag, text)
    if seconds < _SHORTEST_S:
        raise BadValue(flag, f"must be a duration of at least 10ms, got {text!r}")
    return seconds


class WaitResult(NamedTuple):
    """The last state, and the error to raise after printing it if the conditions did not hold in time."""

    values: list[bytes]
    error: NetworkError | None


class Waiting(NamedTuple):
    """What is waited for, and how."""

    condition: Condition
    description: str
    of_list: bool
    rhythm: Rhythm

    def wait(self, fetch: Callable[[], list[bytes]], progress: Progress, runtime: Runtime) -> WaitResult:
        """Fetch the items of a list, or an object, until the conditions hold, or the time is up.

        Raises:
            UsageError: if the conditions compare a field that does not exist.
            AntError: as `fetch` does.

        """
        deadline = runtime.monotonic() + self.rhythm.limit_s
        is_first = True
        while True:
            values = fetch()
            if self.condition(b"[" + b",".join(values) + b"]" if self.of_list else values[0]):
                return WaitResult(values, None)
            if runtime.monotonic() + self.rhythm.every_s > deadline:
                problem = f"it was not true within {self.rhythm.limit_s:g} s that {self.description}."
                return WaitResult(values, NetworkError(problem))  # a timeout, to scripts
            if is_first:
                runtime.stderr.say(f"Note: waiting until {self.description}.")
            is_first = False
            with progress.waiting_for(f"the condition of {UNTIL.flag}"):
                runtime.sleep(self.rhythm.every_s)


def waiting_of(operation: Operation, flags: Flags, inputs: int, runtime: Runtime) -> Waiting:
    """Return what to wait for.

    Raises:
        UsageError: if a flag has a value that can't be used, or needs --until, or there are several inputs.

    """
    if UNTIL.name not in flags:
        param = EVERY if EVERY.name in flags else FOR
        raise UsageError(f"{param.flag} needs {UNTIL.flag} or {WATCH.flag}.", see_help(operation.command))
    if inputs > 1:
        raise UsageError(f"{UNTIL.flag} waits for one object, but there are {inputs} inputs.")
    expressions, descriptions = list[str](), list[str]()
    for text in flags.list(UNTIL.name):
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
    condition = make_condition(
        UNTIL.flag,
        expressions,
        runtime,
        fields_of(operation.group),
        must_compare=True,
        of_list=operation.paginated,
    )
    return Waiting(condition, " and ".join(descriptions), operation.paginated, rhythm_of(flags))


class Watch(NamedTuple):
    """What a watch was asked for."""

    rhythm: Rhythm
    on_screen: bool
    """Show the latest state on the screen; otherwise print a line for each change."""


def watch_of(operation: Operation, flags: Flags, inputs: int, settings: Settings, runtime: Runtime) -> Watch:
    """Return what to watch.

    Raises:
        UsageError: if a flag has a value that can't be used, or can't be combined with --watch.

    """
    if UNTIL.name in flags:
        raise exclude_each_other(UNTIL.flag, WATCH.flag, hint=see_help(operation.command))
    if settings.output.slurp:
        raise UsageError(f"--slurp prints at the end of a list, but {WATCH.flag} never ends.")
    if inputs > 1:
        raise UsageError(f"{WATCH.flag} watches one object, but there are {inputs} inputs.")
    on_screen = _is_shown_on_screen(operation, settings.output, runtime)
    if on_screen and settings.connection.debug and runtime.stderr.is_terminal:
        raise UsageError("--debug would write into the screen.", "Write it to a file: 2> debug.log")
    return Watch(rhythm_of(flags), on_screen)


def _is_shown_on_screen(operation: Operation, output: OutputSettings, runtime: Runtime) -> bool:
    """Whether the format is shown on the screen. Raises UsageError if it can't be watched."""
    can_redraw = runtime.stdout.can_redraw(runtime.environ)
    screen_format = AUTO_LIST if operation.paginated else AUTO_OBJECT
    name = output.format if output.format_source == "--format" else "auto"
    if output.columns.strip():
        name = AUTO_LIST
    if name == "auto":
        return can_redraw
    if name in _LINE_FORMATS:
        return False
    if name != screen_format or not can_redraw:
        screen = f"; at a terminal also {screen_format}"
        raise UsageError(f"{WATCH.flag} can't show the format {name}.", f"Formats: auto, json, jsonl{screen}.")
    return True
