"""Tables in colour: states coloured, archived items dim; on a terminal also fitted to its width, times relative.

The first page decides which columns are shown. A column is left out only if the screen is too narrow, never
because the first page has no values for it: a later page may. Longer values on a later page widen a column as
far as there is room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply, parse
from ant_cli.output.cells import cell_width, cut, padding
from ant_cli.output.columns import NOTHING, Column, Columns, members_as_rows, rows_of, word_of
from ant_cli.output.look import STATES, Look
from ant_cli.output.table import GAP, Table
from ant_cli.output.times import relative

NARROWEST = 13
"""A column whose cells may be cut keeps this width as long as there are others to leave out."""
LEAST = 4
"""A column gets narrower than this only when nothing else is left to cut."""
NAME_AND_VALUE = (Column.of("NAME", "0"), Column.of("VALUE", "1", flexible=True))
"""The columns of an object whose members are the rows."""
_ARCHIVED = parse("archived_at")


class Cell(NamedTuple):
    """A text and its style."""

    text: str
    style: str = ""


class TerminalTable:
    """Draws rows below a line of titles, which is printed once, no wider than the screen."""

    def __init__(self, columns: str, warn: Callable[[str], None], look: Look, *, is_list: bool) -> None:
        self._given = Columns(columns, warn, is_list=is_list)
        self._look = look
        self._columns: tuple[Column, ...] = ()
        self._natural: list[int] = []

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        if not values:
            return b""
        first = not self._columns
        if self._given.are_for_members(values[0]):
            self._columns = NAME_AND_VALUE
            rows = [[Cell(word_of(text)) for text in row] for row in members_as_rows(values[0])]
        else:
            rows = self._rows(values)
        if first:
            rows.insert(0, [Cell(word_of(column.title), "bold") for column in self._columns])
        widths = self._measure(rows)
        return json_text.encoded("".join(self._line(row, widths) for row in rows))

    def _rows(self, values: list[bytes]) -> list[list[Cell]]:
        if not self._columns:
            columns = self._given.settle(values)
            rows = self._styled(values, columns)
            kept = self._choose(columns, rows)
            self._columns = tuple(columns[index] for index in kept)
            return [[row[index] for index in kept] for row in rows]
        return self._styled(values, self._columns)

    def _styled(self, values: list[bytes], columns: tuple[Column, ...]) -> list[list[Cell]]:
        rows = [list(map(self._cell, texts, columns)) for texts in rows_of(values, columns)]
        for row, value in zip(rows, values, strict=True):
            if is_archived(value):
                row[:] = [Cell(text, "dim") for text, _ in row]
        return rows

    def _cell(self, text: str, column: Column) -> Cell:
        ago = relative(text, self._look.now) if column.is_time else ""
        return Cell(ago or text, style_of(text, column))

    def _choose(self, columns: tuple[Column, ...], rows: list[list[Cell]]) -> list[int]:
        """Return the indexes of the columns to show: as many as fit, with the room that later pages may need."""
        least = [least_width(column, [row[index].text for row in rows]) for index, column in enumerate(columns)]
        kept = list(range(len(columns)))
        while sum(least[index] + len(GAP) for index in kept) - len(GAP) > self._look.width:
            may_go = [index for index in kept if columns[index].rank]
            if not may_go:
                break
            kept.remove(max(may_go, key=lambda index: columns[index].rank))
        return kept

    def _measure(self, rows: list[list[Cell]]) -> list[int]:
        """Return the widths of the columns: what the widest cell needs, less what there is no room for.

        The room reserved for later pages is given up first. A screen without room for one cell per column shows
        only the first columns.
        """
        needed = [max(cell_width(text) for text, _ in cells) for cells in zip(*rows, strict=True)]
        before = self._natural or needed
        self._natural = [max(pair) for pair in zip(needed, before, strict=True)]
        most = max(1, (self._look.width + len(GAP)) // (1 + len(GAP)))
        natural, columns = self._natural[:most], self._columns[:most]
        widths = [max(pair) for pair in zip(natural, (column.room for column in columns), strict=True)]
        widths = [min(width, max(self._look.width, 1)) for width in widths]
        room = self._look.width - len(GAP) * (len(widths) - 1)
        shrink(widths, natural, room)
        for floors in floors_in_turn(columns):
            shrink(widths, floors, room)
        return widths

    def _line(self, row: list[Cell], widths: list[int]) -> str:
        parts = []
        for (text, style), width in zip(row, widths, strict=False):
            shown = cut(text, width)
            parts.append((self._look.paint(shown, style), padding(shown, width)))
        line = "".join(text + space + GAP for text, space in parts[:-1])
        return line + parts[-1][0] + "\n"


class ColouredTable(Table):
    """The table of a pipe with FORCE_COLOR: laid out like the plain one, because there is no screen to fit."""

    def __init__(self, columns: str, warn: Callable[[str], None], look: Look, *, is_list: bool) -> None:
        super().__init__(columns, warn, is_list=is_list)
        self._look = look

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        if not values:
            return b""
        has_titles = not self._widths
        rows = self._rows(values)
        columns = self._columns or NAME_AND_VALUE
        styles = [[style_of(text, column) for text, column in zip(row, columns, strict=True)] for row in rows]
        if has_titles:
            styles[0] = ["bold"] * len(columns)
        for row, value in zip(styles[has_titles:], values, strict=False):  # an object's members are rows, too
            if self._columns and is_archived(value):
                row[:] = ["dim"] * len(columns)
        return json_text.encoded("".join(map(self._painted, rows, styles)))

    def _painted(self, cells: list[str], styles: list[str]) -> str:
        parts = []
        for text, style, width in zip(cells, styles, self._widths, strict=True):
            parts.append(self._look.paint(text, style) + " " * (width - len(text)))
        return GAP.join(parts).rstrip() + "\n"


def style_of(text: str, column: Column) -> str:
    """Return the style of a cell in a row that is not archived."""
    if text == NOTHING:
        return "dim"
    return STATES.get(text, "") if column.title == "STATE" else ""


def is_archived(value: bytes) -> bool:
    """Whether an item was archived."""
    return json_text.kind(value) == "object" and (apply(_ARCHIVED, value) or b"null") != b"null"


def least_width(column: Column, texts: list[str]) -> int:
    """Return how narrow a column may get before other columns are left out."""
    natural = max(map(cell_width, [word_of(column.title), *texts]))
    return max(column.room, min(natural, NARROWEST) if column.flexible else natural)


def floors_in_turn(columns: tuple[Column, ...]) -> Iterator[list[float]]:
    """Yield the minimum widths to try one after another, the mildest first: IDs are cut last."""
    whole = float("inf")
    yield [NARROWEST if column.flexible else whole for column in columns]
    yield [LEAST if column.flexible else column.room or (LEAST if column.rank else whole) for column in columns]
    yield [1] * len(columns)


def shrink(widths: list[int], floors: Sequence[float], room: int) -> None:
    """Narrow the widest column above its floor, cell by cell, until all fit into `room` or none can be narrowed."""
    while sum(widths) > room:
        above = [index for index, width in enumerate(widths) if width > floors[index]]
        if not above:
            break
        widths[max(above, key=widths.__getitem__)] -= 1
