"""Which columns a table has, and what stands in their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ant_cli.errors import UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import BadPath, Path, apply, parse
from ant_cli.gjson.steps import Key
from ant_cli.runtime.sanitize import escape_controls

NOTHING = "-"
TIME_ENDINGS = ("_AT", "HEARTBEAT")
"""The endings of titles and keys that hold timestamps, in upper case."""


def word_of(scalar: Any) -> str:
    """Return a text, a number, a boolean or None as one line of text."""
    if scalar is None:
        return NOTHING
    if isinstance(scalar, bool):
        return str(scalar).lower()
    text = str(scalar)
    if text.isascii() and text.isprintable() and "  " not in text:  # nearly every text
        return text.strip() or NOTHING
    return escape_controls(" ".join(text.split())) or NOTHING


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, the GJSON path to its value, and how it gives way where a screen is narrow."""

    title: str
    path: Path
    rank: int = 0
    """The columns with the highest rank are left out first; 0 is never left out."""
    flexible: bool = False
    """Its cells may be cut."""
    room: int = 0
    """The cells reserved for it even if the first page needs fewer: the width of the longest word it may get."""
    keys: tuple[str, ...] = ()
    """The keys of the path, if it has nothing but keys; otherwise empty."""

    @classmethod
    def of(cls, title: str, path: str, rank: int = 0, *, flexible: bool = False, room: int = 0) -> Column:
        """Make a column. Raises BadPath if `path` is not a GJSON path."""
        steps = parse(path)
        keys = tuple(step.name for step in steps if isinstance(step, Key))
        return cls(word_of(title), steps, rank, flexible, room, keys if len(keys) == len(steps) else ())

    @property
    def is_time(self) -> bool:
        """Whether its values are timestamps."""
        return self.title in ("CREATED", "ARCHIVED") or self.title.endswith(TIME_ENDINGS)

    def find(self, item: bytes) -> bytes | None:
        """Return the item's value, None if it has none."""
        return apply(self.path, item)

    def cell(self, item: bytes) -> str:
        """Return the item's value as one line of text."""
        return cell(self.find(item) or b"null")

    def cell_of(self, decoded: Any, item: bytes) -> str:
        """Return the same from the decoded item: faster, if the path has only keys and the value is a scalar."""
        for key in self.keys:
            if not isinstance(decoded, dict):
                return self.cell(item)
            decoded = decoded.get(key)
        if not self.keys or isinstance(decoded, dict | list):
            return self.cell(item)
        return word_of(decoded)


AGO = len("59 min ago")
"""The cells of a relative time."""
COLUMNS_BY_TYPE = {
    "environment": (
        Column.of("ID", "id"),
        Column.of("NAME", "name", flexible=True, room=13),
        Column.of("TYPE", "config.type", 3, room=len("self_hosted")),
        Column.of("NETWORK", "config.networking.type", 4, room=len("unrestricted")),
        Column.of("SCOPE", "scope", 5, room=len("organization")),
        Column.of("CREATED", "created_at", 1, room=AGO),
        Column.of("ARCHIVED", "archived_at", 2, room=AGO),
    ),
    "work": (
        Column.of("ID", "id"),
        Column.of("STATE", "state", room=len("starting")),
        Column.of("SESSION", "data.id", 3),
        Column.of("CREATED", "created_at", 1, room=AGO),
        Column.of("HEARTBEAT", "latest_heartbeat_at", 2, room=AGO),
    ),
}
"""The columns of each resource, by its `type`."""
VALUE = Column.of("VALUE", "@this", flexible=True)
EXAMPLE = "For example: --columns id,name,config.type"


class Columns:
    """The columns of one table, settled when its first items arrive."""

    def __init__(self, words: str, warn: Callable[[str], None], *, is_list: bool) -> None:
        """Read `--columns`. Raises UsageError if one is not a GJSON path."""
        self._is_list = is_list
        self._chosen = chosen_columns(words)
        self._paths = split_paths(words)
        self._warn = warn

    def settle(self, items: list[bytes]) -> tuple[Column, ...]:
        """Return the columns, now that there are items."""
        if not self._chosen:
            return columns_for(items[0])
        pairs = zip(self._chosen, self._paths, strict=True)
        return tuple(self._settled(column, path, items) for column, path in pairs)

    def are_for_members(self, value: bytes) -> bool:
        """Whether a value is an object without known columns, such as statistics: its members become the rows."""
        if self._is_list or self._chosen or json_text.kind(value) != "object":
            return False
        return resource_type(json_text.members(value)) not in COLUMNS_BY_TYPE

    def _settled(self, column: Column, path: str, items: list[bytes]) -> Column:
        """Return the user's column as a path if it matches an item, otherwise as one of the known titles."""
        if any(column.find(item) is not None for item in items):
            return column
        titles = {known.title: known for known in titles_for(items[0])}
        if known := titles.get(column.title):
            return replace(known, rank=0)  # a column that was asked for is never left out
        names = [title.lower() for title in titles] + [key for key in keys_of(items[0]) if not path.startswith(key)]
        where = "the first items" if self._is_list else "the answer"  # later pages may have what these do not
        self._warn(f"Warning: --columns: {path!r} matches nothing in {where}.{did_you_mean(path, names)}")
        return column


def chosen_columns(words: str) -> tuple[Column, ...]:
    """Return the columns of `--columns`: comma-separated GJSON paths, which are the titles, too.

    Raises:
        UsageError: if one is not a GJSON path, or there are only commas.

    """
    try:
        columns = tuple(Column.of(path.upper(), path, flexible=True) for path in split_paths(words))
    except BadPath as error:
        raise UsageError(f"--columns {words!r}: {error}.", EXAMPLE) from None
    if words.strip() and not columns:
        raise UsageError(f"--columns {words!r} names no column.", EXAMPLE)
    return columns


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
    return known or tuple(Column.of(key.upper(), escaped(key), flexible=True) for key in members) or (VALUE,)


def titles_for(item: bytes) -> tuple[Column, ...]:
    """Return the columns whose titles `--columns` may name."""
    return columns_for(item) if json_text.kind(item) == "object" else ()


def keys_of(item: bytes, prefix: str = "", depth: int = 3) -> Iterator[str]:
    """Yield the paths to the members of an object, and to what they hold."""
    if json_text.kind(item) == "object" and depth:
        for key, value in json_text.members(item).items():
            path = prefix + escaped(key)
            yield path
            yield from keys_of(value, path + ".", depth - 1)


def resource_type(members: dict[str, bytes]) -> str:
    """Return the `type` of a resource, or nothing."""
    text = members.get("type", b"")
    return json_text.string(text) if text.startswith(b'"') else ""


def escaped(key: str) -> str:
    """Return the GJSON path of a key, with everything escaped that may mean something in a path."""
    return "".join(character if character.isalnum() or character in "_-" else "\\" + character for character in key)


def members_as_rows(value: bytes) -> list[list[str]]:
    """Return the names and values of an object."""
    return [[escape_controls(name), cell(text)] for name, text in json_text.members(value).items()]


def rows_of(items: list[bytes], columns: tuple[Column, ...]) -> list[list[str]]:
    """Return the cells of each item, which is decoded once."""
    decoded = map(json_text.decode, items)
    return [[column.cell_of(value, item) for column in columns] for value, item in zip(decoded, items, strict=True)]


def cell(text: bytes) -> str:
    """Return a value as one line of text; a dash if there is none."""
    if json_text.kind(text) == "string":
        return word_of(json_text.string(text))
    word = escape_controls(json_text.compact(text).decode())
    return NOTHING if word in ("null", "[]", "{}") else word
