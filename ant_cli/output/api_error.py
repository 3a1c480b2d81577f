"""Print the body of an API error, on stderr or on stdout, and make clients whose errors have one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.errors import AntError, APIError, OutputError, UsageError, shortened
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.sender import Observer
from ant_cli.operations.formats import BY_NAME
from ant_cli.output.printer import Transform
from ant_cli.output.renderers import make_renderer
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import resume_gc
from ant_cli.runtime.streams import LONGEST_SHOWN, Stderr, Stdout
from ant_cli.settings.loading import OutputSettings, Settings

_KEYS = {"type", "request_id"}
_EXCERPT_LENGTH = 500
"""The most characters of an error that are printed if it is not JSON, such as a proxy's page of HTML."""


@contextmanager
def open_client(settings: Settings, runtime: Runtime, observer: Observer | None = None) -> Iterator[Client]:
    """Yield a client for the API in the settings. API errors that are raised inside are rendered.

    Raises:
        CredentialError: if there is no credential.

    """
    with rendered_errors(settings.output, runtime.stderr), Client(settings.connection, runtime, observer) as client:
        resume_gc()  # what a run needs is loaded
        yield client


@contextmanager
def rendered_errors(settings: OutputSettings, stderr: Stderr, *, brief: bool = False) -> Iterator[None]:
    """Add its rendered body, with secrets redacted, to an API error that is raised inside.

    On a terminal, or if it should be `brief`, it is one sentence, if that says everything.
    """
    try:
        yield
    except APIError as error:
        body = stderr.redact_body(error.body, LONGEST_SHOWN)
        brief = (brief or stderr.is_terminal) and not settings.prints_errors
        sentence = _sentence(error.status, body) if brief else ""
        raise error.with_details(
            _error_details(body, settings), sentence, is_output=settings.prints_errors
        ) from None


def print_on_stdout(error: AntError, stdout: Stdout) -> AntError:
    """Print the body of an error on stdout, if a flag asks for it, and return the error without it.

    If it can't be written, the error is returned with its body, for stderr.
    """
    if not isinstance(error, APIError) or not error.is_output:
        return error
    try:
        stdout.write(json_text.encoded(f"{error.details}\n") if error.details else b"")
    except (BrokenPipeError, OutputError):
        return error
    return error.with_details("")


def _error_details(body: bytes, settings: OutputSettings) -> str:
    """Return the body of an API error, following `--format-error`, `--transform-error` and `-r`."""
    format_ = BY_NAME[settings.format_error]
    try:
        json_text.validate(body)
        raw = Transform("--transform-error", settings.transform_error)(body)
        if settings.raw_output and json_text.json_type(raw) == "string":
            return json_text.string(raw)
        return make_renderer(format_)([raw]).decode("utf-8", "replace").rstrip("\n")
    except (json_text.JSONTextError, UsageError):  # a path that fails at this point must not hide the error
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
        case {"error": {"type": str(type_), "message": str(message), **more}, **rest} if rest.keys() <= _KEYS:
            code = more.pop("error_code", type_)
            if isinstance(code, str) and more in ({}, {"details": {}}, {"details": {"error_code": code}}):
                return f"{message} ({status} {code})"
    return ""
