"""One operation from start to finish: settings, request, client, pages, output."""

from __future__ import annotations

from ant_cli import json_text
from ant_cli.client import Client, headers_of, password_of, without_password
from ant_cli.errors import AntError, APIError
from ant_cli.output.printer import Printer, error_details
from ant_cli.request import Request, build
from ant_cli.settings import Settings, resolve
from ant_cli.spec import Flags, Operation
from ant_cli.startup import resume_collection
from ant_cli.streams import Process


def run(operation: Operation, flags: Flags, process: Process) -> None:
    """Carry out an operation and print its result.

    Raises:
        AntError: if that can't be done; which one, and so which exit code, says why.

    """
    settings = resolve(flags, process.environ)
    keep_secrets(settings, process)
    printer = Printer(settings, process, is_list=operation.paginated)
    request = build(operation, flags, process.stdin, process.stderr)
    if settings.dry_run:
        process.stdout.write(describe(request, settings))
        return
    tell_of_competition(settings, process)
    with Client(settings, process) as client:
        resume_collection()
        try:
            send_and_print(operation, request, settings, client, printer)
        except AntError as error:
            if isinstance(error, APIError):
                error.details = error_details(error.body, settings)
            if client.answer_was_lost and operation.lost_answer:
                error.hint = hint_at_lost_answer(operation, request)
            raise


def send_and_print(
    operation: Operation, request: Request, settings: Settings, client: Client, printer: Printer
) -> None:
    """Send the request, or one for each page, and print what comes."""
    if operation.paginated and printer.format != "raw":
        from ant_cli.pages import follow_pages

        pages = follow_pages(client, request, settings.max_items)
        if settings.slurp:
            printer.print_array(pages)
        else:
            printer.print_pages(pages)
        return
    response = client.send(request)
    if response.status != 204:
        printer.print_one(response.body)


def keep_secrets(settings: Settings, process: Process) -> None:
    """Never let a credential, or the password of a base URL, go to stderr."""
    for credential in settings.credentials:
        process.stderr.keep_secret(credential.secret)
    process.stderr.keep_secret(password_of(settings.base_url))


def tell_of_competition(settings: Settings, process: Process) -> None:
    """Say which credential is used where the user may have meant another."""
    if settings.credentials_compete and not process.environ.get("ANT_NO_HINTS"):
        sources = ", ".join(credential.source for credential in settings.credentials)
        winner = settings.credentials[0].source
        process.stderr.say(f"Note: multiple auth sources ({sources}); using {winner}.")


def describe(request: Request, settings: Settings) -> bytes:
    """Return a request as it would be sent, with its secrets hidden; without a credential if there is none."""
    lines = [f"{request.method} {without_password(settings.base_url + request.target)}"]
    lines += [f"{name}: {value}" for name, value in headers_of(request, settings, attempt=0, hidden=True).items()]
    body = json_text.indent(request.body) + b"\n" if request.body is not None else b""
    return "\n".join([*lines, "", ""]).encode() + body


def hint_at_lost_answer(operation: Operation, request: Request) -> str:
    """Return what to do when a change may have been made though its answer never came."""
    look = operation.lost_answer.format(**request.path_values)
    return f"An earlier attempt may have succeeded: its answer was lost. Look before you repeat it: ant {look}"
