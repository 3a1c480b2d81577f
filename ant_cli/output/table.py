"""Tables: one row per item, columns aligned, page by page as items arrive.

In a pipe, cells are complete: columns are two spaces apart, a cell never contains a line break, and a missing value
is a dash, so that `awk` and `cut` count correctly. The first page decides the widths; a later, wider cell shifts
only its own line.

On a terminal, the table is fitted to the width of the screen and times are relative. The first page decides which
columns are shown. A column without a condition is dropped only if the screen is too narrow, never because the first
page has no values for it: a later page may. Longer values on a later page widen a column as far as there is room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.output.columns import MISSING, Column, Columns, rows_of
from ant_cli.output.style import STATE_COLOURS, Style
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
        pairs = zip(cells, self._widths, strict=True)
        return (
            _GAP.join(text + " " * (width - cell_width(text)) for text, width in pairs).rstrip()
            + "\n"
        )


def markdown_table(given: Columns) -> Callable[[list[bytes]], bytes]:
    """Return a function that renders rows of a table in Markdown, the first ones below their titles."""
    has_titles = False

    def render(values: list[bytes]) -> bytes:
        nonlocal has_titles
        items, columns = given.read(values)
        rows = [list(map(markdown_code, cells)) for cells in rows_of(items, columns)]
        if not has_titles:
            rows = [
                [markdown_code(column.title) for column in columns],
                ["---"] * len(columns),
                *rows,
            ]
            has_titles = True
        return json_text.encoded("".join(f"| {' | '.join(cells)} |\n" for cells in rows))

    return render


class _StyledText(NamedTuple):
    """A text, and the name of its style."""

    text: str
    style: str = ""


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
        columns = self._columns or columns
        rows = self._styled(items, columns)
        if not self._columns:
            kept = self._choose(columns, rows)
            self._columns = tuple(columns[index] for index in kept)
            titles = [_StyledText(column.title, "bold") for column in self._columns]
            rows = [titles, *([row[index] for index in kept] for row in rows)]
        self._widths = self._measure(rows)
        return json_text.encoded("".join(map(self._line, rows)))

    def _styled(self, items: list[bytes], columns: tuple[Column, ...]) -> list[list[_StyledText]]:
        now, rows = self._style.clock(), []
        for texts, item in zip(rows_of(items, columns), items, strict=True):
            style = "dim" if _is_archived(item) else ""
            rows.append(
                [
                    _cell(text, column, style, now)
                    for text, column in zip(texts, columns, strict=True)
                ]
            )
        return rows

    def _choose(self, columns: tuple[Column, ...], rows: list[list[_StyledText]]) -> list[int]:
        """Return the indexes of the columns to show: as many as fit, with the room that later pages may need.

        On a narrow screen, a note names the others.
        """
        left_out: list[str] = []
        texts = [[row[index].text for row in rows] for index in range(len(columns))]
        least = list(map(_least_width, columns, texts))
        kept = [
            index for index, column in enumerate(columns) if self._is_of_use(column, texts[index])
        ]
        while sum(least[index] + len(_GAP) for index in kept) - len(_GAP) > self._style.width:
            droppable = [index for index in kept if columns[index].drop_order]
            if not droppable:
                break
            dropped = max(droppable, key=lambda index: columns[index].drop_order)
            kept.remove(dropped)
            left_out.append(columns[dropped].title)
        if left_out and self._style.width < _USUAL_WIDTH:
            names = ", ".join(left_out)
            self._note(
                f"Note: there is no room for {names}. --columns chooses others, --format json shows all."
            )
        return kept

    def _is_of_use(self, column: Column, texts: list[str]) -> bool:
        if column.condition == "varied":
            return len(set(texts)) > 1
        return column.condition == "always" or self._shows_archived or set(texts) != {MISSING}

    def _measure(self, rows: list[list[_StyledText]]) -> list[int]:
        """Return the widths of the columns: those of the widest cells, reduced to fit on the screen.

        On a later page, columns get wider only if all of its cells fit, and none gets narrower. On the first one,
        the room reserved for later pages is given up first. A screen without room for one cell per column shows
        only the first columns.
        """
        most = max(1, (self._style.width + len(_GAP)) // (1 + len(_GAP)))
        columns = self._columns[:most]
        needed = [max(cell_width(text) for text, _ in cells) for cells in zip(*rows, strict=True)][
            :most
        ]
        least = self._widths or [column.min_width for column in columns]
        widths = [
            min(max(pair), max(self._style.width, 1)) for pair in zip(needed, least, strict=True)
        ]
        room = self._style.width - len(_GAP) * (len(widths) - 1)
        if self._widths and sum(widths) > room:
            return self._widths
        while sum(widths) > room:
            losses = map(_loss, columns, widths, needed)
            # the widest
            _, _, chosen = min((loss, -widths[index], index) for index, loss in enumerate(losses))
            widths[chosen] -= 1
        return widths

    def _line(self, row: list[_StyledText]) -> str:
        cells = []
        # a very narrow screen omits the last
        for (text, style), width in zip(row, self._widths, strict=False):
            shown = truncate(text, width)
            cells.append(self._style.paint(shown, style) + padding(shown, width))
        return _GAP.join(cells).rstrip() + "\n"


def _cell(text: str, column: Column, style: str, now: float) -> _StyledText:
    if text == MISSING:
        return _StyledText(text, "dim")
    if column.title == "STATE":
        # `style` is empty: an object with a state can't be archived
        style = STATE_COLOURS.get(text, "")
    return _StyledText((column.is_time and relative_time(text, now)) or text, style)


def _is_archived(item: bytes) -> bool:
    value = json_text.decode(item)
    return isinstance(value, dict) and value.get("archived_at") is not None


def _least_width(column: Column, texts: list[str]) -> int:
    """Return the minimum width of a column before other columns are dropped."""
    content = max(map(cell_width, [column.title, *texts]))
    return max(column.min_width, min(content, _SOFT_MIN) if column.flexible else content)


def _loss(column: Column, width: int, needed: int) -> int:
    """Return how much is lost if a column gets narrower by a cell: nothing as long as all of its cells fit.

    IDs are truncated last.
    """
    if width > needed:
        return 0
    return 1 if column.flexible and width > _HARD_MIN else 2
