"""Repeat a request: for `--until`, until a condition holds; for `--watch`, to show each change.

What the flags ask for is checked before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import NamedTuple

from ant_cli.errors import (
    AntError,
    APIError,
    NetworkError,
    ResponseError,
    UsageError,
    exclude_each_other,
    see_help,
)
from ant_cli.errors.command_line import command_line
from ant_cli.http.names import NameClient
from ant_cli.http.retries import RETRIED
from ant_cli.operations import work
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT, AUTO_PIPE, BY_NAME
from ant_cli.operations.shared_flags import EVERY, FOR, IDLE, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.output.watch import Watch
from ant_cli.run.conditions import Condition
from ant_cli.run.sending import Sending
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import OutputSettings


def make_repetition(
    sending: Sending,
    printer: Printer,
    progress: Progress,
    output: OutputSettings,
    flags: Flags,
    runtime: Runtime,
) -> Callable[[NameClient], None]:
    """Return what repeats the request with a client, as `--until` or `--watch` asks for.

    Raises:
        UsageError: if the flags can't be used: for their values, together, or for several inputs.

    """
    operation = sending.operation
    check_together(operation, flags, inputs=sending.requests.count)
    repetition = _Repetition(
        sending, printer, progress, flags.of(EVERY), flags.of(FOR) or inf, runtime
    )
    if flags.of(WATCH):
        return partial(repetition.watch, watch=_make_watch(operation, printer, output, runtime))
    expressions, description = _conditions(operation, flags.of(UNTIL))
    condition = Condition(UNTIL.flag, expressions, runtime, operation, is_awaited=True)
    return partial(repetition.print_awaited, condition=condition, description=description)


def check_together(operation: Operation, flags: Flags, *, inputs: int) -> None:
    """Check that the flags of a repetition can be used together, and for the inputs.

    Raises:
        UsageError: if not.

    """
    hint = see_help(operation.command)
    watches = flags.of(WATCH)
    if not watches and UNTIL.name not in flags:
        param = EVERY if EVERY.name in flags else FOR
        raise UsageError(f"{param.flag} needs {UNTIL.flag} or {WATCH.flag}.", hint)
    if watches and UNTIL.name in flags:
        raise exclude_each_other(UNTIL.flag, WATCH.flag, hint=hint)
    if inputs > 1:
        raise UsageError(
            f"{WATCH.flag} and {UNTIL.flag} take one input, but there are {inputs} inputs."
        )


class _Repetition(NamedTuple):
    """How often and how long to repeat a request."""

    sending: Sending
    printer: Printer
    progress: Progress
    every_s: float
    limit_s: float
    runtime: Runtime

    def print_awaited(self, client: NameClient, *, condition: Condition, description: str) -> None:
        """Repeat the request until the condition holds, or the time is up, and print the last state.

        Raises:
            NetworkError: if the time is up, which is a timeout to scripts.
            UsageError: if the condition compares a field that does not exist.
            AntError: as the client does.

        """
        runtime, is_list = self.runtime, self.sending.operation.paginated
        deadline, is_first = runtime.monotonic() + self.limit_s, True
        while True:
            values = self.sending.fetch(client)
            state = b"[" + b",".join(values) + b"]" if is_list else values[0]
            holds = condition(state)
            if holds or runtime.monotonic() + self.every_s > deadline:
                break
            if is_first:
                runtime.say(f"Note: waiting until {description}.")
            is_first = False
            with self.progress.waiting_for(f"the condition of {UNTIL.flag}"):
                runtime.sleep(self.every_s)
        if is_list:
            self.printer.print_pages([values])
        else:
            self.printer.print_one(*values)
        if not holds:
            raise NetworkError(f"timed out after {self.limit_s:g} s, waiting until {description}.")

    def watch(self, client: NameClient, *, watch: Watch) -> None:
        """Send the request until the time is up, the user interrupts it, or changes can no longer be printed.

        Raises:
            AntError: if the first request fails, or a later one fails and another attempt would fail, too.

        """
        runtime = self.runtime
        self.progress.disable()  # its line would get between those of the changes, which appear at any time
        deadline = runtime.monotonic() + self.limit_s
        has_begun = False
        while True:
            delay_s = self.every_s
            try:
                watch.show(self.sending.fetch(client))
                has_begun = True
            except (APIError, NetworkError, ResponseError) as error:
                if not has_begun or not _may_pass(error):
                    raise
                delay_s = max(delay_s, _requested_delay_s(error))
                problem = error.message.removesuffix(".")
                watch.failed(f"{problem}. Asking again in {delay_s:g} s")
            if runtime.monotonic() + delay_s > deadline:
                return
            runtime.sleep(delay_s)


def _may_pass(error: AntError) -> bool:
    """Whether the next request may succeed."""
    return not isinstance(error, APIError) or error.status in RETRIED


def _requested_delay_s(error: AntError) -> float:
    return error.retry_after_s if isinstance(error, APIError) else 0.0


def _conditions(operation: Operation, texts: Sequence[str]) -> tuple[list[str], str]:
    """Return the conditions for the values of `--until`, and their description. Raises UsageError for a bad one."""
    expressions, descriptions = list[str](), list[str]()
    for text in texts:
        if text == IDLE:
            expressions += _expressions_of_idle(operation)
            *states, last = operation.busy_states
            descriptions.append(f"no item is {', '.join(states)} or {last}")
        else:
            expressions.append(text)
            descriptions.append(text)
    return expressions, " and ".join(descriptions)


def _expressions_of_idle(operation: Operation) -> list[str]:
    """Return conditions that hold if no item is in a busy state. Raises UsageError if items have none."""
    if not operation.busy_states:
        example = command_line(work.LIST.command, "ENVIRONMENT_ID", UNTIL.flag, IDLE)
        raise UsageError(
            f"{UNTIL.flag} {IDLE} is for lists of work items.", f"For example: {example}"
        )
    return [f'#.state!="{state}"' for state in operation.busy_states]


def _make_watch(
    operation: Operation, printer: Printer, output: OutputSettings, runtime: Runtime
) -> Watch:
    """Return what prints the states. Raises UsageError for settings that can't be combined with `--watch`."""
    if output.slurp:
        raise UsageError(f"--slurp prints at the end of a list, but {WATCH.flag} never ends.")
    is_list = operation.paginated
    on_terminal = runtime.stdout.is_terminal
    for_people = AUTO_LIST if is_list else AUTO_OBJECT
    name = _watch_format(output, for_people if on_terminal else AUTO_PIPE)
    is_for_people = on_terminal and name == for_people
    if not is_for_people and not BY_NAME[name].shows_changes:
        raise UsageError(
            f"{WATCH.flag} can't show the format {name}.",
            f"Formats: auto, json, jsonl; at a terminal also {for_people}.",
        )
    plain = output._replace(format=for_people if is_for_people else "jsonl", transform="")
    make_printer = partial(
        Printer,
        plain,
        runtime,
        is_list=True,
        empty_message=printer.empty_message,
        shows_archived=printer.shows_archived,
        may_page=False,
    )
    return Watch(
        make_printer, printer.transform, runtime, is_list=is_list, is_for_people=is_for_people
    )


def _watch_format(output: OutputSettings, default: str) -> str:
    """Return the format that was asked for. That of a profile does not count: it may show no changes."""
    if output.format_source == "--format" and output.format != "auto":
        return output.format
    return AUTO_LIST if output.columns.strip() else default
