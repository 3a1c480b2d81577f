"""Tables: one row per item, columns aligned, page by page as items arrive.

In a pipe, cells are complete: columns are two spaces apart, a cell never contains a line break, and a missing value
is a dash, so that `awk` and `cut` count correctly. The first page decides the widths; a later, wider cell shifts
only its own line.

On a terminal, the table is fitted to the width of the screen and times are relative. The first page decides which
columns are shown. A column without a condition is dropped only if the screen is too narrow, never because the first
page has no values for it: a later page may. If another page follows, room is reserved for the values that it may
have; longer ones widen a column as far as there is room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.http.pagination import LastPage
from ant_cli.output.columns import MISSING, Column, Columns, rows_of
from ant_cli.output.kinds import has_time, state_colour
from ant_cli.output.style import Style
from ant_cli.output.times import relative_time
from ant_cli.runtime.sanitize import markdown_code
from ant_cli.runtime.screen import cell_width, padding, truncate

_GAP = "  "
_SOFT_MIN = 13
"""A column whose cells may be truncated keeps this width while there are other columns to drop."""
_USUAL_WIDTH = 80
"""What is left out on a narrower screen is noted."""
_HARD_MIN = 4
"""A column gets narrower than this only if no other column can be narrowed."""


class PlainTable:
    """Renders rows below a line of titles, which is printed once."""

    def __init__(self, given: Columns) -> None:
        self._given = given
        self._widths: list[int] = []

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        items, columns = self._given.read(values)
        rows = rows_of(items, columns)
        if not self._widths:
            rows.insert(0, [column.title for column in columns])
            self._widths = [max(map(cell_width, cells)) for cells in zip(*rows, strict=True)]
        return json_text.encoded("".join(map(self._line, rows)))

    def _line(self, cells: list[str]) -> str:
        line = _GAP.join(map(_padded, cells, self._widths))
        return line.rstrip() + "\n"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))


def markdown_table(given: Columns) -> Callable[[list[bytes]], bytes]:
    """Return a function that renders rows of a table in Markdown, the first ones below their titles."""
    has_titles = False

    def render(values: list[bytes]) -> bytes:
        nonlocal has_titles
        items, columns = given.read(values)
        rows = [list(map(markdown_code, cells)) for cells in rows_of(items, columns)]
        if not has_titles:
            titles = [markdown_code(column.title) for column in columns]
            rows = [titles, ["---"] * len(columns), *rows]
            has_titles = True
        return json_text.encoded("".join(f"| {' | '.join(cells)} |\n" for cells in rows))

    return render


class _StyledText(NamedTuple):
    """A text, and the name of its style."""

    text: str
    style: str | None = None


class _Candidate(NamedTuple):
    """A column that may be shown."""

    place: int
    column: Column
    least: int
    """The cells that it needs. If there is no room for them, a column is dropped."""


class TerminalTable:
    """Renders rows below a line of titles, which is printed once, no wider than the screen."""

    def __init__(
        self,
        given: Columns,
        style: Style,
        *,
        shows_archived: bool,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._given = given
        self._note = note
        self._style = style
        self._shows_archived = shows_archived
        self._columns: tuple[Column, ...] = ()
        self._widths: list[int] = []
        """The widths of the previous page."""

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        items, columns = self._given.read(values)
        if self._columns:
            rows = self._styled(items, self._columns)
            self._widths = self._widened(_needed(rows))
        else:
            rows = self._first_rows(items, columns, is_only_page=isinstance(values, LastPage))
            self._widths = self._fitted(_needed(rows))
        return json_text.encoded("".join(map(self._line, rows)))

    def _first_rows(
        self, items: list[bytes], columns: tuple[Column, ...], *, is_only_page: bool
    ) -> list[_Row]:
        """Choose the columns, and return the titles and the rows."""
        titles = [_StyledText(column.title, "bold") for column in columns]
        rows = [titles, *self._styled(items, columns)]
        if is_only_page:
            columns = tuple(map(_without_reserve, columns, _needed(rows)))
        kept = self._choose(columns, rows[1:])
        self._columns = tuple(columns[index] for index in kept)
        return [[row[index] for index in kept] for row in rows]

    def _styled(self, items: list[bytes], columns: tuple[Column, ...]) -> list[_Row]:
        now = self._style.clock()
        rows = []
        for texts, item in zip(rows_of(items, columns), items, strict=True):
            style = "dim" if _is_archived(item) else None
            pairs = zip(texts, columns, strict=True)
            rows.append([_cell(text, column, style, now) for text, column in pairs])
        return rows

    # The columns

    def _choose(self, columns: tuple[Column, ...], rows: list[_Row]) -> list[int]:
        """Return the indexes of the columns that fit. On a narrow screen, a note names the others."""
        candidates = []
        for index, column in enumerate(columns):
            texts = [row[index].text for row in rows]
            if self._is_of_use(column, texts):
                candidates.append(_Candidate(index, column, _least_width(column, texts)))
        kept = _those_that_fit(candidates, self._style.width)
        left_out = [each.column.title for each in candidates if each not in kept]
        if left_out and self._style.width < _USUAL_WIDTH:
            self._note(
                f"Note: there is no room for {', '.join(left_out)}. "
                "--columns chooses others, --format json shows all."
            )
        return [each.place for each in kept]

    def _is_of_use(self, column: Column, texts: list[str]) -> bool:
        if column.condition == "varied":
            return len(set(texts)) > 1
        if column.condition == "present":
            return self._shows_archived or set(texts) != {MISSING}
        return True

    # The widths

    def _fitted(self, needed: list[int]) -> list[int]:
        """Return the widths of the columns on the first page, reduced to fit on the screen.

        The room reserved for later pages is given up first. A screen without room for one cell per column shows
        only the first columns.
        """
        columns = self._columns[: self._most_columns()]
        pairs = zip(needed, columns, strict=False)
        # no column is wider than the screen, so that reducing them ends soon
        most = max(self._style.width, 1)
        widths = [min(max(cells, column.min_width), most) for cells, column in pairs]
        while sum(widths) > self._room(len(widths)):
            losses = list(map(_loss, columns, widths, needed))
            least = min(losses)
            places = [place for place, loss in enumerate(losses) if loss == least]
            widest = max(places, key=widths.__getitem__)
            widths[widest] -= 1
        return widths

    def _widened(self, needed: list[int]) -> list[int]:
        """Return the widths on a later page: columns get wider only if all cells fit, and none gets narrower."""
        widths = list(map(max, needed, self._widths))
        return widths if sum(widths) <= self._room(len(widths)) else self._widths

    def _most_columns(self) -> int:
        return max(1, (self._style.width + len(_GAP)) // (1 + len(_GAP)))

    def _room(self, count: int) -> int:
        """Return the cells that this number of columns can fill."""
        return self._style.width - len(_GAP) * (count - 1)

    def _line(self, row: _Row) -> str:
        cells = []
        # a very narrow screen omits the last
        for (text, style), width in zip(row, self._widths, strict=False):
            shown = truncate(text, width)
            cells.append(self._style.paint(shown, style) + padding(shown, width))
        return _GAP.join(cells).rstrip() + "\n"


_Row = list[_StyledText]


def _those_that_fit(candidates: list[_Candidate], width: int) -> list[_Candidate]:
    """Return the columns without those that have to be dropped, or without all that may be dropped."""
    kept = list(candidates)
    while sum(each.least + len(_GAP) for each in kept) - len(_GAP) > width:
        droppable = [each for each in kept if each.column.drop_order > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda each: each.column.drop_order))
    return kept


def _without_reserve(column: Column, needed: int) -> Column:
    """Return a column for which no more room is reserved than its cells need."""
    return column._replace(min_width=min(column.min_width, needed))


def _needed(rows: list[_Row]) -> list[int]:
    """Return the width of the widest cell of each column."""
    columns = zip(*rows, strict=True)
    return [max(cell_width(cell.text) for cell in column) for column in columns]


def _cell(text: str, column: Column, style: str | None, now: float) -> _StyledText:
    if text == MISSING:
        return _StyledText(text, "dim")
    if has_time(column.path):
        text = relative_time(text, now) or text
    return _StyledText(text, state_colour(column.path, text) or style)


def _is_archived(item: bytes) -> bool:
    value = json_text.decode(item)
    return isinstance(value, dict) and value.get("archived_at") is not None


def _least_width(column: Column, texts: list[str]) -> int:
    """Return the minimum width of a column before other columns are dropped."""
    content = max(map(cell_width, [column.title, *texts]))
    if column.flexible:
        content = min(content, _SOFT_MIN)
    return max(column.min_width, content)


def _loss(column: Column, width: int, needed: int) -> int:
    """Return how much is lost if a column gets narrower by a cell: nothing as long as all of its cells fit.

    IDs are truncated last.
    """
    if width > needed:
        return 0
    return 1 if column.flexible and width > _HARD_MIN else 2
