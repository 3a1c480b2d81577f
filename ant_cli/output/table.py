"""Tables: one line per item, columns aligned, page by page as items arrive.

In a pipe a table is plain text without boxes: columns are two spaces apart, a cell never holds a line
break, and one without a value is a dash, so that `awk` and `cut` count right. Widths are those of the first
page; a later, wider cell pushes its own line only.
"""

from __future__ import annotations

from dataclasses import dataclass

from ant_cli import json_text
from ant_cli.errors import UsageError
from ant_cli.output.transform import BadPath, Path, apply, parse
from ant_cli.streams import visible

GAP = "  "
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, and the GJSON path to its value."""

    title: str
    path: Path

    @classmethod
    def of(cls, title: str, path: str) -> Column:
        """Make a column. BadPath if the path is none."""
        return cls(title, parse(path))

    def cell(self, item: bytes) -> str:
        """Return the item's value as one line of text."""
        return cell(apply(self.path, item) or b"null")


COLUMNS_BY_TYPE = {
    "environment": (
        Column.of("ID", "id"),
        Column.of("NAME", "name"),
        Column.of("TYPE", "config.type"),
        Column.of("NETWORK", "config.networking.type"),
        Column.of("SCOPE", "scope"),
        Column.of("CREATED", "created_at"),
        Column.of("ARCHIVED", "archived_at"),
    ),
    "work": (
        Column.of("ID", "id"),
        Column.of("STATE", "state"),
        Column.of("SESSION", "data.id"),
        Column.of("CREATED", "created_at"),
        Column.of("HEARTBEAT", "latest_heartbeat_at"),
    ),
}
"""The columns of each resource, by its `type`."""
VALUE = Column.of("VALUE", "@this")


class Table:
    """Draws rows under a line of titles, which comes once."""

    def __init__(self, columns: str, *, is_list: bool) -> None:
        self._columns = chosen_columns(columns)
        self._is_list = is_list
        self._widths: list[int] = []

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the rows of these values, below the titles if they are the first."""
        if not values:
            return b""
        if not self._is_list and not self._columns and has_own_layout(values[0]):
            rows = members_as_rows(values[0])
        else:
            self._columns = self._columns or columns_for(values[0])
            rows = [[column.cell(value) for column in self._columns] for value in values]
        if not self._widths:
            rows.insert(0, [column.title for column in self._columns] or ["NAME", "VALUE"])
            self._widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        return "".join(map(self._line, rows)).encode("utf-8", "backslashreplace")

    def _line(self, cells: list[str]) -> str:
        padded = (text.ljust(width) for text, width in zip(cells, self._widths, strict=True))
        return GAP.join(padded).rstrip() + "\n"


def chosen_columns(words: str) -> tuple[Column, ...]:
    """Return the columns of `--columns`: GJSON paths, with commas between them; titles are the paths.

    Raises:
        UsageError: if one is not a GJSON path.

    """
    if not words.strip():
        return ()
    try:
        return tuple(Column.of(path.upper(), path) for path in split_paths(words))
    except BadPath as error:
        raise UsageError(f"--columns {words!r}: {error}.", "For example: --columns id,name,config.type") from None


def split_paths(words: str) -> list[str]:
    """Split at the commas that are outside of brackets."""
    paths, depth = [""], 0
    for character in words:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            paths.append("")
        else:
            paths[-1] += character
    return [path.strip() for path in paths if path.strip()]


def columns_for(item: bytes) -> tuple[Column, ...]:
    """Return the columns that fit a resource, or the members of an unknown object, or a bare value."""
    if json_text.kind(item) != "object":
        return (VALUE,)
    members = json_text.members(item)
    known = COLUMNS_BY_TYPE.get(resource_type(members))
    return known or tuple(Column.of(key.upper(), escaped(key)) for key in members) or (VALUE,)


def resource_type(members: dict[str, bytes]) -> str:
    """Return the `type` of a resource, or nothing."""
    text = members.get("type", b"")
    return json_text.string(text) if text.startswith(b'"') else ""


def escaped(key: str) -> str:
    """Return the GJSON path of a key, whatever is in it."""
    return "".join(character if character.isalnum() or character in "_-" else "\\" + character for character in key)


def has_own_layout(value: bytes) -> bool:
    """Whether a value is an object without known columns, such as statistics: its members become the rows."""
    return json_text.kind(value) == "object" and resource_type(json_text.members(value)) not in COLUMNS_BY_TYPE


def members_as_rows(value: bytes) -> list[list[str]]:
    """Return the names and values of an object."""
    return [[visible(name), cell(text)] for name, text in json_text.members(value).items()]


def cell(text: bytes) -> str:
    """Return a value as one line of text; a dash if there is none."""
    word = json_text.string(text) if json_text.kind(text) == "string" else json_text.compact(text).decode()
    word = visible(" ".join(word.split()))
    return NOTHING if word in ("", "null", "[]", "{}") else word
