"""One command of the API from start to finish: settings, requests, client, responses, output."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ant_cli.http.names import NameClient, connect_by_name
from ant_cli.input.build import build_all
from ant_cli.operations.shared_flags import FILTER, YES, repeats
from ant_cli.operations.spec import Flags, Operation, Texts
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.run.sending import Sending, make_sending, target_words
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import Settings, load, note_credential_choice

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWN = 3
"""How many objects a question names."""


def run(operation: Operation, fields: Texts, flags: Flags, runtime: Runtime) -> None:
    """Run an operation and print its result.

    `fields` are the texts that were given for the request.

    Raises:
        AntError: if it fails; the class of the error decides the exit code.

    """
    # 1. The settings. From here on, every secret among them is redacted.
    settings = load(runtime, flags, accepts=operation.accepts)

    # 2. The requests, how they are sent, and how results are printed. Anything wrong is rejected here, before
    # anything is sent.
    requests = build_all(operation, fields, flags, runtime)
    progress = Progress(runtime)
    printer = Printer(
        settings.output,
        runtime,
        is_list=operation.paginated or requests.count > 1,
        empty_message=_empty_message(operation, flags),
        shows_archived=requests.typed.get("include_archived") is True,
        before_pager=progress.disable,
        may_page=operation.paginated,
    )
    sending = make_sending(
        operation, requests, flags, runtime, prints_response=printer.format.is_response
    )
    repeat: Callable[[NameClient], None] | None = None
    if repeats(flags):
        from ant_cli.run.repetition import make_repetition  # late: 7 ms

        repeat = make_repetition(sending, printer, progress, settings.output, flags, runtime)
    if requests.count == 0:
        return
    where = _place(settings)
    if settings.dry_run:
        from ant_cli.run.dry_run import print_dry_run  # late: 0.3 ms

        print_dry_run(sending, settings.connection, where, runtime)
        return

    # 3. A note, if the user may have meant another credential or server.
    note_credential_choice(settings, runtime)

    # 4. Ask for confirmation before a change that can't be undone.
    if operation.final and not flags.of(YES):
        from ant_cli.runtime.confirmation import confirm  # late: 0.2 ms

        confirm(f"{_question(sending)} {where}?", runtime, reads_stdin=requests.count > 1)

    # 5. The client. If the profile only refers to a secret, the client fetches it.
    target = target_words(flags)
    with connect_by_name(settings.connection, runtime, progress, target) as client:
        # 6. Several inputs are several requests, and a watch repeats its request.
        if requests.count > 1:
            from ant_cli.run.many import run_many  # late: 3 ms

            run_many(sending, client, printer, progress, settings.errors, runtime)
        elif repeat:
            repeat(client)
        else:
            _run_one(sending, client, printer, progress)

    # 7. For people, a sentence that says what was done. Scripts use the exit status.
    if requests.count == 1 and requests.first.success_message and runtime.stdout.is_terminal:
        runtime.say(requests.first.success_message)


def _empty_message(operation: Operation, flags: Flags) -> str:
    if operation.empty_message and FILTER.name in flags:  # there may be other items
        return f"{operation.empty_message.removesuffix('.')} match {FILTER.flag}."
    return operation.empty_message


def _run_one(sending: Sending, client: NameClient, printer: Printer, progress: Progress) -> None:
    """Print the response, or each page of a list, as soon as it is complete."""
    request = sending.requests.first
    with sending.hinting(request, client):
        if sending.operation.paginated and not printer.format.is_response:
            printer.print_pages(progress.count_items(sending.pages(client)))
            return
        response = sending.send(client, request).response
        if response.status != 204:
            printer.print_one(response.body)


# Messages


def _place(settings: Settings) -> str:
    """Return which server the requests are for, and which profile was chosen or has the credential."""
    profile = f" with profile {settings.chosen_profile!r}" if settings.chosen_profile else ""
    return f"at {strip_userinfo(settings.connection.base_url)}{profile}"


def _question(sending: Sending) -> str:
    """Return what is about to be done to which objects."""
    requests, action = sending.requests, sending.operation.name.capitalize()
    if requests.count == 1:
        ids, name = requests.first.path_params.values(), requests.first.object_name
        question = f"{action} {' '.join(ids)}"
        return f"{question} ({name})" if name else question
    shown = list[str]()
    for position, request in enumerate(islice(requests, _SHOWN)):
        label = sending.label(position, request)
        shown.append(f"{label} {request.object_name}".rstrip())
    if requests.count > _SHOWN:
        shown.append("...")
    return f"{action} {requests.count} objects ({', '.join(shown)})"
