"""The columns of tables, and the text of their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ant_cli.errors import UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import BadPath, parse
from ant_cli.gjson.steps import GJSONPath, plain_keys
from ant_cli.output.times import TIME_ENDINGS
from ant_cli.runtime.light_typing import Any, Literal, NamedTuple
from ant_cli.runtime.sanitize import collapse_space, escape_controls

MISSING = "-"
"""The cell of a missing or empty value. Cells are never empty, so that `awk` counts columns correctly."""
_CONTAINERS = (dict, list)


def format_scalar(scalar: Any) -> str:
    """Return a text, a number, a boolean or None as one line of text."""
    if scalar is None:
        return MISSING
    if isinstance(scalar, bool):
        return str(scalar).lower()
    text = str(scalar)
    if text.isascii() and text.isprintable() and "  " not in text:  # the common case
        return text.strip() or MISSING
    return collapse_space(text) or MISSING


Visibility = Literal["always", "varied", "present"]
"""`varied`: the rows of the first page differ in it. `present`: one has it, or archived items were requested."""


class Column(NamedTuple):
    """A column: its title, the GJSON path to its values, and how it shrinks on a narrow screen."""

    title: str
    path: GJSONPath
    drop_order: int = 0
    """The columns with the highest number are dropped first; 0 is never dropped."""
    flexible: bool = False
    """Its cells may be truncated."""
    min_width: int = 0
    """The cells reserved for it even if the first page needs fewer: the width of its longest possible value."""
    condition: Visibility = "always"
    """When a terminal shows the column. In a pipe, and with `--columns`, it is always shown."""
    keys: tuple[str, ...] = ()
    """The keys of the path, if it consists only of keys; otherwise empty."""

    @classmethod
    def of(
        cls,
        title: str,
        path: str,
        drop_order: int = 0,
        *,
        flexible: bool = False,
        min_width: int = 0,
        condition: Visibility = "always",
    ) -> Column:
        """Make a column. Raises BadPath if `path` is not a GJSON path."""
        steps = parse(path)
        return cls(format_scalar(title), steps, drop_order, flexible, min_width, condition, plain_keys(steps))

    @property
    def is_time(self) -> bool:
        """Whether its values are timestamps."""
        return self.title in ("CREATED", "ARCHIVED") or self.title.endswith(TIME_ENDINGS)

    def find(self, item: bytes) -> bytes | None:
        """Return the item's value; None if it is missing."""
        return apply(self.path, item)

    def cell(self, item: bytes) -> str:
        """Return the item's value as one line of text."""
        return _cell(self.find(item) or b"null")

    def cell_of(self, decoded: Any, item: bytes) -> str:
        """Like `cell`, from the decoded item: faster if the path consists of keys and the value is a scalar."""
        for key in self.keys:
            if not isinstance(decoded, dict):
                return self.cell(item)
            decoded = decoded.get(key)
        if not self.keys or isinstance(decoded, _CONTAINERS):
            return self.cell(item)
        return format_scalar(decoded)


_AGE_WIDTH = len("59 min ago")
"""The width of the longest relative time, in cells."""
_COLUMNS_BY_TYPE = {
    "environment": (
        Column.of("ID", "id"),
        Column.of("NAME", "name", flexible=True, min_width=24),
        Column.of("TYPE", "config.type", 3, min_width=len("self_hosted")),
        Column.of("NETWORK", "config.networking.type", 4, min_width=len("unrestricted")),
        Column.of("SCOPE", "scope", 5, min_width=len("organization"), condition="varied"),
        Column.of("CREATED", "created_at", 1, min_width=_AGE_WIDTH),
        Column.of("ARCHIVED", "archived_at", 2, min_width=_AGE_WIDTH, condition="present"),
    ),
    "work": (
        Column.of("ID", "id"),
        Column.of("STATE", "state", min_width=len("starting")),
        Column.of("SESSION", "data.id", 3),
        Column.of("CREATED", "created_at", 1, min_width=_AGE_WIDTH),
        Column.of("HEARTBEAT", "latest_heartbeat_at", 2, min_width=_AGE_WIDTH),
        Column.of("DEAD LETTER", "metadata.ant_dead_letter", flexible=True, condition="present"),
    ),
}
"""The columns of each resource, by its `type`."""
_VALUE = Column.of("VALUE", "@this", flexible=True)
_EXAMPLE = "For example: --columns id,name,config.type"


