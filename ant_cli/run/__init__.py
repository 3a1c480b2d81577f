"""One command of the API from start to finish: settings, requests, client, responses, output."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from ant_cli.errors import UsageError
from ant_cli.http.client import Client
from ant_cli.http.outcome import outcome_hints
from ant_cli.input.request import Request, Requests, build_all
from ant_cli.operations.global_flags import EDITS, EVERY, FILTER, FOR, MAX_ITEMS, UNTIL, WATCH, YES
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.api_error import rendered_errors
from ant_cli.output.item_filter import Condition, make_condition
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import confirm
from ant_cli.runtime.process import resume_gc
from ant_cli.settings.loading import Settings, load
from ant_cli.settings.notes import note_credential_choice
from ant_cli.settings.sources import switch

TYPE_CHECKING = False  # as typing has it, for names that only annotations need
if TYPE_CHECKING:
    from collections.abc import Callable

    from ant_cli.http.response import Response
    from ant_cli.run.edited_update import EditedUpdate
    from ant_cli.run.until import Waiting
    from ant_cli.run.watch import Watch


def run(operation: Operation, flags: Flags, runtime: Runtime) -> None:
    """Run an operation and print its result.

    Raises:
        AntError: if it fails; the class of the error decides the exit code.

    """
    # 1. The settings. From here on, every secret among them is redacted.
    settings = load(runtime, flags)

    # 2. The requests: what was given in flags, a file and stdin, each value in its place.
    requests = build_all(operation, flags, runtime.stdin, runtime.stderr)

    # 3. The printer, so that a bad format or path is rejected before anything is sent.
    watch = _watch(operation, flags, requests, settings, runtime)
    progress = Progress(runtime.stderr, runtime.environ)
    printer = _make_printer(operation, flags, requests, settings, progress, runtime)
    is_wanted = _item_condition(flags, printer, runtime)
    waiting = _waiting(operation, flags, requests)
    edited = _edited_update(operation, flags, requests, runtime)
    if settings.dry_run:
        _print_dry_run(requests, settings, edited, runtime)
        return

    # 4. A note, if the user may have meant another credential or server.
    note_credential_choice(settings, runtime)

    # 5. Several inputs are several requests, which is a matter of its own.
    if requests.count > 1:
        from ant_cli.run.many import run_many

        run_many(operation, flags, requests, settings, printer, edited, runtime)
        return
    request = next(iter(requests))

    # 6. So is a watch, which asks again and again.
    if watch:
        from ant_cli.run.watch import run_watch

        run_watch(operation, watch, request, settings, is_wanted, runtime)
        return

    # 7. A question to a person, before what can't be undone.
    if operation.asks_first and not switch(flags, YES.name):
        confirm(_question(operation, request), runtime)

    # 8. The client. It fetches the secret of a credential to which a profile only refers.
    with (
        Client(settings.connection, runtime, progress) as client,
        outcome_hints(operation, request, client, runtime.stderr),
        rendered_errors(settings.output, runtime.stderr),
        edited or nullcontext(),
    ):
        resume_gc()
        # 9. The response, or each page of a list, is printed as soon as it is complete.
        if operation.paginated and not printer.format.is_response:
            from ant_cli.http.pagination import follow_pages

            pages = progress.count_items(follow_pages(client, request, settings.max_items, is_wanted))
            print_list = printer.print_array if settings.output.slurp else printer.print_pages
            print_list(pages)
        else:
            send = edited.send if edited else Client.send
            _print_response(partial(send, client, request), waiting, printer, progress, runtime)

    # 10. A sentence about what was done. Scripts have the exit status.
    if request.success_message and runtime.stdout.is_terminal:
        runtime.stderr.say(request.success_message)


def _make_printer(
    operation: Operation, flags: Flags, requests: Requests, settings: Settings, progress: Progress, runtime: Runtime
) -> Printer:
    return Printer(
        settings.output,
        runtime,
        is_list=operation.paginated or requests.count > 1,
        empty_message=operation.empty_message,
        shows_archived=flags.text("include_archived") not in (None, "false"),
        before_pager=progress.disable,
        may_page=operation.paginated,
    )


def _item_condition(flags: Flags, printer: Printer, runtime: Runtime) -> Condition:
    """Return what `--filter` selects, or everything. UsageError if it can't be used."""
    if MAX_ITEMS.name in flags and printer.format.is_response:
        runtime.stderr.say(f"Note: {MAX_ITEMS.flag} is not used: --format raw prints one response as it is.")
    if FILTER.name in flags and printer.format.is_response:
        raise UsageError(f"{FILTER.flag} selects items, and --format raw prints the response as it is.")
    return make_condition(FILTER.flag, flags.list(FILTER.name))


def _watch(
    operation: Operation, flags: Flags, requests: Requests, settings: Settings, runtime: Runtime
) -> Watch | None:
    """Return what `--watch` watches; None without it. UsageError if it can't be used."""
    if not switch(flags, WATCH.name):
        return None
    from ant_cli.run.watch import watch_of

    return watch_of(operation, flags, requests.count, settings.output, runtime)


def _waiting(operation: Operation, flags: Flags, requests: Requests) -> Waiting | None:
    """Return what `--until` waits for; None without it. UsageError if it can't be used."""
    if switch(flags, WATCH.name) or not any(param.name in flags for param in (UNTIL, EVERY, FOR)):
        return None
    from ant_cli.run.until import waiting_of

    return waiting_of(operation, flags, requests.count)


def _print_response(
    send: Callable[[], Response], waiting: Waiting | None, printer: Printer, progress: Progress, runtime: Runtime
) -> None:
    """Print the response, which is the last one of several with `--until`, before the error of a wait too long."""
    response, error = waiting.wait(send, progress, runtime) if waiting else (send(), None)
    if response.status != 204:
        printer.print_response(response)
    if error:
        raise error


def _question(operation: Operation, request: Request) -> str:
    return f"{operation.name.capitalize()} {' '.join(request.path_params.values())}?"


def _edited_update(operation: Operation, flags: Flags, requests: Requests, runtime: Runtime) -> EditedUpdate | None:
    """Return what sends an update with `--add` or `--remove`; None without them. UsageError for a bad one."""
    if not any(param.name in flags for param in EDITS):
        return None
    from ant_cli.run.edited_update import EditedUpdate

    return EditedUpdate(operation, flags, requests, runtime)


def _print_dry_run(requests: Requests, settings: Settings, edited: EditedUpdate | None, runtime: Runtime) -> None:
    from ant_cli.http.dry_run import dry_run_text

    made = edited.dry_run(requests, settings) if edited else requests
    for number, request in enumerate(made):
        text = runtime.stderr.redact_body(dry_run_text(request, settings.connection))
        runtime.stdout.write(b"\n" * bool(number) + text)
