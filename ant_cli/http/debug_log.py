"""Requests and responses as text: the debug log on stderr, and `--dry-run`.

Headers whose names indicate a secret are hidden here; `Stderr` redacts the secrets that it knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.gjson import json_text
from ant_cli.http.request_headers import headers_of
from ant_cli.input.request import Request
from ant_cli.runtime.redaction import REDACTED, strip_userinfo
from ant_cli.runtime.secret_names import is_secret_name
from ant_cli.runtime.streams import LONGEST_SHOWN, Stderr
from ant_cli.settings.loading import ConnectionSettings


def dry_run_text(request: Request, connection: ConnectionSettings) -> bytes:
    """Return the request line, the headers (the credential redacted) and the body."""
    headers = headers_of(request, connection, attempt=0, hidden=True)
    lines = [f"{request.method} {strip_userinfo(connection.base_url + request.target)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = json_text.indent(request.body) + b"\n" if request.body is not None else b""
    return "\n".join([*lines, "", ""]).encode() + body


def log_trust(stderr: Stderr, environ: Mapping[str, str]) -> None:
    """Show which certificate authorities are trusted."""
    from ant_cli.http.trust import describe_trust

    _log(stderr, [f"* certificate authorities: {describe_trust(environ)}"])


def log_request(stderr: Stderr, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
    """Show a request."""
    _log(stderr, [f"> {method} {url}", *_header_lines(">", headers), *_body_lines(">", body or b"", stderr)])


def log_response(stderr: Stderr, status_line: str, headers: Mapping[str, str], body: bytes) -> None:
    """Show a response."""
    body_lines = _body_lines("<", body, stderr)  # first: its secrets may be in the headers, too
    _log(stderr, [f"< {status_line}", *_header_lines("<", headers), *body_lines])


def _log(stderr: Stderr, lines: list[str]) -> None:
    """Write lines unwrapped, however long: each is exactly what was sent or received."""
    stderr.write("\n".join(lines) + "\n")


def _header_lines(mark: str, headers: Mapping[str, str]) -> list[str]:
    return [f"{mark} {name}: {REDACTED if _is_secret(name) else value}" for name, value in headers.items()]


def _is_secret(header: str) -> bool:
    """Whether a header holds a credential, by its whole name or its last word, as in `x-session-token`."""
    return is_secret_name(header) or is_secret_name(header.rpartition("-")[2])


def _body_lines(mark: str, body: bytes, stderr: Stderr) -> list[str]:
    if not body:
        return []
    lines = stderr.redact_body(body, LONGEST_SHOWN).decode("utf-8", "backslashreplace").splitlines()
    if len(body) > LONGEST_SHOWN:
        lines.append(f"(the beginning of {len(body):,} bytes)")
    return [mark, *(f"{mark} {line}" for line in lines)]
