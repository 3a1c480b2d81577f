"""The printer: picks from each value what `--transform` says, and prints it in the format that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ant_cli.errors import AnswerError, UsageError
from ant_cli.gjson import json_text
from ant_cli.output.formats import as_bare_text, renderer
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import OutputSettings

TYPE_CHECKING = False  # what a pipe does not need is not imported
if TYPE_CHECKING:
    from ant_cli.output.look import Look

Pick = Callable[[bytes], bytes]


class Printer:
    """Prints the result of one run on stdout."""

    def __init__(
        self,
        settings: OutputSettings,
        runtime: Runtime,
        *,
        is_list: bool,
        before_pager: Callable[[], None] = lambda: None,
    ) -> None:
        """Choose the format. Raises UsageError for a bad path in a flag: here, before anything is sent."""
        self._process = runtime
        self._write = partial(runtime.stdout.write, trusted=True)
        self._before_pager = before_pager
        self.format = effective_format(settings, runtime, is_list=is_list)
        self._look = look_unless_plain(runtime)
        self._pick = picker("--transform", settings.transform)
        picker("--transform-error", settings.transform_error)  # only checked: an error needs it later
        self._transform = settings.transform
        self._bare = settings.raw_output
        warn = runtime.stderr.say
        self._render = renderer(self.format, settings.columns, is_list=is_list, look=self._look, warn=warn)

    def print_one(self, text: bytes) -> None:
        """Print a value. Raises AnswerError, and prints nothing, if it is not JSON."""
        try:
            json_text.validate(text)
        except json_text.JSONTextError as error:
            raise unreadable(error) from None
        values = self._picked([text])
        if self.format == "explore":
            self._explore([values], is_list=False)
        else:
            self._write(self._printable(values))

    def print_pages(self, pages: Iterable[list[bytes]]) -> None:
        """Print the items of each page as it comes, with one write per page."""
        if self.format == "explore":
            self._explore(map(self._picked, pages), is_list=True)
        else:
            self._show(map(self._printable, map(self._picked, pages)))

    def print_array(self, pages: Iterable[list[bytes]]) -> None:
        """Print all items when the last one has come: as one JSON array, or as one table."""
        if self.format == "explore":
            self.print_pages(pages)
            return
        items = [item for page in pages for item in self._picked(page)]
        values = items if self.format == "table" else [b"[" + b",".join(items) + b"]"]
        self._show([self._printable(values)])

    def _picked(self, values: list[bytes]) -> list[bytes]:
        """Return what `--transform` picks from each value."""
        try:
            return [self._pick(value) for value in values]
        except json_text.JSONTextError as error:  # some paths can't go as deep as JSON
            raise unreadable(error) from None

    def _show(self, parts: Iterable[bytes]) -> None:
        """Write each part of a list as it comes; on a terminal through the pager, if they fill the screen."""
        parts = filter(None, parts)
        if self._look is None or not self._look.is_terminal:
            for part in parts:
                self._write(part)
            return
        from ant_cli.output.pager import Pager

        Pager(self._process, self._look, self._before_pager).show(parts)

    def _explore(self, pages: Iterable[list[bytes]], *, is_list: bool) -> None:
        """Show values on a screen of their own."""
        from ant_cli.output.explorer.session import explore

        explore(
            iter(pages),
            self._process,
            is_list=is_list,
            transform=self._transform,
            print_chosen=self._print_chosen,
            before_screen=self._before_pager,
        )

    def _print_chosen(self, value: bytes, bare: bool) -> None:  # noqa: FBT001 - the explorer's answer
        self._write(self._bare_or_rendered(value) if bare or self._bare else self._render([value]))

    def _printable(self, values: list[bytes]) -> bytes:
        """Return values in the format that was asked for. Raises AnswerError if it can't hold them."""
        try:
            return self._rendered(values)
        except (json_text.JSONTextError, RecursionError) as error:  # some formats can't nest as deep as JSON
            raise AnswerError(f"the answer can't be printed as {self.format}. {error}") from None

    def _rendered(self, values: list[bytes]) -> bytes:
        if self._bare and any(json_text.kind(value) == "string" for value in values):
            return b"".join(self._bare_or_rendered(value) for value in values)
        return self._render(values)

    def _bare_or_rendered(self, value: bytes) -> bytes:
        if json_text.kind(value) != "string":
            return self._render([value])
        text = as_bare_text(value)
        if self._look is None or not self._look.is_terminal:
            return text
        from ant_cli.output.terminal_text import show

        return show(text, "text", self._look)


def unreadable(error: json_text.JSONTextError) -> AnswerError:
    """Return the error for an answer that is not JSON, or is nested too deeply."""
    return AnswerError(f"the server's answer can't be read. {error}")


def look_unless_plain(runtime: Runtime) -> Look | None:
    """Return how results are shown; None for plain text, decided without an import in a pipe."""
    environ = runtime.environ
    if not (runtime.stdout.is_terminal or environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE")):
        return None
    from ant_cli.output.look import look_of

    return look_of(runtime)


def effective_format(settings: OutputSettings, runtime: Runtime, *, is_list: bool) -> str:
    """Return the format to use: what `auto` stands for, `explore` only where it can open, a table for `--columns`.

    Raises:
        UsageError: if there are `--columns`, and another format was asked for.

    """
    name = settings.format
    if settings.columns.strip():
        if name not in ("auto", "table"):
            raise no_columns(name, settings.format_source)
        return "table"
    if name == "auto":
        return ("table" if is_list else "pretty") if runtime.stdout.is_terminal else "json"
    if name == "explore":
        from ant_cli.output.explorer.session import obstacle

        missing = obstacle(runtime)
        if missing:
            name = "pretty" if runtime.stdout.is_terminal else "json"
            runtime.stderr.say(f"Note: the format explore needs {missing}; {name} is used instead.")
    return name


def no_columns(name: str, source: str) -> UsageError:
    """Return the error for `--columns` with a format that has no columns."""
    return UsageError(
        f"--columns needs --format table, and the format is {name} ({source}).",
        "To pick fields in other formats, use --transform, for example: --transform '{id,name}'",
    )


def picker(flag: str, path: str) -> Pick:
    """Return the function that picks a path's value from a JSON text; `null` where there is none (D9).

    Raises:
        UsageError: if `path` is not a GJSON path.

    """
    if not path:
        return lambda text: text
    from ant_cli.gjson.evaluate import BadPath, apply, parse

    def pick(text: bytes) -> bytes:
        try:
            return apply(compiled, text) or b"null"
        except BadPath as error:  # only while it runs does it show that it would fill the memory
            raise UsageError(f"{flag} {path!r}: {error}.") from None

    try:
        compiled = parse(path)
    except BadPath as error:
        raise UsageError(f"{flag} {path!r} is not a GJSON path: {error}.") from None
    return pick
