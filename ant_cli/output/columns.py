"""The columns of tables, and the text of their cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

from ant_cli.errors import UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import BadPath, escaped_key, parse, split_at_commas
from ant_cli.gjson.steps import plain_keys
from ant_cli.operations import environments
from ant_cli.output.kinds import has_id
from ant_cli.output.views import CONTAINERS, plain_list, resource_type
from ant_cli.runtime.sanitize import collapse_space, escape_controls

MISSING = "-"
"""The cell of a missing or empty value. Cells are never empty, so that `awk` counts columns correctly."""
_steps_of = cache(parse)


def format_scalar(scalar: Any) -> str:
    """Return a text, a number, a boolean or None as one line of text."""
    return MISSING if scalar is None else collapse_space(json_text.scalar_text(scalar)) or MISSING


Visibility = Literal["always", "varied", "present"]
"""`varied`: the rows of the first page differ in it. `present`: one has it, or archived items were requested."""


class Column(NamedTuple):
    """A column: its title, the GJSON path to its values, and how it shrinks on a narrow screen."""

    title: str
    path: str
    drop_order: int = 0
    """The columns with the highest number are dropped first; 0 is never dropped."""
    flexible: bool = False
    """Its cells may be truncated."""
    min_width: int = 0
    """The cells reserved for it even if the first page needs fewer: the width of its longest possible value."""
    condition: Visibility = "always"
    """When a terminal shows the column. In a pipe, and with `--columns`, it is always shown."""

    def find(self, item: bytes) -> bytes | None:
        """Return the item's value; None if it is missing."""
        return apply(_steps_of(self.path), item)


_AGE_WIDTH = len("59 min ago")
"""The width of the longest relative time, in cells."""
_COLUMNS_BY_TYPE = {
    "environment": (
        Column("ID", "id"),
        Column("NAME", "name", flexible=True, min_width=24),
        Column("TYPE", "config.type", 3, min_width=len("self_hosted")),
        Column("NETWORK", "config.networking.type", 4, min_width=len("unrestricted")),
        Column("SCOPE", "scope", 5, min_width=len("organization"), condition="varied"),
        Column("CREATED", "created_at", 1, min_width=_AGE_WIDTH),
        Column("ARCHIVED", "archived_at", 2, min_width=_AGE_WIDTH, condition="present"),
    ),
    "work": (
        Column("ID", "id"),
        Column("STATE", "state", min_width=len("starting")),
        Column("SESSION", "data.id", 3),
        Column("CREATED", "created_at", 1, min_width=_AGE_WIDTH),
        Column("HEARTBEAT", "latest_heartbeat_at", 2, min_width=_AGE_WIDTH),
        Column("DEAD LETTER", "metadata.ant_dead_letter", flexible=True, condition="present"),
    ),
}
"""The columns of each resource, by its `type`."""
_VALUE = Column("VALUE", "@this")
_MEMBER = (Column("NAME", "0"), Column("VALUE", "1"))
"""The columns of an object whose members are the rows."""
_MOST_COLUMNS = 50
"""How many members of an unknown resource are columns. Every item has a cell in each of them."""
_BELOW_CONFIG = frozenset(path.partition(".")[0] for path in environments.UPDATE.lists)
"""The members of `config` that need not be named by their whole path."""
_EXAMPLE = "For example: --columns id,name,config.type"


def _members_of(item: bytes) -> list[bytes]:
    """Return a row for each member of an object, as an array of its name and its value."""
    members = json_text.members(item).items()
    return [b"[%b,%b]" % (json_text.quote(name), value) for name, value in members]


