"""`--add`, `--remove` and `--set`: from their texts to edits of an object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ant_cli.errors import BadValue, Mistyped, UsageError
from ant_cli.errors.command_line import quote
from ant_cli.errors.suggestions import nearest
from ant_cli.input.flag_values import comma_note
from ant_cli.input.values import Value, encode, parse, type_name
from ant_cli.operations.shared_flags import ADD, REMOVE, SET
from ant_cli.operations.spec import Flags, Setting
from ant_cli.runtime import Runtime

_KEY_PREFIX = "metadata."
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
    def adds(self) -> bool:
        """Whether the element is added to other versions of it."""
        return self.flag == ADD.flag

    @property
    def removes(self) -> bool:
        """Whether the element or key is removed."""
        return self.flag == REMOVE.flag

    @property
    def sets(self) -> bool:
        """Whether the element takes the place of its other versions."""
        return self.flag == SET.flag

    @property
    def target(self) -> str:
        """The flag with the list or key, as messages name it."""
        return f"{self.flag} {self.name}"

    @property
    def text(self) -> str:
        """The edit as it may be typed."""
        return f"{self.target}={quote(self.value)}" if self.value else self.target

    @property
    def is_key(self) -> bool:
        """Whether it is about a key of metadata."""
        return self.name.startswith(_KEY_PREFIX) and self.name != _KEY_PREFIX

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to the list, or to the key of metadata, in an environment."""
        if self.is_key:
            return "metadata", self.name.removeprefix(_KEY_PREFIX)
        return "config", *self.name.split(".")

    def is_same_package(self, element: object) -> bool:
        """Whether an element of the list is the same package, in any version."""
        if not isinstance(element, str):
            return False
        return _package(self.name, element) == _package(self.name, self.value)


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
        *_, key = edit.path
        runtime.redactor.redact_body(encode({key: edit.value}))
    for edit in edits:
        _check_conflicts(edit, edits, fields)
        _note_commas(edit, runtime)
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
    if edit.is_key:
        _check_key(edit, has_value=equals != "")
    else:
        _check_list(edit, lists)
    return edit


def _check_key(edit: Edit, *, has_value: bool) -> None:
    if edit.removes and has_value:
        raise BadValue(edit.target, "removes a key, and takes no value", f"Write {edit.target}")
    if not edit.removes and not edit.value:
        to_remove = f"To remove the key: {edit._replace(flag=REMOVE.flag).text}"
        raise BadValue(edit.target, "needs a value", f"For example: {edit.target}=VALUE", to_remove)


def _check_list(edit: Edit, lists: Sequence[str]) -> None:
    if edit.name not in lists:
        raise _unknown_list(edit, lists)
    if edit.sets and not _is_of_packages(edit.name):
        raise UsageError(
            f"{edit.flag} sets packages and keys of metadata, not {edit.name}.",
            f"Use {ADD.flag}.",
        )
    if not edit.value:
        raise BadValue(edit.target, "needs a value", f"For example: {edit.target}=NAME")
    several = "" if edit.removes else _several(edit)
    if several:
        raise BadValue(edit.target, f"takes one element, got {edit.value!r}", f"Write {several}")


def _is_of_packages(name: str) -> bool:
    return name.startswith("packages.")


def _several(edit: Edit) -> str:
    """Return a flag for each of the elements in a text such as `polars,numpy`; empty if it is one element."""
    requirement, _, _ = edit.value.partition(";")  # conditions on the system may follow
    parts = re.split(_SEPARATOR, requirement)
    if len(parts) == 1:
        return ""
    return " ".join(edit._replace(value=part).text for part in parts if part)


def _unknown_list(edit: Edit, lists: Sequence[str]) -> Mistyped:
    ends = {name.rpartition(".")[2]: name for name in lists}
    similar = nearest(edit.name.rpartition(".")[2], ends)
    meant = f" Did you mean {ends[similar]!r}?" if similar else ""
    problem = f"{edit.flag} can't change {edit.name!r}, which is not a known list.{meant}"
    taken = filter(_is_of_packages, lists) if edit.sets else lists
    hint = f"It takes {', '.join(taken)} and metadata.KEY; other fields have their own flags."
    return Mistyped(problem, hint)


def _check_conflicts(edit: Edit, edits: Sequence[Edit], fields: Mapping[str, Value]) -> None:
    """Reject an edit of a field that is null, or of a key that another edit changes, too."""
    field, remedy = edit.path[0], "Leave out one of them."
    if field in fields and fields[field] is None:
        raise BadValue(edit.target, f"can't be combined with a null {field}", remedy)
    others = [other for other in edits if other.name == edit.name and other != edit]
    if edit.is_key and others:
        raise BadValue(edit.target, "changes this key a second time", remedy)


def _note_commas(edit: Edit, runtime: Runtime) -> None:
    """Note a value of a key that may have been meant as several keys."""
    if not edit.is_key or not edit.value:
        return
    _, key = edit.path
    note = comma_note(edit.flag, f"{key}={edit.value}", _KEY_PREFIX)
    if note:
        runtime.say(note)


def _package(name: str, element: str) -> str:
    """Return the name of a package, as its manager compares names; the element of another list unchanged."""
    manager = name.rpartition(".")[2]
    match = re.match(_PACKAGE_NAMES.get(manager, ".*"), element)
    package = match[0] if match else element
    is_lax = name in ("packages.pip", "packages.cargo")
    return re.sub(r"[-_.]+", "-", package).lower() if is_lax else package
