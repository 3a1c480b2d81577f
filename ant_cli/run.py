"""One operation from start to finish: settings, request, client, response, output."""

from __future__ import annotations

from ant_cli.http.client import Client
from ant_cli.http.outcome import outcome_hints
from ant_cli.input.request import Request, build
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.api_error import rendered_errors
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import resume_gc
from ant_cli.settings.loading import Settings, load
from ant_cli.settings.notes import note_credential_choice


def run(operation: Operation, flags: Flags, runtime: Runtime) -> None:
    """Run an operation and print its result.

    Raises:
        AntError: if it fails; the class of the error decides the exit code.

    """
    # 1. The settings. From here on, every secret among them is redacted.
    settings = load(runtime, flags)

    # 2. The printer, so that a bad format or path is rejected before anything is sent.
    progress = Progress(runtime.stderr, runtime.environ)
    printer = Printer(
        settings.output,
        runtime,
        is_list=operation.paginated,
        empty_message=operation.empty_message,
        shows_archived=flags.text("include_archived") not in (None, "false"),
        before_pager=progress.disable,
    )

    # 3. The request: what was given in flags, a file and stdin, each value in its place.
    request = build(operation, flags, runtime.stdin, runtime.stderr)
    if settings.dry_run:
        _print_dry_run(request, settings, runtime)
        return

    # 4. A note, if the user may have meant another credential or server.
    note_credential_choice(settings, runtime)

    # 5. The client. It fetches the secret of a credential to which a profile only refers.
    with (
        Client(settings.connection, runtime, progress) as client,
        outcome_hints(operation, request, client, runtime.stderr),
        rendered_errors(settings.output, runtime.stderr),
    ):
        resume_gc()
        # 6. The response, or each page of a list, is printed as soon as it is complete.
        if operation.paginated and not printer.format.is_response:
            _print_list(request, settings, client, printer, progress)
        else:
            _print_response(request, client, printer)

    # 7. A sentence about what was done. Scripts have the exit status.
    if request.success_message and runtime.stdout.is_terminal:
        runtime.stderr.say(request.success_message)


def _print_dry_run(request: Request, settings: Settings, runtime: Runtime) -> None:
    from ant_cli.http.dry_run import dry_run_text

    runtime.stdout.write(runtime.stderr.redact_body(dry_run_text(request, settings.connection)))


def _print_list(request: Request, settings: Settings, client: Client, printer: Printer, progress: Progress) -> None:
    from ant_cli.http.pagination import follow_pages

    pages = progress.count_items(follow_pages(client, request, settings.max_items))
    if settings.output.slurp:
        printer.print_array(pages)
    else:
        printer.print_pages(pages)


def _print_response(request: Request, client: Client, printer: Printer) -> None:
    response = client.send(request)
    if response.status != 204:
        printer.print_response(response)
