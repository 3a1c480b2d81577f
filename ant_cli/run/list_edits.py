"""`update --add`, `--remove` and `--set`: read the object, apply the edits, and send the differences.

The API has no precondition for updates, so the object is read right before every attempt to write it. Changes that
others made before are kept; only a change of the same list during the update itself is lost. The update has only
the fields that change, because the API keeps the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ant_cli.errors import BadValue, Mistyped, ResponseError, UsageError
from ant_cli.errors.suggestions import did_you_mean, nearest
from ant_cli.gjson import json_text
from ant_cli.http.attempts import Tries
from ant_cli.http.client import Sends
from ant_cli.http.response import Response
from ant_cli.input.flag_values import comma_note
from ant_cli.input.request import Request
from ant_cli.input.values import Value, encode, parse, type_name
from ant_cli.operations.shared_flags import ADD, REMOVE, SET
from ant_cli.operations.spec import Flags, Setting
from ant_cli.runtime import Runtime
from ant_cli.runtime.shell import quote

_KEY_PREFIX = "metadata."
_NOTHING = "Nothing changes, so no update is sent."
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

_SEPARATOR = r"(?:,\s*(?=[\w@*]|$)|(?<![\s<>=!~@;,])\s+(?=[A-Za-z*]|@\w))(?![^\[(]*[\])])"
"""What separates several elements in a text. A comma in brackets, or between conditions on a version, does not."""


class Edit(NamedTuple):
    """An element of a list, or a key of metadata, to add, to remove or to set."""

    flag: str
    name: str
    """The list or key as it is typed: `packages.pip`, `metadata.team`."""
    value: str
    """The element, or the value of the key; empty to remove the key."""

    @property
    def removes(self) -> bool:
        """Whether the element or key is removed."""
        return self.flag == REMOVE.flag

    @property
    def text(self) -> str:
        """The edit as it may be typed."""
        target = f"{self.flag} {self.name}"
        return f"{target}={quote(self.value)}" if self.value else target

    @property
    def is_key(self) -> bool:
        """Whether it is about a key of metadata."""
        return self.name.startswith(_KEY_PREFIX)

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to the list, or to the key of metadata, in an environment."""
        if self.is_key:
            return "metadata", self.name.removeprefix(_KEY_PREFIX)
        return "config", *self.name.split(".")

    def is_same_package(self, element: object) -> bool:
        """Whether an element of the list is the same package, in any version."""
        return isinstance(element, str) and _package(self.name, element) == _package(
            self.name, self.value
        )


# From flags to edits


def parse_edits(
    flags: Flags, lists: Sequence[str], fields: Mapping[str, Value], runtime: Runtime
) -> tuple[Edit, ...]:
    """Return the edits in the flags, and print notes about them. `lists` are the paths of lists that can be edited.

    They are applied after `fields`, regardless of their order: removals, then additions, then what is set.

    Raises:
        UsageError: if a flag names no such list, or has no value, if a key is changed twice, or if a field is null.

    """
    given = (
        edit
        for setting in (REMOVE, ADD, SET)
        for text in flags.of(setting)
        for edit in _parse(setting, text, lists)
    )
    edits = tuple(dict.fromkeys(given))
    for edit in edits:  # a secret among them is redacted from here on
        runtime.redactor.redact_body(encode({edit.path[-1]: edit.value}))
    for edit in edits:
        where = f"{edit.flag} {edit.name}"
        if fields.get(edit.path[0], edit) is None:
            raise BadValue(
                where, f"can't be combined with a null {edit.path[0]}", "Leave out one of them."
            )
        if edit.is_key and any(other.name == edit.name and other != edit for other in edits):
            raise BadValue(where, "changes this key a second time", "Leave out one of them.")
        if (
            edit.is_key
            and edit.value
            and (note := comma_note(edit.flag, f"{edit.path[1]}={edit.value}", _KEY_PREFIX))
        ):
            runtime.say(note)
    return edits


def _parse(setting: Setting, text: str, lists: Sequence[str]) -> Iterator[Edit]:
    """Yield the edit that a text asks for, or one for each element of a list such as `[polars, numpy]`."""
    name, _, value = text.partition("=")
    is_list = value.lstrip().startswith("[") and not name.strip().startswith(_KEY_PREFIX)
    if not is_list:
        yield _parse_one(setting, text, lists)
        return
    where = f"{setting.flag} {name.strip()}"
    elements = parse(value, where)
    if not isinstance(elements, list) or not elements:
        raise BadValue(where, "needs a value", f"For example: {where}=NAME")
    for element in elements:
        if not isinstance(element, str):
            raise BadValue(where, f"takes a list of texts, but one is {type_name(element)}")
        yield _parse_one(setting, f"{name}={element}", lists)


def _parse_one(setting: Setting, text: str, lists: Sequence[str]) -> Edit:
    name, equals, value = text.partition("=")
    edit = Edit(setting.flag, name.strip().removeprefix("config."), value)
    where = f"{setting.flag} {edit.name}"
    is_key = edit.is_key and edit.name != _KEY_PREFIX
    if not is_key and edit.name not in lists:
        raise _unknown_list(setting, edit.name, lists)
    if not is_key and setting == SET and not edit.name.startswith("packages."):
        raise UsageError(
            f"{setting.flag} sets packages and keys of metadata, not {edit.name}.",
            f"Use {ADD.flag}.",
        )
    if is_key and edit.removes:
        if equals:
            raise BadValue(where, "removes a key, and takes no value", f"Write {where}")
    elif not value:
        remove = f"To remove the key: {REMOVE.flag} {edit.name}" if is_key else ""
        raise BadValue(
            where, "needs a value", f"For example: {where}={'VALUE' if is_key else 'NAME'}", remove
        )
    elif not is_key and not edit.removes and (several := _several(edit)):
        raise BadValue(where, f"takes one element, got {edit.value!r}", f"Write {several}")
    return edit


