"""The plan of a run: everything that the user asked for, checked before anything is sent."""

from __future__ import annotations

from contextlib import nullcontext

from ant_cli.errors import UsageError
from ant_cli.input.request import Requests, build_all
from ant_cli.operations.global_flags import EDITS, EVERY, FILTER, FOR, MAX_ITEMS, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.item_filter import Condition, empty_message, make_condition
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.settings.loading import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from ant_cli.http.client import Client
    from ant_cli.http.response import Response
    from ant_cli.input.request import Request
    from ant_cli.run.edited_update import EditedUpdate
    from ant_cli.run.until import Waiting
    from ant_cli.run.watch import Watch


class RunPlan(NamedTuple):
    """What a run sends, and how it prints the results."""

    operation: Operation
    flags: Flags
    settings: Settings
    requests: Requests
    """One for each input, with the values from flags, a file and stdin in their places."""
    printer: Printer
    progress: Progress
    is_wanted: Condition
    """Whether `--filter` selects an item."""
    waiting: Waiting | None
    """What `--until` waits for."""
    watch: Watch | None
    """How `--watch` shows changes."""
    edited: EditedUpdate | None
    """Applies the changes of `--add` and `--remove`."""

    def send(self, client: Client, request: Request) -> Response:
        """Send a request, with the changes of `--add` and `--remove`, and return the response."""
        return self.edited.send(client, request) if self.edited else client.send(request)

    def dry_run(self) -> Iterable[Request]:
        """Return what would be sent. To apply changes, it reads each object."""
        return self.edited.dry_run(self.requests, self.settings) if self.edited else self.requests

    def notes(self) -> AbstractContextManager[object]:
        """Return a context that prints the notes about changes at its end."""
        return self.edited or nullcontext()


def make_plan(operation: Operation, flags: Flags, settings: Settings, runtime: Runtime) -> RunPlan:
    """Return the plan. Raises UsageError for anything that can't be used, or can't be combined."""
    requests = build_all(operation, flags, runtime)
    watch = _watch(operation, flags, requests, settings, runtime)
    progress = Progress(runtime.stderr, runtime.environ)
    printer = _printer(operation, flags, requests, settings, progress, runtime)
    return RunPlan(
        operation,
        flags,
        settings,
        requests,
        printer,
        progress,
        is_wanted=_item_condition(flags, printer, runtime),
        waiting=None if watch else _waiting(operation, flags, requests, runtime),
        watch=watch,
        edited=_edited_update(operation, flags, requests, runtime),
    )


def _printer(
    operation: Operation, flags: Flags, requests: Requests, settings: Settings, progress: Progress, runtime: Runtime
) -> Printer:
    return Printer(
        settings.output,
        runtime,
        is_list=operation.paginated or requests.count > 1,
        empty_message=empty_message(operation, flags),
        shows_archived=flags.is_on("include_archived"),
        before_pager=progress.disable,
        may_page=operation.paginated,
    )


def _item_condition(flags: Flags, printer: Printer, runtime: Runtime) -> Condition:
    if MAX_ITEMS.name in flags and printer.format.is_response:
        runtime.stderr.say(f"Note: {MAX_ITEMS.flag} is not used: --format raw prints one response unchanged.")
    if FILTER.name in flags and printer.format.is_response:
        raise UsageError(f"{FILTER.flag} selects items, but --format raw prints the response unchanged.")
    return make_condition(FILTER.flag, flags.list(FILTER.name), runtime.stderr.say)


def _watch(
    operation: Operation, flags: Flags, requests: Requests, settings: Settings, runtime: Runtime
) -> Watch | None:
    if not flags.is_on(WATCH.name):
        return None
    from ant_cli.run.watch import watch_of

    return watch_of(operation, flags, requests.count, settings, runtime)


def _waiting(operation: Operation, flags: Flags, requests: Requests, runtime: Runtime) -> Waiting | None:
    if not any(param.name in flags for param in (UNTIL, EVERY, FOR)):
        return None
    from ant_cli.run.until import waiting_of

    return waiting_of(operation, flags, requests.count, runtime)


def _edited_update(operation: Operation, flags: Flags, requests: Requests, runtime: Runtime) -> EditedUpdate | None:
    if not any(param.name in flags for param in EDITS):
        return None
    from ant_cli.run.edited_update import EditedUpdate

    return EditedUpdate(operation, flags, requests, runtime)
