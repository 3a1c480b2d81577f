"""The parts of the explorer's screen: the rows, the bars above and below them, the prompt, and a page of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from ant_cli.output.explorer.outline import Outline
from ant_cli.output.explorer.tree import Node, cut_to_row, key_in_a_row
from ant_cli.output.terminal import ELLIPSIS, cell_width, truncate

_StyledText = tuple[str, str]
"""A piece of a row, and its role in `COLOURED` and `PLAIN`."""

PLAIN = {
    "key": Style(bold=True),
    "number": Style(dim=True),
    "size": Style(dim=True),
    "null": Style(dim=True),
}
"""The styles without colour. Other roles have the terminal's own style."""
COLOURED = {
    "key": Style(color="cyan"),
    "number": Style(dim=True),
    "size": Style(dim=True),
    "null": Style(dim=True),
    "true": Style(color="magenta"),
    "false": Style(color="magenta"),
    "value": Style(color="magenta"),
}
_REVERSE = Style(reverse=True)
_INDENT = 2
_WHEEL = 3
"""How many rows a step of the mouse wheel moves."""


def _parts_of(node: Node, outline: Outline, width: int) -> Iterator[_StyledText]:
    """Yield the pieces of a node's row."""
    yield " " * min(_INDENT * node.depth, width // 2), ""
    yield ("▾ " if node.is_open else "▸ ") if node.can_open else "  ", ""
    if node.parent:
        yield f"{key_in_a_row(node.key)}: ", "key"
    elif outline.is_list:
        yield f"{node.key:>{max(3, len(str(len(outline.roots))))}} ", "number"
    if node.is_open:
        count = len(node.children)
        yield f"[{count}]" if node.json_type == "array" else f"{{{count}}}", "size"
    else:
        yield node.summary, {"number": "value"}.get(node.json_type, node.json_type)


def _truncate_start(text: str, width: int) -> str:
    """Return the end of a text, at most `width` cells, with an ellipsis where it was cut."""
    if cell_width(text) <= width:
        return text
    text = text[-width:]
    while cell_width(text) > width - 1:
        text = text[1:]
    return ELLIPSIS + text


def _strip_of(parts: Iterable[_StyledText], styles: dict[str, Style], width: int) -> Strip:
    """Return a line of the screen: as many of the pieces as fit."""
    segments, left = [], width
    for text, role in parts:
        shown = truncate(text, left) if left else ""
        segments.append(Segment(shown, styles.get(role)))
        left -= cell_width(shown)
    return Strip(segments).adjust_cell_length(width)


class Rows(ScrollView, can_focus=False):
    """The outline's rows. Only those on the screen are laid out."""

    def __init__(self, outline: Outline, styles: dict[str, Style]) -> None:
        super().__init__()
        self._outline = outline
        self._styles = styles

    def render_line(self, y: int) -> Strip:
        """Return the line at `y` of the screen."""
        row, width = y + self.scroll_offset.y, self.size.width
        if row >= len(self._outline.rows):
            return Strip.blank(width)
        parts = _parts_of(self._outline.rows[row], self._outline, width)
        if row == self._outline.cursor:
            return _strip_of(parts, {}, width).apply_style(_REVERSE)
        return _strip_of(parts, self._styles, width)

    def show(self) -> None:
        """Redraw the rows, scrolled so that the cursor is visible."""
        self.virtual_size = Size(self.size.width, len(self._outline.rows))
        top, height, cursor = self.scroll_offset.y, self.size.height, self._outline.cursor
        if not top <= cursor < top + height:
            top = cursor if cursor < top else cursor - height + 1
        self.scroll_to(y=max(0, min(top, len(self._outline.rows) - height)), animate=False, force=True)
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor on the screen."""
        self.show()

    async def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked."""
        row = event.y + self.scroll_offset.y
        if row < len(self._outline.rows):
            await self.run_action(f"app.point({row})")

    async def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the cursor, not the view: pages are loaded when the cursor nears the end."""
        event.prevent_default()
        await self.run_action(f"app.move({_WHEEL})")

    async def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the cursor."""
        event.prevent_default()
        await self.run_action(f"app.move({-_WHEEL})")


class Bar(Widget):
    """A line in reverse: a text at the left, cut at its beginning if it is too long, and one at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._left = self._right = ""

    @property
    def text(self) -> str:
        """Both texts in full."""
        return f"{self._left} {self._right}".strip()

    def update(self, left: str, right: str) -> None:
        """Replace both texts."""
        self._left, self._right = left, right
        self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - textual's
        """Return its only line."""
        width = self.size.width
        right = truncate(self._right, max(1, width * 2 // 3))
        left = _truncate_start(self._left, max(1, width - cell_width(right) - 3))
        gap = " " * max(1, width - cell_width(left) - cell_width(right) - 2)
        return Strip([Segment(f" {left}{gap}{right} ")]).adjust_cell_length(width).apply_style(_REVERSE)


class Line:
    """A text with a cursor."""

    def __init__(self) -> None:
        self.before = ""
        self.after = ""
        """The text before and after the cursor."""

    @property
    def text(self) -> str:
        """The whole typed text."""
        return self.before + self.after

    def begin(self, text: str) -> None:
        """Start with a text, and the cursor at its end."""
        self.before, self.after = text, ""

    def insert(self, text: str) -> None:
        """Insert a text at the cursor. Line breaks, which a paste may contain, become spaces."""
        self.before += " ".join(text.splitlines())

    def move(self, distance: int) -> None:
        """Move the cursor by characters, to the left if negative."""
        text, at = self.text, max(0, len(self.before) + distance)
        self.before, self.after = text[:at], text[at:]

    def to_start(self) -> None:
        """Move to the start."""
        self.before, self.after = "", self.text

    def to_end(self) -> None:
        """Move to the end."""
        self.before, self.after = self.text, ""

    def erase(self, direction: int) -> None:
        """Erase the character before the cursor, or after it."""
        if direction < 0:
            self.before = self.before[:-1]
        else:
            self.after = self.after[1:]

    def erase_word(self) -> None:
        """Erase the word before the cursor."""
        text = self.before.rstrip()
        self.before = text[: text.rfind(" ") + 1]

    def erase_before(self) -> None:
        """Erase everything before the cursor."""
        self.before = ""

    def erase_after(self) -> None:
        """Erase everything after the cursor."""
        self.after = ""


class Prompt(Widget):
    """The input line of a search or filter."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - textual's
        """Return its only line, with as much text before the cursor as fits."""
        width = self.size.width
        cursor, after = cut_to_row(self.line.after[:1]) or " ", cut_to_row(self.line.after[1:])
        before = _truncate_start(cut_to_row(self.line.before, end=True), max(1, width - cell_width(cursor) - 2))
        segments = [Segment(f" {before}"), Segment(cursor, _REVERSE), Segment(after)]
        return Strip(segments).adjust_cell_length(width)


class TextPage(ScrollView, can_focus=False):
    """A text that replaces the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.text = ""
        self._lines: list[str] = []

    def show(self, title: str, text: str) -> None:
        """Show a text from its beginning."""
        self.title, self.text = title, text
        self._wrap()
        self.scroll_home(animate=False)

    def render_line(self, y: int) -> Strip:
        """Return the line at `y` of the screen."""
        line = y + self.scroll_offset.y
        text = self._lines[line] if line < len(self._lines) else ""
        return Strip([Segment(f" {text}")]).adjust_cell_length(self.size.width)

    def on_resize(self) -> None:
        """Wrap the lines again."""
        self._wrap()

    def _wrap(self) -> None:
        if not self.size.width:
            return  # it has no size before it is first shown
        width = max(2, self.size.width - 2)
        lines = self.text.expandtabs().split("\n")
        self._lines = [piece for line in lines for piece in pieces_of(line, width)]
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()


def pieces_of(line: str, width: int) -> Iterator[str]:
    """Yield the pieces of a line, each at most `width` cells wide, broken between words if possible."""
    while len(line) > width or cell_width(line) > width:
        piece = line[:width]
        while (excess := cell_width(piece) - width) > 0:
            piece = piece[: -max(1, excess // 2)]
        piece = piece[: piece.rfind(" ") + 1] or piece
        yield piece
        line = line[len(piece) :]
    yield line
