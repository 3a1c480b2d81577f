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

from ant_cli.output.cells import ELLIPSIS, cell_width, cut
from ant_cli.output.explorer.line import Line
from ant_cli.output.explorer.outline import Outline
from ant_cli.output.explorer.tree import Node
from ant_cli.output.explorer.wording import key_in_a_row, on_one_line

Part = tuple[str, str]
"""A piece of a row, and its role in `COLOURED` and `PLAIN`."""

PLAIN = {
    "key": Style(bold=True),
    "number": Style(dim=True),
    "holds": Style(dim=True),
    "null": Style(dim=True),
}
"""The styles without colour; what has no style here looks as the terminal has it."""
COLOURED = {
    "key": Style(color="cyan"),
    "number": Style(dim=True),
    "holds": Style(dim=True),
    "null": Style(dim=True),
    "true": Style(color="magenta"),
    "false": Style(color="magenta"),
    "value": Style(color="magenta"),
}
REVERSE = Style(reverse=True)
INDENT = 2
WHEEL = 3
"""The rows that a step of the mouse wheel moves."""


def parts_of(node: Node, outline: Outline, width: int) -> Iterator[Part]:
    """Yield the pieces of a node's row."""
    yield " " * min(INDENT * node.depth, width // 2), ""
    yield ("▾ " if node.is_open else "▸ ") if node.can_open else "  ", ""
    if node.parent:
        yield f"{key_in_a_row(node.key)}: ", "key"
    elif outline.is_list:
        yield f"{node.key:>{max(3, len(str(len(outline.roots))))}} ", "number"
    if node.is_open:
        count = len(node.children)
        yield f"[{count}]" if node.kind == "array" else f"{{{count}}}", "holds"
    else:
        yield node.summary, {"number": "value"}.get(node.kind, node.kind)


def end_of(text: str, width: int) -> str:
    """Return the end of a text, at most `width` cells of it, with an ellipsis where it was cut."""
    if cell_width(text) <= width:
        return text
    text = text[-width:]
    while cell_width(text) > width - 1:
        text = text[1:]
    return ELLIPSIS + text


def strip_of(parts: Iterable[Part], styles: dict[str, Style], width: int) -> Strip:
    """Return a line of the screen: as many of the pieces as there is room for."""
    segments, left = [], width
    for text, role in parts:
        shown = cut(text, left) if left else ""
        segments.append(Segment(shown, styles.get(role)))
        left -= cell_width(shown)
    return Strip(segments).adjust_cell_length(width)


class Rows(ScrollView, can_focus=False):
    """The outline's rows. Only those on the screen are ever laid out."""

    def __init__(self, outline: Outline, styles: dict[str, Style]) -> None:
        super().__init__()
        self._outline = outline
        self._styles = styles

    def render_line(self, y: int) -> Strip:
        """Return the line at `y` of the screen."""
        row, width = y + self.scroll_offset.y, self.size.width
        if row >= len(self._outline.rows):
            return Strip.blank(width)
        parts = parts_of(self._outline.rows[row], self._outline, width)
        if row == self._outline.cursor:
            return strip_of(parts, {}, width).apply_style(REVERSE)
        return strip_of(parts, self._styles, width)

    def show(self) -> None:
        """Lay the rows out anew, with the cursor's among them."""
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
        """Go where it was clicked at."""
        row = event.y + self.scroll_offset.y
        if row < len(self._outline.rows):
            await self.run_action(f"app.point({row})")

    async def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the cursor, not the view: pages are loaded when the cursor nears the end."""
        event.prevent_default()
        await self.run_action(f"app.move({WHEEL})")

    async def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the cursor."""
        event.prevent_default()
        await self.run_action(f"app.move({-WHEEL})")


class Bar(Widget):
    """A line in reverse: a text at the left, of which the end is shown if it is too long, and one at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._left = self._right = ""

    @property
    def text(self) -> str:
        """All that it says, also what was cut."""
        return f"{self._left} {self._right}".strip()

    def say(self, left: str, right: str) -> None:
        """Show other texts."""
        self._left, self._right = left, right
        self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - textual's
        """Return its only line."""
        width = self.size.width
        right = cut(self._right, max(1, width * 2 // 3))
        left = end_of(self._left, max(1, width - cell_width(right) - 3))
        gap = " " * max(1, width - cell_width(left) - cell_width(right) - 2)
        return Strip([Segment(f" {left}{gap}{right} ")]).adjust_cell_length(width).apply_style(REVERSE)


class Prompt(Widget):
    """The line in which one types what to search or to filter by."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - textual's
        """Return its only line, with as much before the cursor as there is room for."""
        width = self.size.width
        cursor, after = on_one_line(self.line.after[:1]) or " ", on_one_line(self.line.after[1:])
        before = end_of(on_one_line(self.line.before, end=True), max(1, width - cell_width(cursor) - 2))
        segments = [Segment(f" {before}"), Segment(cursor, REVERSE), Segment(after)]
        return Strip(segments).adjust_cell_length(width)


class Page(ScrollView, can_focus=False):
    """A text that is shown instead of the rows."""

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
        """Break the lines anew."""
        self._wrap()

    def _wrap(self) -> None:
        if not self.size.width:
            return  # it was never seen; the size comes with the first look
        width = max(2, self.size.width - 2)
        lines = self.text.expandtabs().split("\n")
        self._lines = [piece for line in lines for piece in pieces_of(line, width)]
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()


def pieces_of(line: str, width: int) -> Iterator[str]:
    """Yield the pieces of a line that fill at most `width` cells, broken between words where there are any."""
    while len(line) > width or cell_width(line) > width:
        piece = line[:width]
        while (excess := cell_width(piece) - width) > 0:
            piece = piece[: -max(1, excess // 2)]
        piece = piece[: piece.rfind(" ") + 1] or piece
        yield piece
        line = line[len(piece) :]
    yield line
