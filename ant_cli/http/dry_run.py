"""`--dry-run`: a request as it would be sent."""

from __future__ import annotations

from ant_cli.gjson import json_text
from ant_cli.http.request_headers import headers_of
from ant_cli.input.request import Request
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import ConnectionSettings


def dry_run_text(request: Request, connection: ConnectionSettings) -> bytes:
    """Return the request line, the headers (the credential redacted) and the body."""
    headers = headers_of(request, connection, attempt=0, hidden=True)
    lines = [f"{request.method} {strip_userinfo(connection.base_url + request.target)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = json_text.indent(request.body) + b"\n" if request.body is not None else b""
    return "\n".join([*lines, "", ""]).encode() + body
