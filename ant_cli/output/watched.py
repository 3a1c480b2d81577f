"""What `--watch` shows of a state: its parts, and the lines of the screen, from a table or a view."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ant_cli.operations.formats import AUTO_LIST, BY_NAME
from ant_cli.output.differences import Change, MarkedPart, Part, item_parts
from ant_cli.output.printer import Transform, transformed
from ant_cli.output.renderers import make_renderer
from ant_cli.output.terminal import Style
from ant_cli.output.views import ViewRow, view_lines, view_rows
from ant_cli.runtime.light_typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

_SIGNS = {Change.ADDED: ("+", "green"), Change.CHANGED: ("~", "yellow"), Change.REMOVED: ("-", "red")}
"""The sign before a line, so that nobody depends on the colour."""
_MARGIN = 2
"""The cells of the sign and the space after it."""
_SGR = re.compile(r"\x1b\[[\d;]*m")


class Body(NamedTuple):
    """The lines of a screen above its status line."""

    lines: list[str]
    hidden: int
    """How many rows did not fit."""
    hidden_marks: int
    """How many of those are marked."""


class Watched(Protocol[T]):
    """Shows the states of one watch."""

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[T]]:
        """Return the parts of a state by their keys. Raises ResponseError if --transform fails."""

    def body(self, marked: Sequence[MarkedPart[T]], room: int, style: Style) -> Body:
        """Return at most `room` lines."""


class WatchedTable:
    """Shows the items of a list as the rows of a table."""

    def __init__(
        self, transform: Transform, columns: str, warn: Callable[[str], None], *, shows_archived: bool, empty: str
    ) -> None:
        """`empty` is shown for a list without items."""
        self._transform = transform
        self._columns = columns
        self._warn = warn
        self._shows_archived = shows_archived
        self._empty = empty
        self._warned = set[str]()

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[bytes]]:
        """Return the items by their IDs."""
        return item_parts(values, self._transform)

    def body(self, marked: Sequence[MarkedPart[bytes]], room: int, style: Style) -> Body:
        """Return a line of titles, and the first rows."""
        if not marked:
            return Body([" " * _MARGIN + style.paint(self._empty, "dim")], 0, 0)
        shown = marked[: max(room - 1, 0)]
        render = self._make_renderer(style._replace(width=max(style.width - _MARGIN, 1)))
        titles, *rows = (
            render([part.shown for part, _ in shown or marked[:1]]).decode("utf-8", "replace").splitlines()
        )
        lines = [_signed(row, each.change, style) for row, each in zip(rows, shown, strict=False)]
        return _body([_signed(titles, None, style), *lines][:room], marked, len(shown))

    def _make_renderer(self, style: Style) -> Callable[[list[bytes]], bytes]:
        """Return a new renderer, which remembers no widths: each frame fits the current screen."""
        table = BY_NAME[AUTO_LIST]
        shows_archived = self._shows_archived
        return make_renderer(
            table, self._columns, is_list=True, style=style, warn=self._warn_once, shows_archived=shows_archived
        )

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)


class WatchedView:
    """Shows an object as the rows of its view."""

    def __init__(self, transform: Transform, style: Style) -> None:
        """Use the width of `style` to decide on the rows. They stay the same in a smaller window."""
        self._transform = transform
        self._style = style

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[ViewRow]]:
        """Return the rows by their paths of names. The age of a time is not compared."""
        parts, path = dict[str, Part[ViewRow]](), list[str]()
        (value,) = transformed(values[:1], self._transform)
        for row in view_rows(value, self._style):
            name = row.label.lstrip()
            path[(len(row.label) - len(name)) // 2 :] = [name]
            parts["\n".join(path)] = Part(row.text, row)
        return parts

    def body(self, marked: Sequence[MarkedPart[ViewRow]], room: int, style: Style) -> Body:
        """Return the first rows. Each may need several lines."""
        inner = style._replace(width=max(style.width - _MARGIN, 1))
        blocks = view_lines([part.shown for part, _ in marked], inner)
        lines, fitting = list[str](), 0
        for block, each in zip(blocks, marked, strict=True):
            first, *others = block.removesuffix("\n").split("\n")
            added = [_signed(first, each.change, style), *(_signed(line, None, style) for line in others)]
            if len(lines) + len(added) > room:
                break
            lines += added
            fitting += 1
        return _body(lines, marked, fitting)


def _body(lines: list[str], marked: Sequence[MarkedPart[Any]], fitting: int) -> Body:
    hidden = marked[fitting:]
    return Body(lines, len(hidden), sum(each.change is not None for each in hidden))


def _signed(line: str, change: Change | None, style: Style) -> str:
    """Return a line with its sign; dim if it shows a removed part."""
    if change is None:
        return " " * _MARGIN + line
    sign, colour = _SIGNS[change]
    if change is Change.REMOVED:
        line = style.paint(_SGR.sub("", line), "dim")
    return f"{style.paint(sign, colour)} {line}"
