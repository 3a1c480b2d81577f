"""Repeat a request: for `--until`, until a condition holds; for `--watch`, to show each change."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from ant_cli.errors import APIError, NetworkError, ResponseError
from ant_cli.http.client import Client
from ant_cli.http.retries import RETRIED
from ant_cli.operations.shared_flags import UNTIL
from ant_cli.output.watch_lines import WatchLines
from ant_cli.run.repetition import Repetition
from ant_cli.run.run_plan import RunPlan
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant_cli.output.watch_screen import WatchScreen


def print_awaited(plan: RunPlan, until: Repetition, client: Client, runtime: Runtime) -> None:
    """Repeat the request until the condition holds, or the time is up, and print the last state.

    Raises:
        NetworkError: if the time is up, which is a timeout to scripts.
        UsageError: if the condition compares a field that does not exist.
        AntError: as the client does.

    """
    deadline, is_first = runtime.monotonic() + until.limit_s, True
    while True:
        values = plan.fetch(client)
        holds = until.holds(values)
        if holds or runtime.monotonic() + until.every_s > deadline:
            break
        if is_first:
            runtime.stderr.say(f"Note: waiting until {until.description}.")
        is_first = False
        with plan.progress.waiting_for(f"the condition of {UNTIL.flag}"):
            runtime.sleep(until.every_s)
    if plan.operation.paginated:
        plan.printer.print_pages([values])
    else:
        plan.printer.print_one(*values)
    if not holds:
        raise NetworkError(f"it was not true within {until.limit_s:g} s that {until.description}.")


def run_watch(plan: RunPlan, watch: Repetition, runtime: Runtime) -> None:
    """Send the request until the time is up, somebody interrupts it, or a change can't be printed any more.

    Raises:
        AntError: if the first request fails, or a later one fails and another attempt would fail, too.

    """
    with (
        _display(plan, watch, runtime) as display,
        Client(plan.settings.connection, runtime, plan.progress) as client,
    ):
        deadline, has_begun = runtime.monotonic() + watch.limit_s, False
        while True:
            delay_s = watch.every_s
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


def _display(
    plan: RunPlan, watch: Repetition, runtime: Runtime
) -> AbstractContextManager[WatchLines | WatchScreen]:
    printer, is_list = plan.printer, plan.operation.paginated
    if not watch.on_screen or printer.style is None:
        plan.progress.disable()  # its line would get between those of the changes, which appear at any time
        return nullcontext(WatchLines(printer.transform, plan.settings.output, runtime, is_list=is_list))
    from ant_cli.output.watch_screen import WatchedList, WatchedObject, WatchScreen

    watched: WatchedList | WatchedObject = WatchedObject(printer.transform, printer.style.width)
    if is_list:
        watched = WatchedList(printer, plan.settings.output.columns, runtime.stderr.say)
    return WatchScreen(watched, printer.style, watch.every_s, plan.progress, runtime)
