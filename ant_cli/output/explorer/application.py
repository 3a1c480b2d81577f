"""The explorer's screen: rows, a search, and a page of text, with the keys of `less` and of vi."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import ClassVar, NamedTuple

from rich.columns import Columns
from rich.console import RenderableType
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from ant_cli.gjson import json_text
from ant_cli.output.explorer.rows import Rows
from ant_cli.output.explorer.tree import Value, cut_to_row, in_full, path_of, text_to_copy
from ant_cli.runtime.sanitize import escape_controls


class Choice(NamedTuple):
    """What to do after the screen has closed."""

    value: bytes
    """The JSON value to print; empty for nothing."""
    is_raw: bool
    """Print a string without its quotes."""
    error: Exception | None
    """Why the list is incomplete. Raise it after printing the value."""


class Prompt(Input):
    """The input line of a search."""

    HINT = "Enter go  Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter,tab,down", "app.accept"),
        ("escape", "app.browse"),
    ]


class Page(VerticalScroll):
    """A text that replaces the rows."""

    HINT = "Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,left,h,v,question_mark", "app.browse"),
        ("j", "scroll_down"),
        ("k", "scroll_up"),
        ("space,ctrl+d,ctrl+f", "page_down"),
        ("ctrl+u,ctrl+b", "page_up"),
        ("g", "scroll_home"),
        ("G", "scroll_end"),
    ]


class Explorer(App[Choice], inherit_bindings=False):
    """Browses a response. Which keys apply depends on the widget that has the focus."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "application.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("slash", "search", "search, folded values too"),
        ("n", "search_on(1)", "next match"),
        ("N", "search_on(-1)", "previous match"),
        ("A", "load_all", "load all pages"),
        ("v", "view", "view the whole value"),
        ("y", "copy('value')", "copy the value"),
        ("Y", "copy('path')", "copy path for --transform"),
        ("p", "print('value')", "quit and print the value"),
        ("P", "print('path')", "quit and print its path"),
        ("question_mark", "help", "keys"),
        ("q", "leave", "quit"),
        ("ctrl+z", "suspend_process", "suspend"),
        Binding("ctrl+c", "interrupt", "end, as interrupted", priority=True),
    ]

    def __init__(
        self,
        first: list[bytes],
        further: Iterator[list[bytes]],
        *,
        is_list: bool = True,
        transform: str = "",
    ) -> None:
        """Take the first page, and the source of further pages."""
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self.error_console.quiet = True
        self.failure: BaseException | None = None
        """The unexpected error, or the signal, that ended the run."""
        if is_list:
            self.rows = Rows()
            self.rows.append(first)
        else:
            self.rows = Rows(Value(first[0]))
        self._further = further
        self.is_loading = False
        """Whether a page is on its way. The next one is fetched after it has been added."""
        self.has_more = True
        self.error: Exception | None = None
        """The error that cut the list short."""
        self.status = Static(id="status", markup=False)
        self.footer = Static(id="footer", markup=False)
        self.search = Prompt(placeholder="search", compact=True)
        self.text = Static(markup=False)
        self.page = Page(self.text)
        self._transform = transform
        self._loads_all = False
        self._query = ""
        self._note = ""

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield from (self.status, self.rows, self.page, self.search, self.footer)

    def on_mount(self) -> None:
        """Show the first row, and follow the mouse, too: a click moves the cursor, and the wheel fetches pages."""
        self._open(self.rows)
        self.call_after_refresh(self.update)
        for changed in ("cursor_line", "scroll_y"):
            self.watch(self.rows, changed, self.update, init=False)
        # After a suspension, the terminal is blank, but textual does not know that.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    async def on_event(self, event: events.Event) -> None:
        """Complete the action of a key before the next key, so that keys after / are text, however fast they come.

        textual itself passes a key on to the widget, and its action back to the app, while the next key arrives.
        """
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self.return_code is None:
            self.app_focus = True
            self._note = ""
            await self._type(event)
            self.update()

    async def _type(self, event: events.Key | events.Paste) -> None:
        if isinstance(event, events.Paste):
            self._insert(" ".join(event.text.splitlines()))
        elif bound := self.screen.active_bindings.get(event.key):
            await self.run_action(bound.binding.action, bound.node)
        elif event.character and event.is_printable:
            self._insert(event.character)

    def _insert(self, text: str) -> None:
        if isinstance(self.focused, Prompt):
            self.focused.insert_text_at_cursor(escape_controls(text))

    def _handle_exception(self, error: Exception) -> None:
        # Overrides textual's, which only prints a traceback, with the values of all variables.
        self.failure = self.failure or error
        super()._handle_exception(error)

    def panic(self, *renderables: RenderableType) -> None:
        """Record that textual failed, as it does when a terminal sends malformed input."""
        self.failure = self.failure or RuntimeError("textual failed")
        super().panic(*renderables)

    def _open(self, widget: Widget) -> None:
        for other in (self.page, self.search):
            other.display = other is widget
        self.rows.display = widget is not self.page
        self.set_focus(widget)

    # Display

    def update(self) -> None:
        """Fetch the next page if the last rows are near, and show the position and the path."""
        seen = max(self.rows.cursor_line, self.rows.scroll_offset.y) + self.rows.size.height
        if seen > self.rows.last_line or self._loads_all:
            self._fetch()
        self.status.update(_joined(self.position, self._note, self._loading))
        hint = getattr(self.focused, "HINT", "? keys  q quit")
        self.footer.update(_joined(hint, cut_to_row(self.path)))

    @property
    def _loading(self) -> str:
        if self.is_loading:
            return "loading…"
        return "incomplete; q says why" if self.error else ""

    @property
    def path(self) -> str:
        """The path of the current value, for `--transform`."""
        return path_of(self.rows.current, self._transform) if self.rows.current else ""

    @property
    def position(self) -> str:
        """The position of the cursor, for the status line."""
        rows = self.rows
        if not rows.current:
            return "an empty list"
        more = "+" if self.has_more else ""
        if rows.is_list:
            return f"item {rows.current.place[0] + 1:,} of {len(rows.values):,}{more}"
        return f"row {rows.cursor_line + 1:,} of {rows.last_line + 1:,}"

    def _fetch(self) -> None:
        """Fetch the next page in a thread, so that the screen never waits for the network."""
        if not self.is_loading and self.has_more:
            self.is_loading = True
            # A daemon thread, so that quitting does not wait for a response that is no longer needed.
            Thread(target=self._load_page, daemon=True).start()

    def _load_page(self) -> None:
        page: list[bytes] | None = None
        try:
            page = next(self._further, None)
        except Exception as error:  # noqa: BLE001 - shown on the screen, and raised after it has closed
            self.error = error
        self.has_more = page is not None
        self.call_later(self._arrived, page or [])

    def _arrived(self, page: list[bytes]) -> None:
        self.is_loading = False
        self.rows.append(page)
        self.update()

    def action_load_all(self) -> None:
        """Fetch all remaining pages."""
        self._loads_all = True

    # Search

    def action_search(self) -> None:
        """Open the prompt of a search."""
        self.search.value = ""
        self._open(self.search)

    def action_accept(self) -> None:
        """Close the prompt, and search."""
        self._open(self.rows)
        self._query = self.search.value or self._query
        self.action_search_on(1)

    def action_search_on(self, direction: int) -> None:
        """Go to the next match."""
        if not self.rows.search(self._query, back=direction < 0) and self._query:
            so_far = " so far; A loads all" if self.has_more else ""
            self._note = f'no "{cut_to_row(self._query)}"{so_far}'

    # The current value

    def action_browse(self) -> None:
        """Go back to the rows."""
        self._open(self.rows)

    def action_view(self) -> None:
        """Show all of the value."""
        if self.rows.current:
            self._open_page(in_full(self.rows.current.raw))

    def action_help(self) -> None:
        """Show the keys."""
        keys: dict[str, str] = {}
        for binding in Binding.make_bindings([*Rows.BINDINGS, *self.BINDINGS]):
            keys[binding.description] = (
                f"{keys.get(binding.description, '')}{self.get_key_display(binding)} "
            )
        lines = [f"{names:<11}{meaning}" for meaning, names in keys.items()]
        self._open_page(Columns(lines, column_first=True))

    def _open_page(self, text: str | Columns) -> None:
        self.text.update(text)
        self.page.scroll_home(animate=False)
        self._open(self.page)

    def action_copy(self, what: str) -> None:
        """Copy the value or its path."""
        if not self.rows.current:
            return
        if what == "path":
            text = escape_controls(self.path)
        else:
            text = text_to_copy(self.rows.current.raw)
        self.copy_to_clipboard(text)
        self._note = f"copied: {cut_to_row(text)}"

    def action_print(self, what: str) -> None:
        """Quit, and print the value or its path."""
        if not self.rows.current:
            return
        if what == "path":
            self.action_leave(json_text.quote(self.path), is_raw=True)
        else:
            self.action_leave(self.rows.current.raw)

    def action_leave(self, value: bytes = b"", *, is_raw: bool = False) -> None:
        """Quit, and print the value, if there is one."""
        self.exit(Choice(value, is_raw, self.error))

    def action_interrupt(self) -> None:
        """Quit as by an interrupt."""
        self.exit(return_code=1)


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))
