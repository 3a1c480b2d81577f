"""The explorer's screen, and the actions of its keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from rich.console import RenderableType
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message

from ant_cli.gjson import json_text
from ant_cli.output.explorer.feed import Feed
from ant_cli.output.explorer.keys import BROWSE, FILTER, READ, SEARCH, Mode, help_text
from ant_cli.output.explorer.outline import Outline
from ant_cli.output.explorer.tree import cut_to_row, in_full, path_of, text_to_copy
from ant_cli.output.explorer.widgets import COLOURED, PLAIN, Bar, Prompt, Rows, TextPage
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.sanitize import escape_controls

_SHORT = 40
"""The most characters of a copied text that the status line repeats."""


class Choice(NamedTuple):
    """The value to print after the screen has closed."""

    value: bytes = b""
    is_raw: bool = False
    """Print a string without its quotes."""
    interrupted: bool = False


class Explorer(App[Choice], inherit_bindings=False):
    """Browses a response.

    No widget has the focus: every key arrives here in the order in which it was typed, and its action is looked up
    when the actions of the keys before it are complete. So no key is lost, however fast they are typed.
    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    # Only the terminal's own colours, because they suit its background.
    CSS = """
    Screen { overflow: hidden; }
    Screen, Rows, TextPage, Prompt { background: ansi_default; color: ansi_default; }
    Rows, TextPage { height: 1fr; scrollbar-size: 0 0; }
    Bar, Prompt { height: 1; }
    """

    class Arrived(Message):
        """A page has arrived."""

        def __init__(self, page: list[bytes]) -> None:
            super().__init__()
            self.page = page

    def __init__(
        self,
        outline: Outline,
        feed: Feed,
        *,
        transform: str = "",
        colour: bool = True,
        describe: Callable[[Exception], str] = str,
    ) -> None:
        """Take the rows so far, and the source of further pages."""
        super().__init__(ansi_color=True)
        self.error_console.quiet = True
        self.failure: Exception | None = None
        """The unexpected error that ended the run."""
        self.outline = outline
        self.feed = feed
        self._transform = transform
        self._describe = describe
        self._loads_all = False
        self._mode = BROWSE
        self._error_shown = False
        self._query = ""
        self.rows = Rows(outline, COLOURED if colour else PLAIN)
        self.status, self.footer = Bar(), Bar()
        self.prompt, self.page = Prompt(), TextPage()

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield self.status
        yield self.rows
        yield self.page
        yield self.prompt
        yield self.footer

    def on_mount(self) -> None:
        """Show the first row."""
        self._switch(BROWSE)
        # After a suspension, the terminal is blank, but textual does not know that.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.call_after_refresh(self.show)

    async def on_key(self, event: events.Key) -> None:
        """Run the action of the key in this mode, unless an earlier key has ended the run."""
        event.prevent_default()
        if self.return_value is not None:
            return
        if self._mode.is_typing and event.character and event.is_printable:
            self._type(event.character)
        elif action := self._mode.actions.get(event.key):
            await self.run_action(action)

    def on_paste(self, event: events.Paste) -> None:
        """Insert pasted text into the prompt. In other modes, a paste does nothing, because nobody pastes keys."""
        if self._mode.is_typing:
            self._type(event.text)

    def _handle_exception(self, error: Exception) -> None:
        # Overrides textual's, which only prints a traceback, with the values of all variables.
        self.failure = self.failure or error
        super()._handle_exception(error)

    def panic(self, *renderables: RenderableType) -> None:
        """Record that textual failed, as it does when a terminal sends malformed input."""
        self.failure = self.failure or RuntimeError("textual failed")
        super().panic(*renderables)

    def _switch(self, mode: Mode) -> None:
        """Change to another mode."""
        self._mode = mode
        self.prompt.display = mode.is_typing
        self.page.display = mode is READ
        self.rows.display = mode is not READ

    # Display

    def show(self, note: str = "") -> None:
        """Update the screen, and fetch the next page if the cursor is near the end of the rows."""
        self.rows.show()
        near_end = self.outline.cursor + self.rows.size.height >= len(self.outline.rows)
        if near_end or self._loads_all:
            self.feed.fetch(self._deliver)
        self.status.update(self.page.title if self._mode is READ else self.position, note or self.progress)
        self.footer.update(cut_to_row(self.path, end=True), self._mode.hint)

    @property
    def path(self) -> str:
        """The path of the current value, for `--transform`."""
        return path_of(self.outline.current, self._transform) if self.outline.current else ""

    @property
    def position(self) -> str:
        """The position of the cursor, for the status line."""
        outline = self.outline
        if not outline.current:
            position = "nothing" if outline.wanted else "an empty list"
        elif outline.is_list:
            position = f"item {outline.current.root.number + 1:,} of {self.total}"
        else:
            position = f"row {outline.cursor + 1:,} of {len(outline.rows):,}"
        wanted = cut_to_row(" ".join(outline.wanted))
        return f'{position} · "{wanted}" in {outline.shown_count:,}' if wanted else position

    @property
    def total(self) -> str:
        """The number of items, with a + if there are more pages."""
        return f"{len(self.outline.roots):,}" + ("+" if self.feed.has_more else "")

    @property
    def progress(self) -> str:
        """The state of loading, for the status line."""
        if self.feed.error:
            return "the list is incomplete"
        return "loading…" if self.feed.is_busy else ""

    def _deliver(self, page: list[bytes]) -> None:
        with suppress(RuntimeError):  # the screen may be gone by now
            self.post_message(self.Arrived(page))

    def on_explorer_arrived(self, message: Arrived) -> None:
        """Append the items of a page."""
        self.feed.is_busy = False
        self.outline.append(message.page)
        self.show()
        self._show_error()

    def _show_error(self) -> None:
        """Show once why the list is incomplete, but not while the user types: the page would swallow the keys."""
        if self.feed.error and not self._error_shown and not self._mode.is_typing:
            self._error_shown = True
            self._open_page("The next page could not be loaded", escape_controls(self._describe(self.feed.error)))

    # Moving

    def action_outline(self, change: str) -> None:
        """Call a method of the outline; `toggle` on a scalar shows it in full."""
        current = self.outline.current
        if change == "toggle" and current and not current.can_open:
            self.action_view()
        else:
            getattr(self.outline, change)()
            self.show()

    def action_move(self, rows: int) -> None:
        """Move by rows."""
        self.outline.move(rows)
        self.show()

    def action_page(self, screens: float) -> None:
        """Move by screens."""
        self.action_move(int(screens * max(2, self.rows.size.height - 1)))

    def action_first(self) -> None:
        """Go to the first row."""
        self.action_move(-len(self.outline.rows))

    def action_last(self) -> None:
        """Go to the last row."""
        self.action_move(len(self.outline.rows))

    def action_point(self, row: int) -> None:
        """Go to the row. If it is already the current one, fold or unfold it."""
        distance = row - self.outline.cursor
        if distance:
            self.action_move(distance)
        else:
            self.action_outline("toggle")

    def action_load_all(self) -> None:
        """Fetch all remaining pages."""
        self._loads_all = True
        self.show()

    # Search and filter

    def action_search(self) -> None:
        """Open the prompt of a search."""
        self._open_prompt(SEARCH, "")

    def action_filter(self) -> None:
        """Open the prompt of a filter."""
        self._open_prompt(FILTER, " ".join(self.outline.wanted))

    def _open_prompt(self, mode: Mode, text: str) -> None:
        self.prompt.line.begin(text)
        self._switch(mode)
        self.show()

    def action_edit(self, how: str, *distance: int) -> None:
        """Call a method of the typed line, and filter at once."""
        getattr(self.prompt.line, how)(*distance)
        self._typed()

    def _type(self, text: str) -> None:
        self.prompt.line.insert(text)
        self._typed()

    def _typed(self) -> None:
        self.prompt.refresh()
        if self._mode is FILTER:
            self._filter(self.prompt.line.text)

    def action_accept(self) -> None:
        """Close the prompt, and search."""
        searches = self._mode is SEARCH
        self._close_prompt()
        if searches:
            self._query = self.prompt.line.text or self._query
            self.action_search_on(1)

    def action_give_up(self) -> None:
        """Close the prompt, and end the filter."""
        if self._mode is FILTER:
            self._filter("")
        self._close_prompt()

    def action_show_all(self) -> None:
        """End the filter."""
        self._filter("")

    def action_search_on(self, direction: int) -> None:
        """Go to the next match."""
        has_match = self.outline.search(self._query, back=direction < 0)
        so_far = " so far; A loads all" if self.feed.has_more else ""
        self.show("" if has_match or not self._query else f'no "{cut_to_row(self._query)}"{so_far}')

    def _filter(self, text: str) -> None:
        self.outline.filter(text)
        self.show()

    def _close_prompt(self) -> None:
        self._switch(BROWSE)
        self.show()
        self._show_error()

    # The current value

    def action_view(self) -> None:
        """Show all of the value."""
        if self.outline.current:
            self._open_page(self.position, in_full(self.outline.current.raw))

    def action_help(self) -> None:
        """Show the keys."""
        self._open_page("Keys", help_text())

    def action_scroll(self, how: str) -> None:
        """Call a scrolling method of the page."""
        getattr(self.page, how)(animate=False)

    def action_close_page(self) -> None:
        """Go back to the rows."""
        self._switch(BROWSE)
        self.show()

    def _open_page(self, title: str, text: str) -> None:
        self.page.show(title, text)
        self._switch(READ)
        self.show()

    def action_copy_value(self) -> None:
        """Copy the value."""
        if self.outline.current:
            self._copy(text_to_copy(self.outline.current.raw))

    def action_copy_path(self) -> None:
        """Copy the path."""
        self._copy(escape_controls(self.path))

    def _copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self.show(f"copied: {cut_to_row(text)}" if len(text) <= _SHORT else f"copied {len(text):,} characters")

    def action_print_value(self) -> None:
        """Quit, and print the value."""
        if self.outline.current:
            self.exit(Choice(value=self.outline.current.raw))

    def action_print_path(self) -> None:
        """Quit, and print the path."""
        if self.path:
            self.exit(Choice(value=json_text.quote(self.path), is_raw=True))

    def action_leave(self) -> None:
        """Quit."""
        self.exit(Choice())

    def action_interrupt(self) -> None:
        """Quit as by an interrupt."""
        self.exit(Choice(interrupted=True))
