"""`--add` and `--remove`: parse the edits, and compute the update that applies them to an object.

Nothing here reads or sends. The update has only the fields that change, because the API keeps the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ant_cli.errors import BadValue, UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.values import Value
from ant_cli.operations.global_flags import ADD, REMOVE
from ant_cli.operations.spec import Flags, Param
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeAlias

_CONFIG = "config"
_METADATA = "metadata"
_METADATA_PREFIX = f"{_METADATA}."
_VERSION = re.compile(r"(?<=.)(?:[=<>~!@:;\[]| )")
"""The end of a package's name, as in `pandas==2.2`, `@types/node@22`, `rails:7.1.0`."""


class ListEdit(NamedTuple):
    """An element to add to a list, or to remove from it."""

    flag: str
    """`--add` or `--remove`."""
    path: str
    """The path of the list below `config`."""
    value: str
    """The element."""

    @property
    def adds(self) -> bool:
        """Whether the element is added."""
        return self.flag == ADD.flag

    def is_set_by(self, given: Mapping[str, Any]) -> bool:
        """Whether the fields of an update set the list, too."""
        section, _, name = self.path.partition(".")
        config = given.get(_CONFIG, {})
        part = config.get(section, {}) if isinstance(config, dict) else None
        return not isinstance(part, dict) or name in part


class KeyEdit(NamedTuple):
    """A key of metadata to set, or to remove."""

    flag: str
    """`--add` or `--remove`."""
    path: str
    """`metadata.` and the key."""
    value: str
    """The value; empty to remove the key."""

    @property
    def adds(self) -> bool:
        """Whether the key is set."""
        return self.flag == ADD.flag

    @property
    def key(self) -> str:
        """The key."""
        return self.path.removeprefix(_METADATA_PREFIX)

    def is_set_by(self, given: Mapping[str, Any]) -> bool:
        """Whether the fields of an update set the key, too."""
        metadata = given.get(_METADATA, {})
        return not isinstance(metadata, dict) or self.key in metadata


Edit: TypeAlias = ListEdit | KeyEdit


class Edited(NamedTuple):
    """What edits make of an object."""

    body: dict[str, Value]
    """The body of the update; empty if nothing changes."""
    notes: tuple[str, ...]
    """Notes: an element that was already present, or was not there to remove."""


# From flags to edits


def parse_edits(flags: Flags, lists: Sequence[str]) -> tuple[Edit, ...]:
    """Return the edits in the flags. `lists` are the paths of the lists that can be edited.

    Raises:
        UsageError: if one names no such list, has no value, or contradicts another one.

    """
    edits = tuple(
        dict.fromkeys(_parse(param, text, lists) for param in (REMOVE, ADD) for text in flags.list(param.name))
    )
    seen: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        target = edit.path, edit.value if isinstance(edit, ListEdit) else ""
        other = seen.setdefault(target, edit)
        if other is not edit:
            raise UsageError(f"{edit.flag} {edit.path} contradicts {other.flag} {_typed(other)}.")
    return edits


def _typed(edit: Edit) -> str:
    return f"{edit.path}={edit.value}" if edit.value else edit.path


def _parse(param: Param, text: str, lists: Sequence[str]) -> Edit:
    path, equals, value = text.partition("=")
    path = path.strip().removeprefix(f"{_CONFIG}.")
    if path.startswith(_METADATA_PREFIX) and path != _METADATA_PREFIX:
        edit = KeyEdit(param.flag, path, value)
        _check_key(edit, has_value=bool(equals))
        return edit
    if path not in lists:
        raise _unknown_list(param, path, lists)
    if not value:
        raise BadValue(f"{param.flag} {path}", "needs a value", f"For example: {param.flag} {path}=NAME")
    return ListEdit(param.flag, path, value)


def _check_key(edit: KeyEdit, *, has_value: bool) -> None:
    """Reject a key that is added without a value, or removed with one."""
    where = f"{edit.flag} {edit.path}"
    if edit.adds and not edit.value:
        remove = f"To remove the key: {REMOVE.flag} {edit.path}"
        raise BadValue(where, "needs a value", f"For example: {where}=VALUE", remove)
    if not edit.adds and has_value:
        raise BadValue(where, "removes a key, whatever its value", f"Write {where}")


def _unknown_list(param: Param, path: str, lists: Sequence[str]) -> UsageError:
    by_end = [name for name in lists if path and name.rpartition(".")[2] == path.rpartition(".")[2]]
    meant = f" Did you mean {by_end[0]!r}?" if by_end else did_you_mean(path, lists)
    problem = f"knows no list {path!r}"
    hint = f"It takes {', '.join(lists)} and {_METADATA}.KEY; other fields have their own flags."
    return UsageError(f"{param.flag} {problem}.{meant}", hint)