def _several(edit: Edit) -> str:
    """Return a flag for each of the elements in a text such as `polars,numpy`; empty if it is one element."""
    requirement, _, _ = edit.value.partition(";")  # conditions on the system may follow
    parts = re.split(_SEPARATOR, requirement)
    flags = [edit._replace(value=part).text for part in parts if part]
    return " ".join(flags) if len(parts) > 1 else ""


def _unknown_list(setting: Setting, path: str, lists: Sequence[str]) -> Mistyped:
    ends = {name.rpartition(".")[2]: name for name in lists}
    similar = nearest(path.rpartition(".")[2], ends)
    meant = f" Did you mean {ends[similar]!r}?" if similar else ""
    taken = [name for name in lists if setting != SET or name.startswith("packages.")]
    hint = f"It takes {', '.join(taken)} and metadata.KEY; other fields have their own flags."
    return Mistyped(
        f"{setting.flag} can't change {path!r}, which is not a known list.{meant}", hint
    )


# From edits and an object to an update


def _edit_key(body: dict[str, Value], edit: Edit, remote: Mapping[str, Any]) -> str:
    """Set or delete a key in the body of an update. Return a note if the server's object is already so."""
    section, key = edit.path
    if _members(remote, section).get(key) == (edit.value or None):
        return (
            f"{edit.name} is already {edit.value!r}." if edit.value else f"there is no {edit.name}."
        )
    body[section] = {**_members(body, section), key: edit.value or None}
    return ""


def _edit_list(body: dict[str, Value], edit: Edit, remote: Mapping[str, Any]) -> str:
    """Put the list into the body of an update if the edit changes it. Return a note about the edit.

    Raises:
        UsageError: if the server's object has no such list.

    """
    _, section, name = edit.path
    config, given = _members(remote, "config"), _members(body, "config")
    part = _members(given, section)
    _check_list_exists(remote, section, name, part)
    old = part.get(name, _members(config, section).get(name))  # an earlier edit may have changed it
    old = old if isinstance(old, list) else []
    new, note = _with_element(old, edit)
    if new != old:
        type_ = {"type": "limited"} if section == "networking" else {}
        body["config"] = {
            "type": config.get("type"),
            **given,
            section: {**type_, **part, name: new},
        }
    return note


def _with_element(items: list[Any], edit: Edit) -> tuple[list[Any], str]:
    """Return the list after an edit, and a note if the edit changes nothing, or leaves another version.

    What is set takes the place of the first version of the package.
    """
    versions = [item for item in items if edit.is_same_package(item)]
    shown = ", ".join(map(repr, versions))
    if edit.removes and edit.value in items:
        return [item for item in items if item != edit.value], ""
    if edit.removes:
        texts = [item for item in items if isinstance(item, str)]
        others = f"; it has {shown}." if shown else "." + did_you_mean(edit.value, texts)
        return items, f"{edit.name} has no {edit.value!r}{others}"
    if versions == [edit.value] or (edit.flag == ADD.flag and edit.value in items):
        return items, f"{edit.name} already has {edit.value!r}."
    if edit.flag == SET.flag and versions:
        place = items.index(versions[0])
        return [
            *items[:place],
            edit.value,
            *(item for item in items[place:] if item not in versions),
        ], ""
    replacing = edit._replace(flag=SET.flag).text
    note = f"{edit.name} has {edit.value!r} in addition to {shown}. To replace it: {replacing}"
    return [*items, edit.value], note if versions else ""


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


def _package(name: str, element: str) -> str:
    """Return the name of a package, as its manager compares names; the element of another list unchanged."""
    match = re.match(_PACKAGE_NAMES.get(name.rpartition(".")[2], ".*"), element)
    package = match[0] if match else element
    is_lax = name in ("packages.pip", "packages.cargo")
    return re.sub(r"[-_.]+", "-", package).lower() if is_lax else package


def _members(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    members = value.get(key)
    return members if isinstance(members, dict) else {}


# From an update to requests


class FreshUpdate:
    """Reads an object, and returns its update; the response, if nothing changes."""

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
        body, remote = _object(request.body or b"{}"), _object(response.body)
        found = [
            (_edit_key if edit.is_key else _edit_list)(body, edit, remote) for edit in self._edits
        ]
        notes = list(filter(None, found))
        if self._is_first:  # later, an earlier attempt may have made the change
            self._is_first, self.is_unchanged = False, not body
            label = " ".join(request.path_params.values())
            for note in notes if body else [" ".join((*notes, _NOTHING))]:
                self._say(f"Note: {label}: {note}")
        name = request.object_name or str(remote.get("name") or "")
        return request._replace(body=encode(body), object_name=name) if body else response


def _object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises ResponseError if it is not one."""
    try:
        value = json_text.decode(raw)
    except json_text.JSONTextError:
        value = None
    if not isinstance(value, dict):
        raise ResponseError("the server's response is not an environment.")
    return value
