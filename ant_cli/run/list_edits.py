"""`update --add`, `--remove` and `--set`: read the object, apply the edits, and send the differences.

The API has no precondition for updates, so the object is read right before every attempt to write it. Changes that
others made before are kept; only a change of the same list during the update itself is lost. The update has only
the fields that change, because the API keeps the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ant_cli.errors import ResponseError, UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.http.attempts import Tries
from ant_cli.http.client import Sends
from ant_cli.http.response import Response
from ant_cli.input.request import Request
from ant_cli.input.values import Value, encode
from ant_cli.operations.shared_flags import SET
from ant_cli.run.edits import Edit

_NOTHING = "Nothing changes, so no update is sent."


class _Edited(NamedTuple):
    """A list after an edit."""

    items: list[Any]
    note: str = ""
    """What to say if the edit changes nothing, or leaves another version."""


def _edit_key(body: dict[str, Value], edit: Edit, remote: Mapping[str, Any]) -> str:
    """Set or delete a key in the body of an update. Return a note if the server's object is already so."""
    section, key = edit.path
    wanted = edit.value or None
    if _members(remote, section).get(key) != wanted:
        body[section] = {**_members(body, section), key: wanted}
        return ""
    if wanted is None:
        return f"there is no {edit.name}."
    return f"{edit.name} is already {wanted!r}."


def _edit_list(body: dict[str, Value], edit: Edit, remote: Mapping[str, Any]) -> str:
    """Put the list into the body of an update if the edit changes it. Return a note about the edit.

    Raises:
        UsageError: if the server's object has no such list.

    """
    _, section, name = edit.path
    config = _members(remote, "config")
    given = _members(body, "config")
    part = _members(given, section)
    _check_list_exists(remote, section, name, part)
    current = _members(config, section).get(name)
    old = part.get(name, current)  # an earlier edit may have changed it
    items = old if isinstance(old, list) else []
    edited = _apply(edit, items)
    if edited.items != items:
        type_ = {"type": "limited"} if section == "networking" else {}
        changed = {**type_, **part, name: edited.items}
        body["config"] = {"type": config.get("type"), **given, section: changed}
    return edited.note


def _apply(edit: Edit, items: list[Any]) -> _Edited:
    """Return the list after an edit. What is set takes the place of the first version of the package."""
    if edit.removes:
        return _without(edit, items)
    versions = [item for item in items if edit.is_same_package(item)]
    is_only_version = versions == [edit.value]
    is_listed = edit.value in items
    if is_only_version or (edit.adds and is_listed):
        return _Edited(items, f"{edit.name} already has {edit.value!r}.")
    if not versions:
        return _Edited([*items, edit.value])
    if edit.sets:
        place = items.index(versions[0])
        others = [item for item in items[place:] if item not in versions]
        return _Edited([*items[:place], edit.value, *others])
    problem = f"{edit.name} has {edit.value!r} in addition to {_listed(versions)}."
    replacing = edit._replace(flag=SET.flag).text
    return _Edited([*items, edit.value], f"{problem} To replace it: {replacing}")


def _without(edit: Edit, items: list[Any]) -> _Edited:
    """Return the list without an element. A note says if it is not there, and what is there in its place."""
    if edit.value in items:
        return _Edited([item for item in items if item != edit.value])
    versions = [item for item in items if edit.is_same_package(item)]
    if versions:
        others = f"; it has {_listed(versions)}."
    else:
        texts = [item for item in items if isinstance(item, str)]
        others = "." + did_you_mean(edit.value, texts)
    return _Edited(items, f"{edit.name} has no {edit.value!r}{others}")


def _listed(versions: Sequence[Any]) -> str:
    return ", ".join(map(repr, versions))


def _check_list_exists(
    remote: Mapping[str, Any], section: str, name: str, part: Mapping[str, Any]
) -> None:
    """Reject a list that the type of the configuration, or of its networking, does not have."""
    config = _members(remote, "config")
    identifier, config_type = remote.get("id"), config.get("type")
    if config_type == "self_hosted":
        raise UsageError(f"{identifier} has no {section}: its config is of the type {config_type}.")
    network_type = part.get("type") or _members(config, section).get("type")
    if section == "networking" and network_type != "limited":
        raise UsageError(
            f"{identifier} has no networking.{name}: its networking is of the type {network_type}.",
            f"To limit it: --config '{{type: cloud, networking: {{type: limited, {name}: [...]}}}}'",
        )


def _members(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    members = value.get(key)
    return members if isinstance(members, dict) else {}


class FreshUpdate:
    """Reads an object, and makes its update. If nothing changes, the response to the read takes its place."""

    def __init__(
        self, edits: Sequence[Edit], client: Sends, request: Request, say: Callable[[str], None]
    ) -> None:
        self._edits = edits
        self._client = client
        self._request = request
        self._say = say
        self._is_first = True
        self.is_unchanged = False
        """Whether there was nothing to change, so no update is sent."""

    def prepare(self, _tries: Tries) -> Request | Response:
        """Read the object. The first time, print notes about what does not change.

        Raises:
            UsageError: if the object has no such list.
            ResponseError: if the server does not return an object.
            AntError: as the client does.

        """
        request = self._request
        response = self._client.send(request._replace(method="GET", body=None))
        body = _object(request.body or b"{}")
        remote = _object(response.body)
        found = [self._edit(body, edit, remote) for edit in self._edits]
        notes = list(filter(None, found))
        if self._is_first:  # later, an earlier attempt may have made the change
            self._is_first = False
            self.is_unchanged = not body
            self._say_notes(notes)
        if not body:
            return response
        return request._replace(body=encode(body))

    def _edit(self, body: dict[str, Value], edit: Edit, remote: Mapping[str, Any]) -> str:
        """Apply an edit to the body of the update. Return a note about it, which may be empty."""
        apply = _edit_key if edit.is_key else _edit_list
        return apply(body, edit, remote)

    def _say_notes(self, notes: Sequence[str]) -> None:
        """Print a line for each note; one line for all if nothing changes."""
        label = " ".join(self._request.path_params.values())
        lines = [" ".join((*notes, _NOTHING))] if self.is_unchanged else notes
        for line in lines:
            self._say(f"Note: {label}: {line}")


def _object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises ResponseError if it is not one."""
    try:
        value = json_text.decode(raw)
    except json_text.JSONTextError:
        value = None
    if not isinstance(value, dict):
        raise ResponseError("the server's response is not an environment.")
    return value
