"""One comparison of a value in a response, such as `state=="active"`.

Paths and comparisons are GJSON's, with these differences: a missing value is null, a list is compared element by
element, times are compared as times, and `!=` and `!%` are the opposites of `=` and `%`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply, matches
from ant_cli.gjson.steps import Each, Key, PathStep, Query
from ant_cli.output.times import seconds_since_1970

METADATA = "metadata"


class ValueComparison(NamedTuple):
    """A comparison that was parsed."""

    query: Query
    """Its path, and a comparison that is not negated; without an operator, the value must exist."""
    is_negated: bool
    time: Callable[[], float] | None
    """The time to compare with, in seconds since 1970. It may be relative to now."""

    def holds(self, value: bytes) -> bool:
        """Whether it holds for a JSON value. Raises BadPath and JSONTextError as `apply`."""
        found = apply(self.query.path, value)
        if not self.query.operator:
            return found is not None
        is_match = any(map(self._matches, _candidates(found or b"null")))
        return is_match is not self.is_negated

    def _matches(self, value: bytes) -> bool:
        if self.time is None:
            return matches(value, self.query)
        if json_text.json_type(value) != "string":
            return False
        seconds = seconds_since_1970(json_text.string(value))
        if seconds is None:
            return False
        in_seconds = self.query._replace(value=repr(self.time()))
        return matches(repr(seconds).encode(), in_seconds)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that its path consists of, or starts with."""
        names = [step.name if isinstance(step, Key) else "" for step in self.steps]
        return tuple(takewhile(bool, names))

    @property
    def metadata_key(self) -> str | None:
        """The key of metadata that its path leads to, if any."""
        if len(self.keys) < 2 or self.keys[0] != METADATA:
            return None
        return self.keys[1]

    @property
    def steps(self) -> Sequence[PathStep]:
        """The steps of its path; in a path such as `#.state`, those after the `#`."""
        path = self.query.path
        first = path[0]
        if isinstance(first, Each):
            return first.rest or ()
        return path


def _candidates(found: bytes) -> Sequence[bytes]:
    """Return the values to compare: the elements of a list, or the value itself."""
    if json_text.json_type(found) == "array":
        return json_text.elements(found)
    return [found]
