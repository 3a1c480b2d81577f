"""The formats `csv` and `tsv`: the columns of a table for other programs, below the titles that a table has.

The csv module quotes what has to be quoted. A text is the value itself, everything else is written as in JSON, and
a value that is missing or null is empty.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from ant_cli.gjson import json_text
from ant_cli.output.columns import Cells, Columns
from ant_cli.output.style import Style
from ant_cli.output.views import CONTAINERS

DELIMITERS = {"csv": ",", "tsv": "\t"}
_LINE_END = "\r\n"
"""With it, the csv module also quotes a lone carriage return. The lines themselves end as all others do."""


class DelimitedTable:
    """Renders rows below a line of titles, which is printed once."""

    def __init__(self, given: Columns, style: Style, delimiter: str) -> None:
        self._given = given
        self._style = style
        self._delimiter = delimiter
        self._has_titles = False

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        items, columns = self._given.read(values)
        rows = _CELLS.rows(items, columns)
        if not self._has_titles:
            rows.insert(0, [column.title for column in columns])
            self._has_titles = True
        lines = "".join(map(self._line, rows))
        return self._style.safe(json_text.encoded(lines))

    def _line(self, cells: list[str]) -> str:
        line = io.StringIO()
        csv.writer(line, delimiter=self._delimiter, lineterminator=_LINE_END).writerow(cells)
        return line.getvalue().removesuffix(_LINE_END) + "\n"


def _of_scalar(value: Any) -> str:
    return "" if value is None else json_text.scalar_text(value)


def _of_json(raw: bytes | None) -> str:
    value = None if raw is None else json_text.decode(raw)
    if raw is None or not isinstance(value, CONTAINERS):
        return _of_scalar(value)
    return json_text.compact(raw).decode()


_CELLS = Cells(_of_scalar, _of_json)