class Columns:
    """The columns of one table, resolved when its first items arrive."""

    def __init__(self, spec: str, warn: Callable[[str], None], *, is_list: bool) -> None:
        """Read `--columns`. Raises UsageError if one is not a GJSON path."""
        self._is_list = is_list
        self._chosen = _parse_columns(spec)
        self._paths = _split_paths(spec)
        self._warn = warn

    def resolve(self, items: list[bytes]) -> tuple[Column, ...]:
        """Return the columns that suit the first items."""
        if not self._chosen:
            return _columns_for(items[0])
        pairs = zip(self._chosen, self._paths, strict=True)
        return tuple(self._resolved(column, path, items) for column, path in pairs)

    def shows_members(self, value: bytes) -> bool:
        """Whether a value is an object without known columns, such as statistics. Its members become the rows."""
        if self._is_list or self._chosen or json_text.json_type(value) != "object":
            return False
        return _resource_type(json_text.members(value)) not in _COLUMNS_BY_TYPE

    def _resolved(self, column: Column, path: str, items: list[bytes]) -> Column:
        """Return the user's column: as a path if that matches an item, otherwise as one of the known titles."""
        if any(column.find(item) is not None for item in items):
            return column
        titles = {known.title: known for known in _titles_for(items[0])}
        if known := titles.get(column.title):
            return known._replace(drop_order=0, condition="always")  # a requested column is never dropped
        keys = [key for key in _keys_of(items[0]) if not path.startswith(key)]
        names = [title.lower() for title in titles] + keys
        where = "the first items" if self._is_list else "the response"  # later pages may have other members
        self._warn(f"Warning: --columns: {path!r} matches nothing in {where}.{did_you_mean(path, names)}")
        return column


def _parse_columns(spec: str) -> tuple[Column, ...]:
    """Return the columns of `--columns`: comma-separated GJSON paths, which are also the titles.

    Raises:
        UsageError: if one is not a GJSON path, or there are only commas.

    """
    try:
        columns = tuple(Column.of(path.upper(), path, flexible=True) for path in _split_paths(spec))
    except BadPath as error:
        raise UsageError(f"--columns {spec!r}: {error}.", _EXAMPLE) from None
    if spec.strip() and not columns:
        raise UsageError(f"--columns {spec!r} names no column.", _EXAMPLE)
    return columns


def _split_paths(spec: str) -> list[str]:
    """Split at the commas outside of brackets."""
    paths, depth = [""], 0
    for character in spec:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            paths.append("")
        else:
            paths[-1] += character
    return [path.strip() for path in paths if path.strip()]


def _columns_for(item: bytes) -> tuple[Column, ...]:
    """Return the columns for a resource, the members of an unknown object, or a bare value."""
    if json_text.json_type(item) != "object":
        return (_VALUE,)
    members = json_text.members(item)
    known = _COLUMNS_BY_TYPE.get(_resource_type(members))
    return known or tuple(Column.of(key.upper(), _escaped(key), flexible=True) for key in members) or (_VALUE,)


def _titles_for(item: bytes) -> tuple[Column, ...]:
    """Return the columns whose titles `--columns` may name."""
    return _columns_for(item) if json_text.json_type(item) == "object" else ()


def _keys_of(item: bytes, prefix: str = "", depth: int = 3) -> Iterator[str]:
    """Yield the paths to the members of an object, and to their members."""
    if json_text.json_type(item) == "object" and depth:
        for key, value in json_text.members(item).items():
            path = prefix + _escaped(key)
            yield path
            yield from _keys_of(value, path + ".", depth - 1)


def _resource_type(members: dict[str, bytes]) -> str:
    """Return the `type` of a resource; empty if it has none."""
    raw = members.get("type", b"")
    return json_text.string(raw) if raw.startswith(b'"') else ""


def _escaped(key: str) -> str:
    """Return the GJSON path of a key, with every special character escaped."""
    return "".join(character if character.isalnum() or character in "_-" else "\\" + character for character in key)


def members_as_rows(value: bytes) -> list[list[str]]:
    """Return the names and values of an object."""
    return [[escape_controls(name), _cell(raw)] for name, raw in json_text.members(value).items()]


def rows_of(items: list[bytes], columns: tuple[Column, ...]) -> list[list[str]]:
    """Return the cells of each item, decoding each item once."""
    decoded = map(json_text.decode, items)
    return [[column.cell_of(value, item) for column in columns] for value, item in zip(decoded, items, strict=True)]


def _cell(raw: bytes) -> str:
    """Return a value as one line of text."""
    type_ = json_text.json_type(raw)
    if type_ == "string":
        return format_scalar(json_text.string(raw))
    if type_ == "array" and (listed := _listed(json_text.elements(raw))):
        return listed
    compact = escape_controls(json_text.compact(raw).decode())
    return MISSING if compact in ("null", "[]", "{}") else compact


def _listed(items: list[bytes]) -> str:
    """Return strings and numbers separated by commas, without spaces for `awk`; empty if not clear."""
    if any(json_text.json_type(item) not in ("string", "number") for item in items):
        return ""
    texts = [json_text.string(item) if item.startswith(b'"') else item.decode() for item in items]
    return "" if any("," in text or not text for text in texts) else format_scalar(",".join(texts))
