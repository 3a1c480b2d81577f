"""What an update would change: compare the body of a file with the object on the server."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.apply.canonical import are_equal, declared_part, is_empty
from ant_cli.input.values import Value
from ant_cli.runtime.light_typing import Any, NamedTuple

CLEARABLE = "description"
"""The field that is cleared if a file leaves it out. Other fields keep the server's value in that case."""
PATCHED = "metadata"
"""The field whose keys are removed if a file leaves them out."""


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


def changes_between(body: dict[str, Value], remote: dict[str, Value]) -> list[FieldChange]:
    """Return the differences between a file and the server, without fields that keep the server's value."""
    return changes_of(update_body(body, remote), remote)


def changes_of(update: dict[str, Value], remote: dict[str, Value]) -> list[FieldChange]:
    """Return what an update changes."""
    return list(_changes((), update, declared_part(remote)))


def smallest_update(body: dict[str, Value], remote: dict[str, Value]) -> dict[str, Value]:
    """Return the body of the update that sends only what differs, and the types around it, which the API needs."""
    update: dict[str, Any] = {}
    for change in changes_between(body, remote):
        *around, last = change.keys
        part, source = update, dict[str, Any](body)
        for key in around:
            source = source.get(key) or {}
            part = part.setdefault(key, {"type": source["type"]} if "type" in source else {})
        part[last] = change.new
    return update


def update_body(body: dict[str, Value], remote: dict[str, Value]) -> dict[str, Value]:
    """Return the body of the update that makes the server's object match the file."""
    update = dict(body)
    if not is_empty(remote.get(CLEARABLE)):
        update.setdefault(CLEARABLE, None)
    old, new = remote.get(PATCHED), body.get(PATCHED) or {}
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() - new.keys():
        update[PATCHED] = {**dict.fromkeys(old), **new}
    return update


def kept_lists(body: Value, remote: Value, path: str) -> Iterator[str]:
    """Yield the paths of the lists that the server has and the file leaves out. An update does not change them."""
    if not isinstance(remote, dict):
        return
    for key, value in remote.items():
        declared = body.get(key) if isinstance(body, dict) else None
        if isinstance(value, list) and value and declared is None:
            yield f"{path}.{key}"
        elif isinstance(value, dict):
            yield from kept_lists(declared, value, f"{path}.{key}")


def _changes(keys: tuple[str, ...], desired: dict[str, Value], there: Any) -> Iterator[FieldChange]:
    for key, new in desired.items():
        old = there.get(key) if isinstance(there, dict) else None
        here = (*keys, key)
        if isinstance(new, dict) and new and (isinstance(old, dict) or old is None):
            yield from _changes(here, new, old)
        elif not are_equal(old, new):
            yield FieldChange(here, old, new)
