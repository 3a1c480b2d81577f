"""The printer: picks from each value what `--transform` says, and prints it in the format that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ant_cli import json_text
from ant_cli.errors import AnswerError, UsageError
from ant_cli.output.formats import as_bare_text, renderer
from ant_cli.settings import Settings
from ant_cli.streams import Process

Pick = Callable[[bytes], bytes]
EXCERPT_LENGTH = 500
"""The most characters that are shown of an error which is not JSON."""


class Printer:
    """Prints the result of one run on stdout."""

    def __init__(self, settings: Settings, process: Process, *, is_list: bool) -> None:
        """Choose the format. A bad `--transform` or `--columns` is a UsageError here, before anything is sent."""
        self._stdout = process.stdout
        self.format = effective_format(settings.format, process, is_list=is_list)
        self._pick = picker("--transform", settings.transform)
        self._bare = settings.raw_output
        self._render = renderer(self.format, settings.columns, is_list=is_list)

    def print_one(self, text: bytes) -> None:
        """Print a value. AnswerError if it is not JSON: then nothing is printed."""
        try:
            self._print([self._pick(checked(text))])
        except json_text.JSONTextError as error:
            raise AnswerError(f"the server's answer is not JSON: {error}.") from None

    def print_pages(self, pages: Iterable[list[bytes]]) -> None:
        """Print the items of each page as it comes, with one write for a page."""
        for page in pages:
            self._print([self._pick(item) for item in page])

    def print_array(self, pages: Iterable[list[bytes]]) -> None:
        """Print one JSON array of all items, when all are there."""
        items = [self._pick(item) for page in pages for item in page]
        self._print([b"[" + b",".join(items) + b"]"])

    def _print(self, values: list[bytes]) -> None:
        if self._bare and any(json_text.kind(value) == "string" for value in values):
            data = b"".join(self._bare_or_rendered(value) for value in values)
        else:
            data = self._render(values)
        if data:
            self._stdout.write(data)

    def _bare_or_rendered(self, value: bytes) -> bytes:
        return as_bare_text(value) if json_text.kind(value) == "string" else self._render([value])


def effective_format(name: str, process: Process, *, is_list: bool) -> str:
    """Return the format that `auto` and `explore` stand for here."""
    if name == "auto":
        return ("table" if is_list else "pretty") if process.stdout.is_terminal else "json"
    if name == "explore":
        instead = "pretty" if process.stdout.is_terminal else "json"
        process.stderr.say(f"Note: the format explore needs a terminal; {instead} is used instead.")
        return instead
    return name


def checked(text: bytes) -> bytes:
    """Return a text without a byte order mark, if it is JSON; JSONTextError if not."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    json_text.validate(text)
    return text


def picker(flag: str, path: str) -> Pick:
    """Return what picks a path's value from a JSON text; `null` where there is none (D9).

    Raises:
        UsageError: if it is not a GJSON path.

    """
    if not path:
        return lambda text: text
    from ant_cli.output.transform import BadPath, apply, parse

    def pick(text: bytes) -> bytes:
        try:
            return apply(compiled, text) or b"null"
        except BadPath as error:  # some paths show only at work that they would fill the memory
            raise UsageError(f"{flag} {path!r}: {error}.") from None

    try:
        compiled = parse(path)
    except BadPath as error:
        raise UsageError(f"{flag} {path!r} is not a GJSON path: {error}.") from None
    return pick


def error_details(body: bytes, settings: Settings) -> str:
    """Return the body of an API error as `--format-error` and `--transform-error` want it."""
    try:
        text = picker("--transform-error", settings.transform_error)(checked(body))
        name = "json" if settings.format_error in ("auto", "explore") else settings.format_error
        return renderer(name)([text]).decode("utf-8", "replace").rstrip("\n")
    except json_text.JSONTextError:
        return excerpt(body)


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer that is not JSON, such as a proxy's page of HTML."""
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= EXCERPT_LENGTH else text[:EXCERPT_LENGTH] + "…"
