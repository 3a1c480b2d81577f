"""`--dry-run`: the requests are printed, and nothing is sent."""

from __future__ import annotations

from ant_cli.http.debug_log import dry_run_text
from ant_cli.input.request import Request
from ant_cli.run.sending import Sending
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.settings.loading import ConnectionSettings

_NOT_READ = "Note: nothing was read, so the changes are shown as they were typed."


def print_dry_run(
    sending: Sending, connection: ConnectionSettings, where: str, runtime: Runtime
) -> None:
    """Print each request in full; a line for each of several, unless the user debugs.

    What the edits of `--add`, `--remove` and `--set` make of an object is not known before it is read, so they are
    shown as they were typed.
    """
    if sending.requests.count > 1 and not connection.debug:
        for request in sending.requests:
            runtime.stdout.write(_line(sending, request, runtime))
        count = sending.requests.count
        runtime.say(f"{count} requests {where}. --debug shows each of them in full.")
    else:
        for number, request in enumerate(sending.requests):
            separator = b"\n" if number > 0 else b""
            text = runtime.redactor.redact_body(_text(sending, request, connection))
            runtime.stdout.write(separator + text)
    if sending.edits:
        runtime.say(_NOT_READ)


def _line(sending: Sending, request: Request, runtime: Runtime) -> bytes:
    """Return what a request is about: the action, the IDs, the name, the body and the edits."""
    body = request.body if request.body and request.body != b"{}" else b""
    shown = runtime.redactor.redact_body(body).decode(errors="replace")
    parts = [sending.operation.name, *request.path_params.values(), request.object_name, shown]
    parts += [edit.text for edit in sending.edits]
    line = runtime.redactor.redact("  ".join(filter(None, parts)))
    return f"{escape_controls(line)}\n".encode()


def _text(sending: Sending, request: Request, connection: ConnectionSettings) -> bytes:
    """Return a request as it would be sent, with the edits after the fields that were given."""
    if not sending.edits:
        return dry_run_text(request, connection)
    given = b"" if request.body == b"{}" else request.body
    text = dry_run_text(request._replace(body=given), connection)
    for edit in sending.edits:
        text += f"{escape_controls(edit.text)}\n".encode()
    return text
