"""Compare files and environments: hashes that show whether one has changed, and what an update would change.

The official tool computes the same hashes and keeps them in the same lock file, so both need the same text for a
value: compact JSON with sorted keys, escaped like Go's encoding/json, with one spelling for each number.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ant_cli.gjson.json_text import Number
from ant_cli.input.values import Value
from ant_cli.operations.environments import SERVER_FIELDS

_SERVER_FIELDS = frozenset(SERVER_FIELDS) - {"state"}
"""The fields that the official tool leaves out of a hash. `state` is in the hash, though the server owns it."""

_ESCAPED = re.compile("[<>&\u2028\u2029]")
"""What Go escapes and Python does not."""
SURROGATE = re.compile("[\ud800-\udfff]")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_INTEGERS = range(-(2**63), 2**64)
"""Those that Go holds as integers."""
_LARGEST_EXACT = 2**53
"""Below it, a float holds each integer."""
CLEARABLE = "description"
"""The field that is cleared if a file leaves it out. Other fields keep the server's value in that case."""
PATCHED = "metadata"
"""The field whose keys are removed if a file leaves them out."""


# Hashes


def hash_of_body(body: Value) -> str:
    """Return the hash of a body that a file declares."""
    return _digest(canonical(body))


def hashes_by_name(body: dict[str, Value]) -> Callable[[str], str]:
    """Return a function that takes a name in canonical form, and returns the hash of the body with this name.

    It makes comparing a file with many others fast.
    """
    before = {key: value for key, value in body.items() if _text(key) < "name"}
    after = {key: value for key, value in body.items() if _text(key) > "name"}
    start, end = _members(before), _members(after)

    def hash_with(name: str) -> str:
        members = ",".join(filter(None, (start, f'"name":{name}', end)))
        return _digest(f"{{{members}}}")

    return hash_with


def _members(body: dict[str, Value]) -> str:
    """Return the canonical text of an object without its braces."""
    return canonical(body)[1:-1]


def _digest(text: str) -> str:
    data = text.encode()
    return hashlib.sha256(b"%d:%b" % (len(data), data)).hexdigest()[:32]


def hash_of_remote(remote: dict[str, Value]) -> str:
    """Return the hash of an object of the server, without empty fields and fields that the server owns."""
    return hash_of_body(declared_part(remote))


def declared_part(remote: dict[str, Value]) -> dict[str, Value]:
    """Return an object of the server without the fields that it owns, and without empty ones at any depth."""
    declared = {name: value for name, value in remote.items() if name not in _SERVER_FIELDS}
    return dict(_without_empty(declared))


def canonical(value: Value) -> str:
    """Return the canonical text of a value."""
    if isinstance(value, dict):
        members = sorted((_text(key), child) for key, child in value.items())
        texts = [f"{_quote(key)}:{canonical(child)}" for key, child in members]
        return f"{{{','.join(texts)}}}"
    if isinstance(value, Number):
        return _number(value.text)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return _quote(_text(value))
    if value is None:
        return "null"
    return str(value).lower()


def is_empty(value: Value) -> bool:
    """Whether a value means the same as a missing field: null, "", [] or {}."""
    return value is None or value in ("", [], {})


def are_equal(old: Value, new: Value) -> bool:
    """Whether two values mean the same. All empty values do."""
    if is_empty(old) and is_empty(new):
        return True
    return canonical(old) == canonical(new)


def _without_empty(value: Any) -> Any:
    """Return a value without the empty members of its maps, and maps that become empty. List elements are kept."""
    if isinstance(value, list):
        return [_without_empty(child) for child in value]
    if not isinstance(value, dict):
        return value
    members = {key: _without_empty(child) for key, child in value.items()}
    return {key: child for key, child in members.items() if not is_empty(child)}


def _text(text: str) -> str:
    """Return a text that can be encoded as UTF-8."""
    return SURROGATE.sub("\ufffd", text)


def _quote(text: str) -> str:
    return _ESCAPED.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _number(text: str) -> str:
    """Return the canonical spelling of a number; if no float can hold it, as it was written.

    An exponent is used below -4 and from 6 on, as in Go's format 'g'.
    """
    if _INTEGER.fullmatch(text) and int(text) in _INTEGERS:
        return str(int(text))
    number = float(text)
    if math.isinf(number):
        return text
    shortest = Decimal(repr(number))
    if Decimal(text) != shortest:
        return text
    if number.is_integer() and abs(number) < _LARGEST_EXACT:
        return str(int(number))
    digits = shortest.normalize()
    if -4 <= digits.adjusted() < 6:
        return format(digits, "f")
    mantissa, _, exponent = f"{digits:e}".partition("e")
    return f"{mantissa}e{int(exponent):+03d}"


# Changes


class FieldChange(NamedTuple):
    """One field that differs."""

    keys: tuple[str, ...]
    """Where it is."""
    old: Value
    """The server's value; None if it has none."""
    new: Value
    """The value in the file; None to remove the server's value."""

    @property
    def path(self) -> str:
        """Its keys, joined by dots."""
        return ".".join(self.keys)


def changes_between(body: dict[str, Value], remote: dict[str, Value]) -> tuple[FieldChange, ...]:
    """Return the differences between a file and the server that an update would change."""
    return changes_of(update_body(body, remote), remote)


def changes_of(update: dict[str, Value], remote: dict[str, Value]) -> tuple[FieldChange, ...]:
    """Return what an update changes."""
    return tuple(_changes((), update, declared_part(remote)))


def update_body(body: dict[str, Value], remote: dict[str, Value]) -> dict[str, Value]:
    """Return the body of the update that makes the server's object match the file."""
    update = dict(body)
    if not is_empty(remote.get(CLEARABLE)):
        update.setdefault(CLEARABLE, None)
    old = remote.get(PATCHED)
    new = body.get(PATCHED) or {}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return update
    if old.keys() - new.keys():
        removed = dict.fromkeys(old)
        update[PATCHED] = {**removed, **new}
    return update


def kept_lists(body: dict[str, Value], remote: dict[str, Value]) -> list[str]:
    """Return the paths of the server's lists that the file's config leaves out, so that an update keeps them."""
    # as if the file were to be changed: `old` is the file's value, `new` the server's
    to_match_server = _changes(("config",), remote.get("config"), body.get("config"))
    left_out = (change for change in to_match_server if change.old is None)
    return [change.path for change in left_out if isinstance(change.new, list)]


def _changes(keys: tuple[str, ...], desired: Any, there: Any) -> Iterator[FieldChange]:
    if not isinstance(desired, dict):
        return
    for key, new in desired.items():
        old = there.get(key) if isinstance(there, dict) else None
        here = (*keys, key)
        if _has_members(new) and isinstance(old, dict | None):
            yield from _changes(here, new, old)
        elif not are_equal(old, new):
            yield FieldChange(here, old, new)


def _has_members(value: Value) -> bool:
    return isinstance(value, dict) and len(value) > 0
