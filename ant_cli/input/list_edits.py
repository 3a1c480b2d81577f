"""`--add`, `--remove` and `--set`: parse the edits, and compute the update that applies them to an object.

Nothing here reads or sends. The update has only the fields that change, because the API keeps the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ant_cli.errors import BadValue, UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.values import Value
from ant_cli.operations.global_flags import ADD, REMOVE, SET
from ant_cli.operations.spec import Flags, Param
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeAlias

_CONFIG = "config"
_METADATA = "metadata"
_METADATA_PREFIX = f"{_METADATA}."
_PACKAGE_NAMES = {
    "apt": r"[^\s=/]+(?=[=/]|$)",
    "cargo": r"[\w-]+(?=[\s@=]|$)",
    "gem": r"[\w.-]+(?=[\s:]|$)",
    "go": r"[^\s@]+(?=@|$)",
    "npm": r"(?:@[^\s@/]+/)?[^\s@/:]+(?=@|$)",
    "pip": r"[A-Za-z0-9][\w.-]*(?=\s*(?:[\[(=<>!~;@]|$))",
}
"""How the name of a package ends where its version begins, for each package manager: `curl=8.5`, `ripgrep@14`,
`rails:7.1`, `golang.org/x/tools@latest`, `@types/node@22`, `pandas[all]>=2`."""


class ListEdit(NamedTuple):
    """An element to add to a list, to remove from it, or to put in place of other versions of the package."""

    flag: str
    path: str
    """The path of the list below `config`."""
    value: str
    """The element."""

    @property
    def removes(self) -> bool:
        """Whether the element is removed."""
        return self.flag == REMOVE.flag

    @property
    def target(self) -> str:
        """The name of the package; for other lists, the element."""
        return _package(self.path, self.value)

    def is_same_package(self, element: object) -> bool:
        """Whether an element of the list is the same package, in any version."""
        return isinstance(element, str) and _package(self.path, element) == self.target

    def contradicts(self, other: Edit) -> bool:
        """Whether another edit of the same package would be undone, or would leave two versions."""
        if self.value == other.value or SET.flag in (self.flag, other.flag):
            return True
        removed = next((edit.value for edit in (self, other) if edit.removes), "")
        return self.removes is not other.removes and removed == _name(self.path, removed)

    def is_set_by(self, given: Mapping[str, Any]) -> bool:
        """Whether the fields of an update set the list, too."""
        section, _, name = self.path.partition(".")
        config = given.get(_CONFIG, {})
        part = config.get(section, {}) if isinstance(config, dict) else None
        return not isinstance(part, dict) or name in part


class KeyEdit(NamedTuple):
    """A key of metadata to set, or to remove."""

    flag: str
    path: str
    """`metadata.` and the key."""
    value: str
    """The value; empty to remove the key."""

    @property
    def removes(self) -> bool:
        """Whether the key is removed."""
        return self.flag == REMOVE.flag

    @property
    def target(self) -> str:
        """Nothing: the path alone names what is changed."""
        return ""

    def contradicts(self, _other: Edit) -> bool:
        """Whether another edit of the same key contradicts this one: any does."""
        return True

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
    given = (_parse(param, text, lists) for param in (REMOVE, ADD, SET) for text in flags.list(param.name))
    edits = tuple(dict.fromkeys(given))
    seen: dict[tuple[str, str], list[Edit]] = {}
    for edit in edits:
        others = seen.setdefault((edit.path, edit.target), [])
        for other in others:
            if edit.contradicts(other):
                is_package = edit.path.startswith("packages.") and edit.value != other.value
                hint = f"To replace any version of the package: {SET.flag} {_typed(edit)}" if is_package else ""
                raise UsageError(f"{edit.flag} {_typed(edit)} contradicts {other.flag} {_typed(other)}.", hint)
        others.append(edit)
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
    if param == SET and not path.startswith("packages."):
        raise UsageError(f"{param.flag} sets packages and keys of metadata, not {path}.", f"Use {ADD.flag}.")
    if not value:
        raise BadValue(f"{param.flag} {path}", "needs a value", f"For example: {param.flag} {path}=NAME")
    return ListEdit(param.flag, path, value)


def _check_key(edit: KeyEdit, *, has_value: bool) -> None:
    """Reject a key that is added without a value, or removed with one."""
    where = f"{edit.flag} {edit.path}"
    if not edit.removes and not edit.value:
        remove = f"To remove the key: {REMOVE.flag} {edit.path}"
        raise BadValue(where, "needs a value", f"For example: {where}=VALUE", remove)
    if edit.removes and has_value:
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
        note = f"{edit.path} is {edit.value!r} already." if edit.value else f"there is no {edit.path}."
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
    new = old
    for edit in edits:
        new = _with_element(new, edit)
    if new != old:
        type_ = {"type": "limited"} if section == "networking" else {}
        body = {**body, _CONFIG: {"type": config.get("type"), **given, section: {**type_, **part, name: new}}}
    return Edited(body, (*edited.notes, *(note for edit in edits for note in _notes_about(edit, old))))


def _with_element(items: list[Any], edit: ListEdit) -> list[Any]:
    """Return the list after an edit. What is set takes the place of the first version of the package."""
    if edit.removes:
        return [item for item in items if item != edit.value]
    versions = [item for item in items if edit.is_same_package(item)] if edit.flag == SET.flag else []
    if not versions:
        return items if edit.value in items else [*items, edit.value]
    place = items.index(versions[0])
    return [*items[:place], edit.value, *(item for item in items[place:] if item not in versions)]


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
        if not edit.removes:
            yield f"{edit.path} has {edit.value!r} already."
        return
    near = [item for item in old if edit.is_same_package(item)]
    names = ", ".join(map(repr, near))
    if edit.removes:
        others = f"; it has {names}." if near else "." + did_you_mean(edit.value, filter(_is_text, old))
        yield f"{edit.path} has no {edit.value!r}{others}"
    elif near and edit.flag == ADD.flag:
        replace = f"To replace it: {SET.flag} {_typed(edit)}"
        yield f"{edit.path} has {names}, too, next to {edit.value!r}. {replace}"


def _package(path: str, element: str) -> str:
    """Return the name of a package in the way in which its manager compares names."""
    name = _name(path, element)
    return re.sub(r"[-_.]+", "-", name).lower() if path in ("packages.pip", "packages.cargo") else name


def _name(path: str, element: str) -> str:
    """Return a package as it is written, without its version; the element of another list unchanged."""
    match = re.match(_PACKAGE_NAMES.get(path.rpartition(".")[2], ".*"), element)
    return match[0] if match else element


def _is_text(item: object) -> bool:
    return isinstance(item, str)


def _members(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    members = value.get(key)
    return members if isinstance(members, dict) else {}
