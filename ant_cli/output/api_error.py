"""The body of an API error, which is printed on stderr or on stdout."""

from __future__ import annotations

from contextlib import suppress

from ant_cli.errors import AntError, APIError, OutputError, UsageError, shortened
from ant_cli.gjson import json_text
from ant_cli.operations.formats import BY_NAME
from ant_cli.output.printer import make_transform
from ant_cli.output.rendering import make_renderer
from ant_cli.runtime import Runtime
from ant_cli.runtime.redactor import LONGEST_SHOWN
from ant_cli.settings.loading import ErrorOutput

_KEYS = {"type", "request_id"}
_EXCERPT_LENGTH = 500
"""The most characters of an error that are printed if it is not JSON, such as a proxy's page of HTML."""


def say_failure(label: str, error: AntError, output: ErrorOutput, runtime: Runtime) -> None:
    """Print why one of several requests failed; in a log, on one line."""
    error = with_body(error, output, runtime, brief=True)
    text = error.report(on_terminal=True) if runtime.stderr.is_terminal else error.line()
    runtime.say(f"{label}: {text}")


def with_body(
    error: AntError, output: ErrorOutput, runtime: Runtime, *, brief: bool = False
) -> AntError:
    """Return an API error with its body, in which secrets are redacted; any other error unchanged.

    On a terminal, or if it should be `brief`, the body is one sentence, if that says everything. If a flag asks for
    it, it is printed on stdout instead; if that is not possible, it is part of the error.
    """
    if not isinstance(error, APIError):
        return error
    body = runtime.redactor.redact_body(error.body, LONGEST_SHOWN)
    details, sentence = _error_details(body, output), ""
    if output.is_on_stdout:
        with suppress(BrokenPipeError, OutputError):
            runtime.stdout.write(json_text.encoded(f"{details}\n") if details else b"")
            details = ""
    elif brief or runtime.stderr.is_terminal:
        sentence = _sentence(error.status, body)
    return error.with_details(details, sentence)


def _error_details(body: bytes, settings: ErrorOutput) -> str:
    """Return the body of an API error, following `--format-error`, `--transform-error` and `-r`."""
    format_ = BY_NAME[settings.format]
    try:
        json_text.validate(body)
        raw = make_transform("--transform-error", settings.transform)(body)
        if settings.raw_output and json_text.json_type(raw) == "string":
            return json_text.string(raw)
        return make_renderer(format_)([raw]).decode("utf-8", "replace").rstrip("\n")
    # a path that fails at this point must not hide the error
    except (json_text.JSONTextError, UsageError):
        return shortened(" ".join(body.decode("utf-8", "replace").split()), _EXCERPT_LENGTH)


def _sentence(status: int, body: bytes) -> str:
    """Return an API error as one sentence, with its code or else its type; empty if it contains more.

    The API repeats the code in `details`.
    """
    try:
        value = json_text.decode(body)
    except json_text.JSONTextError:
        return ""
    match value:
        case {"error": {"type": str(type_), "message": str(message), **more}, **rest} if (
            rest.keys() <= _KEYS
        ):
            code = more.pop("error_code", type_)
            if isinstance(code, str) and more in (
                {},
                {"details": {}},
                {"details": {"error_code": code}},
            ):
                return f"{message} ({status} {code})"
    return ""
