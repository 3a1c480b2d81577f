"""Tables in a pipe: plain text, one line per item, columns aligned, page by page as items arrive.

Columns are two spaces apart, a cell never holds a line break, and one without a value is a dash, so that
`awk` and `cut` count right. Widths are those of the first page; a later, wider cell pushes its own line only.
"""

from __future__ import annotations

from collections.abc import Callable

from ant_cli.gjson import json_text
from ant_cli.output.columns import Column, Columns, members_as_rows, rows_of

GAP = "  "


class Table:
    """Draws rows below a line of titles, which is printed once."""

    def __init__(self, columns: str, warn: Callable[[str], None], *, is_list: bool) -> None:
        self._given = Columns(columns, warn, is_list=is_list)
        self._columns: tuple[Column, ...] = ()
        self._widths: list[int] = []

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        if not values:
            return b""
        return json_text.encoded("".join(map(self._line, self._rows(values))))

    def _rows(self, values: list[bytes]) -> list[list[str]]:
        if self._given.are_for_members(values[0]):
            rows = members_as_rows(values[0])
        else:
            self._columns = self._columns or self._given.settle(values)
            rows = rows_of(values, self._columns)
        if not self._widths:
            rows.insert(0, [column.title for column in self._columns] or ["NAME", "VALUE"])
            self._widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        return rows

    def _line(self, cells: list[str]) -> str:
        padded = (text.ljust(width) for text, width in zip(cells, self._widths, strict=True))
        return GAP.join(padded).rstrip() + "\n"
