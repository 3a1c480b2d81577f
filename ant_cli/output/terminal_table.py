"""Tables on a terminal: as many columns as fit, states in colour, archived items dim, times relative.

The first page decides which columns there are. A later page with longer names makes a column wider, as far
as there is room, and leaves the others where they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ant_cli import json_text
from ant_cli.output.cells import cell_width, cut, padding
from ant_cli.output.columns import NOTHING, Column, Columns, cell, has_own_layout, members_as_rows
from ant_cli.output.look import STATES, Look
from ant_cli.output.times import relative
from ant_cli.output.transform import apply, parse

GAP = "  "
NARROWEST = 14
"""A column whose cells may be cut keeps this width as long as there are others to leave out."""
LEAST = 4
"""No column is narrower, even if the terminal has to break its lines."""
NAME_AND_VALUE = (Column.of("NAME", "0"), Column.of("VALUE", "1", flexible=True))
"""The columns of an object whose members are the rows."""
_ARCHIVED = parse("archived_at")


class Cell(NamedTuple):
    """A text and its style."""

    text: str
    style: str = ""


class TerminalTable:
    """Draws rows under a line of titles, which comes once."""

    def __init__(self, columns: str, warn: Callable[[str], None], look: Look, *, is_list: bool) -> None:
        self._given = Columns(columns, warn)
        self._look = look
        self._is_list = is_list
        self._columns: tuple[Column, ...] = ()
        self._natural: list[int] = []

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        if not values:
            return b""
        first = not self._columns
        if not self._is_list and not self._given.chosen and has_own_layout(values[0]):
            self._columns = NAME_AND_VALUE
            rows = [[Cell(text) for text in row] for row in members_as_rows(values[0])]
        else:
            rows = self._rows(values)
        if first:
            rows.insert(0, [Cell(column.title, "bold") for column in self._columns])
        widths = self._measure(rows)
        return "".join(self._line(row, widths) for row in rows).encode("utf-8", "backslashreplace")

    def _rows(self, values: list[bytes]) -> list[list[Cell]]:
        if not self._columns:
            columns = self._given.settle(values)
            rows = [self._row(value, columns) for value in values]
            kept = self._choose(columns, rows)
            self._columns = tuple(columns[index] for index in kept)
            return [[row[index] for index in kept] for row in rows]
        return [self._row(value, self._columns) for value in values]

    def _row(self, value: bytes, columns: tuple[Column, ...]) -> list[Cell]:
        dim = is_archived(value)
        cells = [self._cell(column.find(value) or b"null", column) for column in columns]
        return [Cell(text, "dim") for text, _ in cells] if dim else cells

    def _cell(self, value: bytes, column: Column) -> Cell:
        text = cell(value)
        if text == NOTHING:
            return Cell(text, "dim")
        ago = relative(text, self._look.now) if self._look.is_terminal and column.is_time else ""
        return Cell(ago or text, STATES.get(text, "") if column.title == "STATE" else "")

    def _choose(self, columns: tuple[Column, ...], rows: list[list[Cell]]) -> list[int]:
        """Return which columns are shown: those with something in them, and of these as many as fit.

        Without colour a column of dashes stays while there is room: it says that nothing is archived.
        """
        texts = [[row[index].text for row in rows] for index in range(len(columns))]
        ranks = [
            (all(text == NOTHING for text in cells), column.rank)
            for column, cells in zip(columns, texts, strict=True)
        ]
        kept = [index for index, (empty, rank) in enumerate(ranks) if not (rank and empty and self._look.colour)]
        least = list(map(least_width, columns, texts))
        while sum(least[index] + len(GAP) for index in kept) - len(GAP) > self._look.width:
            may_go = [index for index in kept if columns[index].rank]
            if not may_go:
                break
            kept.remove(max(may_go, key=ranks.__getitem__))
        return kept

    def _measure(self, rows: list[list[Cell]]) -> list[int]:
        """Return the widths of the columns: what the widest cell so far needs, less what there is no room for."""
        needed = [max(cell_width(cell.text) for cell in cells) for cells in zip(*rows, strict=True)]
        before = self._natural or needed
        self._natural = [max(pair) for pair in zip(needed, before, strict=True)]
        widths = [min(width, max(self._look.width, LEAST)) for width in self._natural]
        while sum(widths) + len(GAP) * (len(widths) - 1) > self._look.width:
            wide = [
                index for index, column in enumerate(self._columns) if column.flexible and widths[index] > LEAST
            ]
            if not wide:
                break
            widths[max(wide, key=lambda index: widths[index])] -= 1
        return widths

    def _line(self, row: list[Cell], widths: list[int]) -> str:
        parts = []
        for column, (text, style), width in zip(self._columns, row, widths, strict=True):
            shown = cut(text, width) if column.flexible else text
            parts.append((self._look.paint(shown, style), padding(shown, width)))
        line = "".join(text + space + GAP for text, space in parts[:-1])
        return line + parts[-1][0] + "\n"


def is_archived(value: bytes) -> bool:
    """Whether an item was archived."""
    return json_text.kind(value) == "object" and (apply(_ARCHIVED, value) or b"null") != b"null"


def least_width(column: Column, texts: list[str]) -> int:
    """Return how narrow a column may become before others are left out."""
    natural = max(map(cell_width, [column.title, *texts]))
    return min(natural, NARROWEST) if column.flexible else natural
