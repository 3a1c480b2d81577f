"""The debug log: requests and responses on stderr.

Headers whose names indicate a secret are hidden here; `Stderr` redacts the secrets that it knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.runtime.redaction import REDACTED
from ant_cli.runtime.secret_names import is_secret_name
from ant_cli.runtime.streams import LONGEST_SHOWN, Stderr


def log_trust(stderr: Stderr, environ: Mapping[str, str]) -> None:
    """Show which certificate authorities are trusted."""
    from ant_cli.http.trust import describe_trust

    _log(stderr, [f"* certificate authorities: {describe_trust(environ)}"])


def log_request(stderr: Stderr, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
    """Show a request."""
    lines = [f"> {method} {url}", *_header_lines(">", headers), *_body_lines(">", body or b"", stderr)]
    _log(stderr, lines)


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
