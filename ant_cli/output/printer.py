"""The printer: applies `--transform` to each value, and prints the result in the requested format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ant_cli.errors import ResponseError, UsageError
from ant_cli.errors.command_line import quote
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.http.pagination import LastPage
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT, AUTO_PIPE, BY_NAME, FORMATS, Format
from ant_cli.output.rendering import make_renderer, render_string
from ant_cli.output.style import style_of
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import OutputSettings

_NOT_JQ = """ Members are written without spaces and dots before them: '{id,"kind":config.type}'."""


class Transform:
    """Leaves JSON values unchanged: a run without `--transform`."""

    def __call__(self, raw: bytes) -> bytes:
        """Return the value to print. Raises JSONTextError if it has to be JSON, and is not."""
        return raw

    def note_unmatched(self, say: Callable[[str], None]) -> None:
        """Print a note if no value had a match, with what may have been meant."""


class _PathTransform(Transform):
    """Finds the value at a GJSON path in a JSON value; `null` without one (D9)."""

    def __init__(self, flag: str, path: str) -> None:
        from ant_cli.gjson.evaluate import apply
        from ant_cli.gjson.parser import BadPath, parse
        from ant_cli.gjson.steps import Multipath

        self._what = f"{flag} {path!r}"
        self._flag = flag
        self._path = path
        self._apply, self._bad_path = apply, BadPath
        self._steps = parse(path)
        self._may_be_jq = " " in path or "." in path
        self._nothing = (b"{}", b"[]") if isinstance(self._steps[-1], Multipath) else ()
        """The results of the path if no part of it matches anything."""
        self._found_any = False
        self._unmatched = b""

    def __call__(self, raw: bytes) -> bytes:
        try:
            found = self._apply(self._steps, raw)
        # only the evaluation shows that a path multiplies the value
        except self._bad_path as error:
            raise UsageError(f"{self._what}: {error}.") from None
        if found is None or found in self._nothing:
            self._unmatched = self._unmatched or raw
        else:
            self._found_any = True
        return b"null" if found is None else found

    def note_unmatched(self, say: Callable[[str], None]) -> None:
        # a poll of an empty queue returns null
        has_members = self._unmatched.strip() not in (b"", b"null")
        if has_members and not self._found_any:
            say(f"Note: {self._what} matched nothing.{self._hint()}")

    def _hint(self) -> str:
        if self._nothing and self._may_be_jq:
            return _NOT_JQ
        members = [member.strip() for member in self._path.split(",")]
        if len(members) > 1 and all(map(str.isidentifier, members)):
            several = quote("{" + ",".join(members) + "}")
            return f" For several members: {self._flag} {several}"
        return self._similar_member()

    def _similar_member(self) -> str:
        from ant_cli.gjson.steps import plain_keys

        keys = plain_keys(self._steps)
        if not keys or json_text.json_type(self._unmatched) != "object":
            return ""
        members = json_text.members(self._unmatched)
        return "" if keys[0] in members else did_you_mean(keys[0], members)


def make_transform(flag: str, path: str) -> Transform:
    """Return what `--transform`, or another flag like it, does to each value."""
    return _PathTransform(flag, path) if path else Transform()


class Printer:
    """Prints the result of one run on stdout."""

    def __init__(
        self,
        settings: OutputSettings,
        runtime: Runtime,
        *,
        is_list: bool,
        empty_message: str = "",
        shows_archived: bool = False,
        before_pager: Callable[[], None] = lambda: None,
        may_page: bool = True,
    ) -> None:
        """Choose the format. Raises UsageError for `--columns` with another format, before anything is sent.

        `empty_message` is printed for a list without items; `shows_archived` says that archived items were
        requested. A list that may not be paged is printed at once, even if it is long.
        """
        self._runtime = runtime
        self._write = partial(runtime.stdout.write, escape=False)
        self._before_pager = before_pager
        self._may_page = may_page
        self.format = _choose_format(settings, runtime, is_list=is_list)
        self._missing: str | None = None
        """What is missing for the screen of the format, so that another one is used."""
        if self.format.opens_screen:
            self._replace_unless_it_opens(is_list=is_list)
        self.style = style_of(runtime.stdout, runtime)
        self.transform = make_transform("--transform", settings.transform)
        self._path = settings.transform
        self._raw_strings = settings.raw_output
        self._slurps = settings.slurp
        self.shows_archived = shows_archived
        self.empty_message = "" if settings.slurp and not self.format.has_columns else empty_message
        self._render = make_renderer(
            self.format,
            settings.columns,
            is_list=is_list,
            style=self.style,
            warn=runtime.say,
            shows_archived=shows_archived,
        )

    def _replace_unless_it_opens(self, *, is_list: bool) -> None:
        from ant_cli.output.explorer.full_screen import missing_requirement

        self._missing = missing_requirement(self._runtime)
        if self._missing:
            on_terminal = self._runtime.stdout.is_terminal
            self.format = _auto_format(is_list=is_list, on_terminal=on_terminal)

    def print_one(self, raw: bytes) -> None:
        """Print a value. Raises ResponseError, and prints nothing, if it is not JSON."""
        check_json(raw)
        self._print([transformed([raw], self.transform)], is_list=False)

    def print_pages(self, pages: Iterable[list[bytes]]) -> None:
        """Print the items of each page as it arrives, or with `--slurp` all at the end as an array or a table."""
        noting = self._noting_emptiness(pages)
        found: Iterable[list[bytes]] = map(self._transformed_page, noting)
        if self._slurps and not self.format.opens_screen:
            found = [self._slurped([item for values in found for item in values])]
        self._print(found, is_list=True)

    def _transformed_page(self, page: list[bytes]) -> list[bytes]:
        values = transformed(page, self.transform)
        return LastPage(values) if isinstance(page, LastPage) else values

    def _slurped(self, items: list[bytes]) -> list[bytes]:
        """Return what `--slurp` prints: all rows of one table, or one array."""
        if self.format.has_columns:
            return LastPage(items)
        return [b"[" + b",".join(items) + b"]"]

    def _noting_emptiness(self, pages: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Yield the pages. At a terminal, print `empty_message` if there were no items."""
        pages_seen = items_seen = 0
        for page in pages:
            pages_seen += 1
            items_seen += len(page)
            yield page
        is_empty = pages_seen > 0 and items_seen == 0
        if is_empty and self.empty_message and self._runtime.stdout.is_terminal:
            self._runtime.say(self.empty_message)

    def _print(self, found: Iterable[list[bytes]], *, is_list: bool) -> None:
        """Write values as they arrive; a list on a terminal through the pager, if it fills the screen."""
        if self.format.opens_screen:
            self._explore(found, is_list=is_list)
            return
        parts = map(self._encode, filter(None, found))
        if is_list and self._may_page and self.style.is_laid_out:
            from ant_cli.output import pager

            pager.show(parts, self._runtime, self.style, self._before_pager)
        else:
            for part in parts:
                self._write(part)
        if self._missing:  # said at the end: a pager would cover it
            needed = f"the format explore needs {self._missing}"
            self._runtime.say(f"Note: {needed}; {self.format.name} is used instead.")
        self.transform.note_unmatched(self._runtime.say)

    def _explore(self, pages: Iterable[list[bytes]], *, is_list: bool) -> None:
        """Show values on a full screen, and print the one that was chosen there."""
        from ant_cli.output.explorer.full_screen import explore

        result = explore(
            iter(pages),
            self._runtime,
            is_list=is_list,
            path=self._path,
            before_screen=self._before_pager,
        )
        self._raw_strings = self._raw_strings or result.is_raw
        if result.value:
            self._write(self._encode([result.value]))
        if result.error:
            raise result.error

    def _encode(self, values: list[bytes]) -> bytes:
        """Return values in the requested format. Raises ResponseError if the format can't represent them."""
        try:
            if self._raw_strings and any(map(_is_string, values)):
                return b"".join(
                    render_string(value, self.style) if _is_string(value) else self._render([value])
                    for value in values
                )
            return self._render(values)
        # some formats can't be nested as deeply as JSON
        except (json_text.JSONTextError, RecursionError) as error:
            raise ResponseError(
                f"the response can't be printed as {self.format.name}. {error}"
            ) from None


