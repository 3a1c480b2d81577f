"""The changes of an edited environment: its mistakes, the smallest update, and the merge with others' changes."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.apply.canonical import are_equal
from ant_cli.apply.changes import CLEARABLE, PATCHED
from ant_cli.apply.validation import Mistake
from ant_cli.input.values import Value
from ant_cli.runtime.light_typing import Any, NamedTuple

EnvironmentBody = dict[str, Any]
_CONFIG = "config"
_PACKAGES = (_CONFIG, "packages")


class Merge(NamedTuple):
    """The merged changes of two sides."""

    body: EnvironmentBody
    both: tuple[tuple[tuple[str, ...], Value], ...]
    """The paths that both sides changed, with the other side's value. Lists have the changes of both."""


def completed(old: EnvironmentBody, new: EnvironmentBody) -> EnvironmentBody:
    """Return `new` with an empty list for each list of `old` that it lacks: deleting a list means to clear it."""
    config = new.get(_CONFIG)
    if not isinstance(config, dict):
        return new
    return {**new, _CONFIG: _with_cleared(old.get(_CONFIG, {}), config, (_CONFIG,))}


def _with_cleared(old: EnvironmentBody, new: EnvironmentBody, path: tuple[str, ...]) -> EnvironmentBody:
    if old.get("type") != new.get("type"):
        return new
    filled = dict(new)
    for key, value in old.items():
        here = (*path, key)
        if isinstance(value, list):
            filled.setdefault(key, [])
        elif isinstance(value, dict) and isinstance(new.get(key, {}), dict) and (key in new or here == _PACKAGES):
            filled[key] = _with_cleared(value, new.get(key, {}), here)
    return filled


def mistakes_between(old: EnvironmentBody, new: EnvironmentBody) -> list[Mistake]:
    """Return the impossible changes in `new`: to clear fields that the API can't clear, or to change the type."""
    kinds = [body.get(_CONFIG, {}).get("type") for body in (old, new)]
    if _CONFIG in new and _CONFIG in old and kinds[0] != kinds[1]:
        problem = f"can't change from {kinds[0]} to {kinds[1]}; create another environment"
        return [Mistake((_CONFIG, "type"), problem)]
    return list(_missing(old, completed(old, new), ()))


def _missing(old: EnvironmentBody, new: EnvironmentBody, path: tuple[str, ...]) -> Iterator[Mistake]:
    if old.get("type") != new.get("type"):  # for networking: its fields belong to the type
        return
    for key, value in old.items():
        here = (*path, key)
        if here in ((CLEARABLE,), (PATCHED,)):
            continue
        if key not in new:
            yield Mistake(here, "can't be cleared, so it needs a value")
        elif isinstance(value, dict) and isinstance(new[key], dict):
            yield from _missing(value, new[key], here)


def smallest_update(old: EnvironmentBody, new: EnvironmentBody) -> EnvironmentBody:
    """Return the body of the update from `old` to `new`; empty if they are the same."""
    new = completed(old, new)
    update: EnvironmentBody = {
        key: new.get(key) for key in ("name", CLEARABLE, "scope") if not _are_same(old, new, key)
    }
    before, after = old.get(PATCHED, {}), new.get(PATCHED, {})
    patch = {key: after.get(key) for key in (*after, *before) if after.get(key) != before.get(key)}
    if patch:
        update[PATCHED] = patch
    config = _changed(old.get(_CONFIG, {}), new.get(_CONFIG, {}))
    if config:
        update[_CONFIG] = config
    return update


def _changed(old: EnvironmentBody, new: EnvironmentBody) -> EnvironmentBody:
    """Return the members that differ, and the type, which the API needs; if the type differs, all members."""
    if old.get("type") != new.get("type"):
        return new
    changed: EnvironmentBody = {}
    for key, value in new.items():
        if isinstance(value, dict):
            part = _changed(old.get(key, {}), value)
            changed |= {key: part} if part else {}
        elif not _are_same(old, new, key):
            changed[key] = value
    type_ = {"type": new["type"]} if "type" in new else {}
    return {**type_, **changed} if changed else {}


def _are_same(old: EnvironmentBody, new: EnvironmentBody, key: str) -> bool:
    return are_equal(old.get(key), new.get(key))


def merge(base: EnvironmentBody, mine: EnvironmentBody, theirs: EnvironmentBody) -> Merge:
    """Return `theirs` with the changes that `mine` made to `base`."""
    both: list[tuple[tuple[str, ...], Value]] = []
    return Merge(_merged(base, mine, theirs, (), both), tuple(both))


def _merged(
    base: EnvironmentBody,
    mine: EnvironmentBody,
    theirs: EnvironmentBody,
    path: tuple[str, ...],
    both: list[tuple[tuple[str, ...], Value]],
) -> EnvironmentBody:
    merged: EnvironmentBody = {}
    for key in dict.fromkeys((*mine, *theirs)):
        old, ours, other = base.get(key), mine.get(key), theirs.get(key)
        if _are_same(base, mine, key):
            value = other
        elif _are_same(base, theirs, key) or _are_same(mine, theirs, key):
            value = ours
        elif isinstance(ours, dict) and isinstance(other, dict) and ours.get("type") == other.get("type"):
            value = _merged(old if isinstance(old, dict) else {}, ours, other, (*path, key), both)
        else:
            both.append(((*path, key), other))
            value = _merged_lists(old or [], ours, other) if isinstance(ours, list) else ours
        if value is not None:
            merged[key] = value
    return merged


def _merged_lists(old: list[Any], ours: list[Any], other: Any) -> list[Any]:
    """Return the other list without the elements that ours lost, and with those that ours gained."""
    other = other if isinstance(other, list) else []
    kept = [item for item in other if item in ours or item not in old]
    return [*kept, *(item for item in ours if item not in old and item not in kept)]