def check_given(edits: Iterable[Edit], given: Mapping[str, Any]) -> None:
    """Reject a field that sets what an edit changes, or that is null."""
    for edit in edits:
        if edit.is_set_by(given):
            field = _METADATA if isinstance(edit, KeyEdit) else _CONFIG
            problem = f"{edit.flag} {edit.path} can't be combined with this {field}, which sets it, too."
            raise UsageError(problem, "Leave out one of them.")


# From edits and an object to an update


def edit_object(edits: Sequence[Edit], remote: Mapping[str, Any], given: Mapping[str, Any]) -> Edited:
    """Return the update that applies the edits to the server's object, together with the other given fields.

    Raises:
        UsageError: if the object has no such list.

    """
    by_path: dict[str, list[ListEdit]] = {}
    edited = Edited(dict(given), ())
    for edit in edits:
        if isinstance(edit, KeyEdit):
            edited = _with_key(edited, edit, remote)
        else:
            by_path.setdefault(edit.path, []).append(edit)
    for path, group in by_path.items():
        edited = _with_list(edited, path, group, remote)
    return edited


def _with_key(edited: Edited, edit: KeyEdit, remote: Mapping[str, Any]) -> Edited:
    """Return the update with a key set or deleted, and a note if that changes nothing."""
    body, notes = edited
    old = _members(remote, _METADATA).get(edit.key)
    if old == (edit.value or None):
        note = f"{edit.path} is {edit.value!r} already." if edit.adds else f"there is no {edit.path}."
        return Edited(body, (*notes, note))
    return Edited({**body, _METADATA: {**_members(body, _METADATA), edit.key: edit.value or None}}, notes)


def _with_list(edited: Edited, path: str, edits: Sequence[ListEdit], remote: Mapping[str, Any]) -> Edited:
    """Return the update with the new list if it differs, and notes on edits without effect and other versions."""
    section, _, name = path.partition(".")
    body, config = edited.body, _members(remote, _CONFIG)
    given = _members(body, _CONFIG)
    part = _members(given, section)
    _check_list_exists(remote, section, name, part)
    old = _members(config, section).get(name)
    old = old if isinstance(old, list) else []
    removed = [edit.value for edit in edits if not edit.adds]
    new = [item for item in old if item not in removed]
    new += [edit.value for edit in edits if edit.adds and edit.value not in new]
    if new != old:
        type_ = {"type": "limited"} if section == "networking" else {}
        body = {**body, _CONFIG: {"type": config.get("type"), **given, section: {**type_, **part, name: new}}}
    return Edited(body, (*edited.notes, *(note for edit in edits for note in _notes_about(edit, old))))


def _check_list_exists(remote: Mapping[str, Any], section: str, name: str, part: Mapping[str, Any]) -> None:
    """Reject a list that the type of the configuration, or of its networking, does not have."""
    config = _members(remote, _CONFIG)
    identifier, config_type = remote.get("id"), config.get("type")
    if config_type == "self_hosted":
        raise UsageError(f"{identifier} has no {section}: its config is of the type {config_type}.")
    network_type = part.get("type") or _members(config, section).get("type")
    if section == "networking" and network_type != "limited":
        raise UsageError(
            f"{identifier} has no networking.{name}: its networking is of the type {network_type}.",
            f"To limit it: --config '{{type: cloud, networking: {{type: limited, {name}: [...]}}}}'",
        )


def _notes_about(edit: ListEdit, old: Sequence[Any]) -> Iterator[str]:
    """Yield notes about an element: it is already present, is missing, or is present in another version."""
    if edit.value in old:
        if edit.adds:
            yield f"{edit.path} has {edit.value!r} already."
        return
    near = [item for item in old if isinstance(item, str) and _bare(item) == _bare(edit.value)]
    names = ", ".join(map(repr, near))
    if not edit.adds:
        others = f"; it has {names}." if near else "." + did_you_mean(edit.value, filter(_is_text, old))
        yield f"{edit.path} has no {edit.value!r}{others}"
    elif near:
        yield f"{edit.path} has {names}, too, next to {edit.value!r}."


def _bare(package: str) -> str:
    """Return a package without its version."""
    return _VERSION.split(package.lower().replace("_", "-"), maxsplit=1)[0]


def _is_text(item: object) -> bool:
    return isinstance(item, str)


def _members(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    members = value.get(key)
    return members if isinstance(members, dict) else {}
