"""Requests and responses as text: the debug log on stderr, and `--dry-run`.

Headers whose names indicate a secret are hidden here; `Stderr` redacts the secrets that it knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.gjson import json_text
from ant_cli.http.request_headers import headers_of
from ant_cli.input.request import Request
from ant_cli.runtime.redaction import REDACTED, strip_userinfo
from ant_cli.runtime.redactor import LONGEST_SHOWN
from ant_cli.runtime.secret_names import is_secret_name
from ant_cli.runtime.streams import Stderr
from ant_cli.settings.loading import ConnectionSettings


def dry_run_text(request: Request, connection: ConnectionSettings) -> bytes:
    """Return the request line, the headers (the credential redacted) and the body."""
    headers = headers_of(request, connection, attempt=0, hidden=True)
    lines = [f"{request.method} {strip_userinfo(connection.base_url + request.target)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = json_text.indent(request.body) + b"\n" if request.body else b""
    return "\n".join([*lines, "", ""]).encode() + body


def log_message(
    stderr: Stderr, mark: str, first: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Show a request, or a response, with a mark before each line.

    Lines are not wrapped, however long: each is exactly what was sent or received.
    """
    lines = [f"{mark} {first}"]
    for name, value in headers.items():
        shown = REDACTED if _is_secret(name) else value
        lines.append(f"{mark} {name}: {shown}")
    if body:
        # this also registers its secrets, so that `write` redacts them in the headers
        redacted = stderr.redactor.redact_body(body, LONGEST_SHOWN)
        lines.append(mark)
        for line in redacted.decode("utf-8", "backslashreplace").splitlines():
            lines.append(f"{mark} {line}")
    if len(body) > LONGEST_SHOWN:
        lines.append(f"{mark} (the beginning of {len(body):,} bytes)")
    stderr.write("\n".join(lines) + "\n")


def _is_secret(header: str) -> bool:
    """Whether a header holds a credential, by its whole name or its last word, as in `x-session-token`."""
    return is_secret_name(header) or is_secret_name(header.rpartition("-")[2])