def _is_string(value: bytes) -> bool:
    return json_text.json_type(value) == "string"


def check_json(raw: bytes) -> None:
    """Raise ResponseError unless a response's body is JSON."""
    try:
        json_text.validate(raw)
    except json_text.JSONTextError as error:
        raise _invalid_json(error) from None


def _invalid_json(error: json_text.JSONTextError) -> ResponseError:
    """Return the error for a response that is not JSON, or is nested too deeply."""
    return ResponseError(f"the server's response can't be read. {error}")


def _choose_format(settings: OutputSettings, runtime: Runtime, *, is_list: bool) -> Format:
    """Return the format to use, in place of `auto`. `--columns` means a table.

    Raises:
        UsageError: if there are `--columns`, and another format was requested.

    """
    chosen = BY_NAME[settings.format]
    if settings.columns:
        return _format_with_columns(chosen, settings.format_source)
    if chosen.name == "auto":
        return _auto_format(is_list=is_list, on_terminal=runtime.stdout.is_terminal)
    return chosen


def _format_with_columns(chosen: Format, source: str) -> Format:
    if chosen.name == "auto":
        return BY_NAME[AUTO_LIST]
    if chosen.has_columns:
        return chosen
    names = [row.name for row in FORMATS if row.has_columns]
    formats = f"{', '.join(names[:-1])} or {names[-1]}"
    raise UsageError(
        f"--columns needs --format {formats}, but the format is {chosen.name} ({source}).",
        "To pick fields in other formats, use --transform, for example: --transform '{id,name}'",
    )


def _auto_format(*, is_list: bool, on_terminal: bool) -> Format:
    if not on_terminal:
        return BY_NAME[AUTO_PIPE]
    return BY_NAME[AUTO_LIST if is_list else AUTO_OBJECT]


def transformed(values: Iterable[bytes], transform: Transform) -> list[bytes]:
    """Return JSON values after `--transform`. Raises ResponseError if it can't be applied."""
    try:
        return [transform(value) for value in values]
    # some paths can't be evaluated as deeply as JSON can be nested
    except json_text.JSONTextError as error:
        raise _invalid_json(error) from None
