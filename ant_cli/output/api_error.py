"""The body of an API error, as it is printed on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.errors import APIError, UsageError
from ant_cli.gjson import json_text
from ant_cli.operations.formats import BY_NAME
from ant_cli.output.printer import make_transform
from ant_cli.output.renderers import make_renderer
from ant_cli.runtime.streams import Stderr
from ant_cli.settings.loading import OutputSettings

_KEYS = {"type", "error", "request_id"}
_EXCERPT_LENGTH = 500
"""The most characters that are printed of an error that is not JSON."""


@contextmanager
def rendered_errors(settings: OutputSettings, stderr: Stderr) -> Iterator[None]:
    """Add its rendered body, with secrets redacted, to an API error that is raised inside."""
    try:
        yield
    except APIError as error:
        body = stderr.redact_body(error.body)
        raise error.with_details(_error_details(body, settings, on_terminal=stderr.is_terminal)) from None


def _error_details(body: bytes, settings: OutputSettings, *, on_terminal: bool) -> str:
    """Return the body of an API error, following `--format-error`, `--transform-error` and `-r`."""
    row = BY_NAME[settings.format_error]
    try:
        json_text.validate(body)
        text = make_transform("--transform-error", settings.transform_error)(body)
        if settings.raw_output and json_text.json_type(text) == "string":
            return json_text.string(text)
        if row.has_brief_errors and on_terminal and (sentence := _brief_error(text)):
            return sentence
        return make_renderer(row)([text]).decode("utf-8", "replace").rstrip("\n")
    except (json_text.JSONTextError, UsageError):  # a path that fails only now must not hide the error
        return _excerpt(body)


def _brief_error(text: bytes) -> str:
    """Return an API error as one line; empty if it contains more than a type and a message."""
    if json_text.json_type(text) != "object" or not (members := json_text.members(text)).keys() <= _KEYS:
        return ""
    error = members.get("error", b"")
    if json_text.json_type(error) != "object" or set(parts := json_text.members(error)) != {"type", "message"}:
        return ""
    if any(json_text.json_type(part) != "string" for part in parts.values()):
        return ""
    return f"{json_text.string(parts['type'])}: {json_text.string(parts['message'])}"


def _excerpt(body: bytes) -> str:
    """Return the beginning of a body that is not JSON, such as a proxy's page of HTML."""
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= _EXCERPT_LENGTH else text[:_EXCERPT_LENGTH] + "…"
