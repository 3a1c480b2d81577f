"""The explorer's screen, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, NamedTuple

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from ant_cli import json_text
from ant_cli.output.explorer.feed import Feed
from ant_cli.output.explorer.keys import help_text
from ant_cli.output.explorer.outline import Outline
from ant_cli.output.explorer.tree import path_of
from ant_cli.output.explorer.widgets import COLOURED, PLAIN, Bar, Page, Prompt, Rows
from ant_cli.output.explorer.wording import bare, in_full, on_one_line, printable

HINTS = {
    "": "? keys  q quit",
    "search": "search: Enter go, Esc back",
    "filter": "filter: Enter keep, Esc show all",
}
"""What the keys do, with no prompt and with either."""
SHORT = 40
"""The characters of a text that fit the status line."""


class Choice(NamedTuple):
    """What is to be printed when the screen is gone."""

    value: bytes = b""
    bare: bool = False
    """Without the quotes of a string."""
    interrupted: bool = False


class Explorer(App[Choice]):
    """Browses an answer."""

    ENABLE_COMMAND_PALETTE = False
    # Only the terminal's own colours: they suit its background, whichever that is.
    CSS = """
    Screen, ModalScreen, Rows, VerticalScroll, Static { background: ansi_default; color: ansi_default; }
    Rows, VerticalScroll { height: 1fr; scrollbar-size: 0 0; }
    Bar { height: 1; }
    Static { padding: 0 1; }
    Prompt, Prompt:focus { height: 1; border: none; padding: 0 1; background: ansi_default; }
    Prompt > .input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
    Prompt > .input--selection { background: ansi_default; color: ansi_default; text-style: underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", show=False, priority=True)]

    class Arrived(Message):
        """A page has come."""

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
        """Take what there is already, and what is still to come."""
        super().__init__(ansi_color=True)
        self.outline = outline
        self.feed = feed
        self._transform = transform
        self._describe = describe
        self._loads_all = False
        self._asked = "search"
        self._wanted = ""
        self.rows = Rows(outline, COLOURED if colour else PLAIN)
        self.status, self.footer = Bar(), Bar()
        self.prompt = Prompt(compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self.status
        yield self.rows
        yield self.prompt
        yield self.footer

    def on_mount(self) -> None:
        """Begin at the first row."""
        self.prompt.cursor_blink = False
        self.prompt.display = False
        self.rows.focus()
        self.call_after_refresh(self.show)

    # What is shown

    def show(self, note: str = "") -> None:
        """Bring the screen up to date, and fetch the next page if the end of what is there comes near."""
        self.rows.show()
        near_end = self.outline.cursor + self.rows.size.height >= len(self.outline.rows)
        if near_end or self._loads_all:
            self.feed.fetch(self._deliver)
        self.status.say(self.place, note or self.progress)
        self.footer.say(on_one_line(self.path), HINTS[self._asked if self.prompt.display else ""])

    @property
    def path(self) -> str:
        """The path of the current value, for `--transform`."""
        return path_of(self.outline.current, self._transform) if self.outline.current else ""

    @property
    def place(self) -> str:
        """Where the cursor is, in words."""
        outline = self.outline
        if not outline.current:
            place = "nothing"
        elif outline.is_list:
            place = f"item {outline.current.root.key} of {self.total}"
        else:
            place = f"row {outline.cursor + 1:,} of {len(outline.rows):,}"
        wanted = on_one_line(" ".join(outline.wanted))
        return f'{place} · "{wanted}" in {outline.shown_count:,}' if wanted else place

    @property
    def total(self) -> str:
        """How many items there are, as far as is known."""
        return f"{len(self.outline.roots):,}" + ("+" if self.feed.has_more else "")

    @property
    def progress(self) -> str:
        """What is being done."""
        if self.feed.error:
            return "the list is incomplete"
        return "loading…" if self.feed.is_busy else ""

    def _deliver(self, page: list[bytes]) -> None:
        with suppress(RuntimeError):  # the screen may be gone by now
            self.post_message(self.Arrived(page))

    def on_explorer_arrived(self, message: Arrived) -> None:
        """Put a page's items behind the others."""
        self.feed.is_busy = False
        self.outline.append(message.page)
        self.show()
        if self.feed.error:
            text = printable(self._describe(self.feed.error))
            self.push_screen(Page("The next page could not be loaded", text))

    # Moving

    def action_outline(self, change: str) -> None:
        """Change what is unfolded, in one of the outline's ways; of a text or number show all of it."""
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

    def on_rows_pointed(self, message: Rows.Pointed) -> None:
        """Go to the row; fold or unfold it if it is the current one already."""
        distance = message.row - self.outline.cursor
        if distance:
            self.action_move(distance)
        else:
            self.action_outline("toggle")

    def action_load_all(self) -> None:
        """Fetch page after page."""
        self._loads_all = True
        self.show()

    # Search and filter

    def action_ask(self, what: str) -> None:
        """Open the prompt."""
        self._asked = what
        self.prompt.value = " ".join(self.outline.wanted) if what == "filter" else ""
        self.prompt.cursor_position = len(self.prompt.value)
        self.prompt.display = True
        self.screen.set_focus(self.prompt)  # at once: the next keys may have been typed already
        self.show()

    def on_input_changed(self) -> None:
        """Filter as it is typed."""
        if self._asked == "filter" and self.prompt.has_focus:
            self._filter(self.prompt.value)

    def on_input_submitted(self) -> None:
        """Close the prompt, and search."""
        self._close_prompt()
        if self._asked == "search":
            self._wanted = self.prompt.value or self._wanted
            self.action_search_on(1)

    def action_give_up(self) -> None:
        """Close the prompt as if it had never been opened."""
        self._close_prompt()
        if self._asked == "filter":
            self._filter("")

    def action_show_all(self) -> None:
        """End the filter."""
        self._filter("")

    def action_search_on(self, direction: int) -> None:
        """Go to the next match."""
        found = self.outline.search(self._wanted, back=direction < 0)
        so_far = " so far; A loads all" if self.feed.has_more else ""
        self.show("" if found or not self._wanted else f'no "{on_one_line(self._wanted)}"{so_far}')

    def _filter(self, text: str) -> None:
        self.outline.filter(text)
        self.show()

    def _close_prompt(self) -> None:
        self.screen.set_focus(self.rows)
        self.prompt.display = False
        self.show()

    # What is done with the current value

    def action_view(self) -> None:
        """Show all of the value."""
        if self.outline.current:
            self.push_screen(Page(on_one_line(self.path), in_full(self.outline.current.text)))

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Page("Keys", help_text()))

    def action_copy_value(self) -> None:
        """Copy the value."""
        if self.outline.current:
            self._copy(bare(self.outline.current.text))

    def action_copy_path(self) -> None:
        """Copy the path."""
        self._copy(printable(self.path))

    def _copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self.show(f"copied: {on_one_line(text)}" if len(text) <= SHORT else f"copied {len(text):,} characters")

    def action_print_value(self) -> None:
        """Quit, and have the value printed."""
        if self.outline.current:
            self.exit(Choice(value=self.outline.current.text))

    def action_print_path(self) -> None:
        """Quit, and have the path printed."""
        if self.path:
            self.exit(Choice(value=json_text.quote(self.path), bare=True))

    def action_leave(self) -> None:
        """Quit."""
        self.exit(Choice())

    def action_interrupt(self) -> None:
        """Quit as by an interrupt."""
        self.exit(Choice(interrupted=True))
