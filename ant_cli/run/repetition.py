"""Repeat a request: for `--until`, until a condition holds; for `--watch`, to show each change.

What the flags ask for is checked before anything is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf

from ant_cli.errors import APIError, NetworkError, ResponseError, UsageError, exclude_each_other, see_help
from ant_cli.http.client import Client
from ant_cli.http.name_client import NameClient
from ant_cli.http.retries import RETRIED
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT
from ant_cli.operations.shared_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.watch_lines import WatchLines
from ant_cli.run.conditions import make_condition
from ant_cli.run.run_plan import RunPlan
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant_cli.output.watch_screen import WatchScreen

_IDLE = "idle"
"""The value of `--until` that waits until no item is in a busy state."""
_LINE_FORMATS = ("json", "jsonl")
"""The formats of a watch that prints a line for each change."""


class Repetition:
    """How often and how long to repeat the request of a plan, and what for."""

    def __init__(self, plan: RunPlan, flags: Flags, runtime: Runtime) -> None:
        """Raise UsageError if the flags can't be used: for their values, together, or for several inputs."""
        operation, inputs = plan.operation, plan.requests.count
        hint = see_help(operation.command)
        self.watches = flags.of(WATCH)
        """It is for `--watch`, which has no condition."""
        if not self.watches and UNTIL.name not in flags:
            param = EVERY if EVERY.name in flags else FOR
            raise UsageError(f"{param.flag} needs {UNTIL.flag} or {WATCH.flag}.", hint)
        if self.watches and UNTIL.name in flags:
            raise exclude_each_other(UNTIL.flag, WATCH.flag, hint=hint)
        if inputs > 1:
            raise UsageError(f"{WATCH.flag} and {UNTIL.flag} take one input, but there are {inputs} inputs.")
        self._plan = plan
        self._runtime = runtime
        self._every_s: float = flags.of(EVERY)
        self._limit_s: float = flags.of(FOR) or inf
        self._on_screen = self.watches and _is_shown_on_screen(plan, runtime)
        """Show the latest state on the screen; otherwise print a line for each change."""
        expressions, self._description = _conditions(operation, flags.of(UNTIL))
        """The condition of `--until`, for messages."""
        if not self.watches:
            self._condition = make_condition(
                UNTIL.flag,
                expressions,
                runtime,
                operation.group,
                must_compare=True,
                of_list=operation.paginated,
            )

    def print_awaited(self, client: Client) -> None:
        """Repeat the request until the condition holds, or the time is up, and print the last state.

        Raises:
            NetworkError: if the time is up, which is a timeout to scripts.
            UsageError: if the condition compares a field that does not exist.
            AntError: as the client does.

        """
        plan, runtime = self._plan, self._runtime
        deadline, is_first = runtime.monotonic() + self._limit_s, True
        while True:
            values = plan.fetch(client)
            holds = self._condition(b"[" + b",".join(values) + b"]" if plan.operation.paginated else values[0])
            if holds or runtime.monotonic() + self._every_s > deadline:
                break
            if is_first:
                runtime.stderr.say(f"Note: waiting until {self._description}.")
            is_first = False
            with plan.progress.waiting_for(f"the condition of {UNTIL.flag}"):
                runtime.sleep(self._every_s)
        if plan.operation.paginated:
            plan.printer.print_pages([values])
        else:
            plan.printer.print_one(*values)
        if not holds:
            raise NetworkError(f"it was not true within {self._limit_s:g} s that {self._description}.")

    def watch(self) -> None:
        """Send the request until the time is up, somebody interrupts it, or a change can't be printed any more.

        Raises:
            AntError: if the first request fails, or a later one fails and another attempt would fail, too.

        """
        plan, runtime = self._plan, self._runtime
        with self._display() as display, NameClient(plan.settings.connection, runtime, plan.progress) as client:
            deadline, has_begun = runtime.monotonic() + self._limit_s, False
            while True:
                delay_s = self._every_s
                try:
                    display.show(plan.fetch(client))
                    has_begun = True
                except (APIError, NetworkError, ResponseError) as error:
                    may_pass = not isinstance(error, APIError) or error.status in RETRIED
                    if not (has_begun and may_pass):
                        raise
                    delay_s = max(delay_s, error.retry_after_s if isinstance(error, APIError) else 0.0)
                    display.failed(f"{error.message.removesuffix('.')}. Asking again in {delay_s:g} s")
                if runtime.monotonic() + delay_s > deadline:
                    return
                runtime.sleep(delay_s)

    def _display(self) -> AbstractContextManager[WatchLines | WatchScreen]:
        plan, runtime = self._plan, self._runtime
        printer, output, is_list = plan.printer, plan.settings.output, plan.operation.paginated
        if not self._on_screen or printer.style is None:
            plan.progress.disable()  # its line would get between those of the changes, which appear at any time
            return nullcontext(WatchLines(printer.transform, output, runtime, is_list=is_list))
        from ant_cli.output.watch_screen import WatchedList, WatchedObject, WatchScreen

        watched: WatchedList | WatchedObject = WatchedObject(printer.transform, printer.style.width)
        if is_list:
            watched = WatchedList(printer, output.columns, runtime.stderr.say)
        return WatchScreen(watched, printer.style, self._every_s, plan.progress, runtime)


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


def _is_shown_on_screen(plan: RunPlan, runtime: Runtime) -> bool:
    """Whether a watch is shown on the screen. Raises UsageError for settings that can't be combined with it."""
    output = plan.settings.output
    if output.slurp:
        raise UsageError(f"--slurp prints at the end of a list, but {WATCH.flag} never ends.")
    screen_format = AUTO_LIST if plan.operation.paginated else AUTO_OBJECT
    # The format of a profile is for other commands.
    name = output.format if output.format_source == "--format" else "auto"
    if output.columns.strip():
        name = AUTO_LIST
    if name in _LINE_FORMATS:
        return False
    can_redraw = runtime.stdout.can_redraw(runtime.environ)
    if name != "auto" and (name != screen_format or not can_redraw):
        screen = f"; at a terminal also {screen_format}"
        raise UsageError(f"{WATCH.flag} can't show the format {name}.", f"Formats: auto, json, jsonl{screen}.")
    if can_redraw and plan.settings.connection.debug and runtime.stderr.is_terminal:
        raise UsageError("--debug would write into the screen.", "Write it to a file: 2> debug.log")
    return can_redraw