class Columns:
    """The columns of one table, resolved when its first items arrive."""

    def __init__(self, spec: str, warn: Callable[[str], None], *, is_list: bool) -> None:
        """Read `--columns`. Raises UsageError if one is not a GJSON path."""
        self._is_list = is_list
        self._chosen = _parse_columns(spec)
        self._warn = warn
        self._columns: tuple[Column, ...] = ()

    def read(self, values: list[bytes]) -> tuple[list[bytes], tuple[Column, ...]]:
        """Return the items that are the rows, and the columns, on which the first items decide.

        The rows of an object without known columns, such as statistics, are its members.
        """
        if self._shows_members(values):
            return _members_of(values[0]), _MEMBER
        if not self._columns:
            chosen = tuple(self._resolved(column, values) for column in self._chosen)
            self._columns = chosen or self._first_of(_columns_for(values[0]))
        return values, self._columns

    def _shows_members(self, values: list[bytes]) -> bool:
        if self._is_list or self._chosen:
            return False
        value = json_text.decode(values[0])
        return isinstance(value, dict) and resource_type(value) not in _COLUMNS_BY_TYPE

    def _first_of(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        if len(columns) > _MOST_COLUMNS:
            self._warn(
                f"Note: only the first {_MOST_COLUMNS} members are columns; --columns names others."
            )
        return columns[:_MOST_COLUMNS]

    def _resolved(self, chosen: Column, items: list[bytes]) -> Column:
        """Return the user's column: one of the known titles, as a table shows them, otherwise a path."""
        for known in _columns_for(items[0]):
            if known.title == chosen.title and known.path != chosen.path:
                # a requested column is never dropped, but may be narrowed
                narrows = not has_id(known.path)
                return known._replace(drop_order=0, condition="always", flexible=narrows)
        column = _below_config(chosen, json_text.decode(items[0]))
        if all(column.find(item) is None for item in items):
            self._warn_of_no_match(chosen.path, items[0])
        return column

    def _warn_of_no_match(self, path: str, item: bytes) -> None:
        suggestion = ""
        if keys := _keys_of(json_text.decode(item)):
            titles = [column.title.lower() for column in _columns_for(item)]
            # what follows a member's name is not a slip in it
            others = [name for name in (*titles, *keys) if not path.startswith(f"{name}.")]
            suggestion = did_you_mean(path, others)
        # later pages may have other members
        where = "the first items" if self._is_list else "the response"
        self._warn(f"Warning: --columns: {path!r} matches nothing in {where}.{suggestion}")


def _below_config(column: Column, item: Any) -> Column:
    """Return the column, at its whole path, unless the item has a member of this name."""
    if column.path.partition(".")[0] in _keys_of(item):
        return column
    return column._replace(path=_whole_path(resource_type(item), column.path))


def _whole_path(kind: str, path: str) -> str:
    """Return the path of a member of `config`, which may be named without it, as in `--add`."""
    is_short = path.partition(".")[0] in _BELOW_CONFIG
    is_environment = kind == environments.COMMANDS.object_type
    return f"config.{path}" if is_short and is_environment else path


def _parse_columns(spec: str) -> tuple[Column, ...]:
    """Return the columns of `--columns`: comma-separated GJSON paths, which are also the titles.

    Raises:
        UsageError: if one is not a GJSON path, or there are only commas.

    """
    paths = filter(None, map(str.strip, split_at_commas(spec)))
    columns = tuple(_column_of(path, path) for path in paths)
    try:
        for column in columns:
            _steps_of(column.path)
    except BadPath as error:
        raise UsageError(f"--columns {spec!r}: {error}.", _EXAMPLE) from None
    if spec and not columns:
        raise UsageError(f"--columns {spec!r} names no column.", _EXAMPLE)
    return columns


def path_of_title(kind: str, title: str) -> str:
    """Return the path of a resource's column by its title, in any case, or of a member that has a shorter name."""
    for column in _COLUMNS_BY_TYPE.get(kind, ()):
        if column.title == title.upper():
            return column.path
    return _whole_path(kind, title)


def _columns_for(item: bytes) -> tuple[Column, ...]:
    """Return the columns for a resource, the members of an unknown object, or a bare value."""
    value = json_text.decode(item)
    if known := _COLUMNS_BY_TYPE.get(resource_type(value)):
        return known
    members = tuple(_column_of(key, escaped_key(key)) for key in _keys_of(value))
    return members or (_VALUE,)


def _keys_of(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _column_of(name: str, path: str) -> Column:
    return Column(format_scalar(name.upper()), path, flexible=not has_id(path))


class Cells(NamedTuple):
    """How values become the cells of a row."""

    of_scalar: Callable[[Any], str]
    """Takes a decoded text, number or boolean, or None."""
    of_json: Callable[[bytes | None], str]
    """Takes any value; None if it is missing."""

    def rows(self, items: list[bytes], columns: tuple[Column, ...]) -> list[list[str]]:
        """Return the cells of each item, decoding each item once."""
        places = [(column, plain_keys(_steps_of(column.path))) for column in columns]
        rows = []
        for item in items:
            value = json_text.decode(item)
            rows.append([self._cell(column, keys, value, item) for column, keys in places])
        return rows

    def _cell(self, column: Column, keys: tuple[str, ...], decoded: Any, item: bytes) -> str:
        """Return the cell of a value: from the decoded item if the path consists of keys, which is faster."""
        for key in keys:
            # the key may be the index of an array
            decoded = decoded.get(key) if isinstance(decoded, dict) else []
        if not keys or isinstance(decoded, CONTAINERS):
            return self.of_json(column.find(item))
        return self.of_scalar(decoded)


def rows_of(items: list[bytes], columns: tuple[Column, ...]) -> list[list[str]]:
    """Return the cells of each item for people, as single lines of text."""
    return Cells(format_scalar, _cell).rows(items, columns)


def _cell(raw: bytes | None) -> str:
    value = None if raw is None else json_text.decode(raw)
    if raw is None or not isinstance(value, CONTAINERS):
        return format_scalar(value)
    if not value:
        return MISSING
    # lists are joined without spaces, for `awk`
    text = ",".join(plain_list(value)) or _members_that_are_lists(value)
    if text:
        return format_scalar(text)
    return escape_controls(json_text.compact(raw).decode())


def _members_that_are_lists(value: Any) -> str | None:
    """Return the lists of an object of nothing else, such as `pip=pandas,numpy`, without those that are empty."""
    if not isinstance(value, dict):
        return None
    members = {name: member for name, member in value.items() if name != "type"}
    if not members:
        return None
    parts = []
    for name, member in members.items():
        texts = plain_list(member)
        if texts:
            parts.append(f"{name}={','.join(texts)}")
        elif member != []:
            return None
    return " ".join(parts) or MISSING
