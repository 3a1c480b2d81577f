"""How the body of an API error is shown on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.errors import APIError, UsageError
from ant_cli.gjson import json_text
from ant_cli.output.formats import renderer
from ant_cli.output.printer import picker
from ant_cli.runtime.streams import Stderr
from ant_cli.settings.loading import OutputSettings

_KEYS = {"type", "error", "request_id"}
EXCERPT_LENGTH = 500
"""The most characters that are shown of an error which is not JSON."""


@contextmanager
def rendered_errors(settings: OutputSettings, stderr: Stderr) -> Iterator[None]:
    """Render the body of an API error that is raised inside, without secrets, before it goes on its way."""
    try:
        yield
    except APIError as error:
        body = stderr.redact_body(error.body)
        raise error.with_details(error_details(body, settings, on_terminal=stderr.is_terminal)) from None


def error_details(body: bytes, settings: OutputSettings, *, on_terminal: bool = False) -> str:
    """Return the body of an API error as `--format-error`, `--transform-error` and `-r` want it."""
    name = settings.format_error
    try:
        json_text.validate(body)
        text = picker("--transform-error", settings.transform_error)(body)
        if settings.raw_output and json_text.kind(text) == "string":
            return json_text.string(text)
        if name in ("auto", "explore"):
            name = "json"
            if on_terminal and (sentence := error_in_words(text)):
                return sentence
        return renderer(name)([text]).decode("utf-8", "replace").rstrip("\n")
    except (json_text.JSONTextError, UsageError):  # a path that fails only now must not hide the error
        return excerpt(body)


def error_in_words(text: bytes) -> str:
    """Return an API error as one line for people; empty if it says more than a type and a message."""
    if json_text.kind(text) != "object" or not (members := json_text.members(text)).keys() <= _KEYS:
        return ""
    error = members.get("error", b"")
    if json_text.kind(error) != "object" or set(words := json_text.members(error)) != {"type", "message"}:
        return ""
    if any(json_text.kind(word) != "string" for word in words.values()):
        return ""
    return f"{json_text.string(words['type'])}: {json_text.string(words['message'])}"


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer that is not JSON, such as a proxy's page of HTML."""
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= EXCERPT_LENGTH else text[:EXCERPT_LENGTH] + "…"
