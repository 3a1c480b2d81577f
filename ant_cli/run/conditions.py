"""Conditions of `--filter` and `--until`: all comparisons of a flag, about the objects of a response."""

from __future__ import annotations

from collections.abc import Sequence

from ant_cli.errors import ResponseError, UsageError, shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.parser import BadPath
from ant_cli.operations import GROUPS
from ant_cli.operations.spec import Operation
from ant_cli.run.comparisons import METADATA
from ant_cli.run.condition_text import ConditionText
from ant_cli.run.mistyped_members import members_of, problem_with
from ant_cli.runtime import Runtime

_NAMED = 10
"""How many keys of metadata a note names."""
_WITHOUT_MEMBERS = b"[{}]"
"""A value in which no path to a member leads anywhere, also if the path begins with `#`."""


class Condition:
    """Whether all expressions of a flag hold for a JSON value."""

    def __init__(
        self,
        flag: str,
        expressions: Sequence[str],
        runtime: Runtime,
        operation: Operation,
        *,
        is_awaited: bool,
    ) -> None:
        """Parse the expressions.

        They are about each item of a list, or about a whole response that `is_awaited`. A member may be mistyped if
        it is neither in the first value nor in the objects of the operation or its response. That is an error if
        the expression holds without the member, because it would select everything, or if the user waits for it;
        otherwise there is a warning.

        Raises:
            UsageError: if an expression is not a comparison in GJSON's query syntax, or can't tell objects apart.

        """
        self._flag = flag
        self._say = runtime.say
        self._is_awaited = is_awaited
        self._fields = operation.response_keys or GROUPS[operation.group].known_keys
        texts = [ConditionText(flag, text, operation, is_awaited) for text in expressions]
        self._all = [text.parse(runtime) for text in texts]
        self._is_checked = False
        """Whether the members were compared with those of a first object."""
        self._unseen_keys = {
            each.metadata_key for each in self._all if each.metadata_key is not None
        }
        """The keys of metadata that no value has had so far."""
        self._seen_keys: dict[str, None] | None = None
        """Those that values have had; None before the first value."""

    def __call__(self, value: bytes) -> bool:
        """Whether all hold. Raises UsageError for a mistyped member, ResponseError if `value` is not JSON."""
        try:
            if not self._is_checked:
                self._check_members(value)
            if self._unseen_keys:
                self._look_for_keys(value)
            return all(each.holds(value) for each in self._all)
        except json_text.JSONTextError as error:
            raise ResponseError(f"the server's response can't be read. {error}") from None
        except BadPath as error:  # only the evaluation shows that a path multiplies the value
            raise UsageError(f"{self._flag}: {error}.") from None

    def _check_members(self, value: bytes) -> None:
        """Warn of members that may be mistyped. Raises UsageError if that is an error."""
        sample = _first_object(value)
        if sample is None:
            return
        self._is_checked = True
        warnings = dict[str, None]()
        for each in self._all:
            problem = problem_with(each, sample, self._fields)
            if problem is None:
                continue
            waits_for_ever = self._is_awaited
            if waits_for_ever or each.holds(_WITHOUT_MEMBERS):  # it would select everything
                raise UsageError(f"{self._flag}: {problem.message}", problem.hint)
            warnings.setdefault(f"Warning: {self._flag}: {problem.message}")
        for warning in warnings:
            self._say(warning)

    def _look_for_keys(self, value: bytes) -> None:
        keys = members_of(members_of(value).get(METADATA, b""))
        self._unseen_keys.difference_update(keys)
        self._seen_keys = {**(self._seen_keys or {}), **dict.fromkeys(keys)}

    def note_unseen_keys(self) -> None:
        """Note once, after a list, each key of metadata that no item has: with `!=`, all items are selected."""
        if self._seen_keys is None:
            return
        others = _listed(list(self._seen_keys))
        for key in self._unseen_keys:
            problem = f"no listed item has {METADATA}.{key}."
            meant = did_you_mean(key, self._seen_keys)
            self._say(f"Note: {self._flag}: {problem}{meant}{others}")
        self._unseen_keys.clear()


def _listed(keys: Sequence[str]) -> str:
    """Return a sentence that names keys; empty if there are none."""
    if not keys:
        return ""
    shown = ", ".join(map(shortened, keys[:_NAMED]))
    end = ", ..." if len(keys) > _NAMED else "."
    return f" The keys are: {shown}{end}"


def _first_object(value: bytes) -> bytes | None:
    """Return the value, or the first item of a list; None if that is not an object."""
    if json_text.json_type(value) == "array":
        value = next(iter(json_text.elements(value)), b"null")
    return value if json_text.json_type(value) == "object" else None
