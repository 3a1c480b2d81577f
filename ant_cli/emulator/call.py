"""A call: one request for the rules, with checked query parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ant_cli.emulator.errors import InvalidRequest
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ant_cli.emulator.http_request import Headers

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
BOOLEANS = {"true": True, "false": False}


class Call(NamedTuple):
    """One request: the IDs of its path, its query, its headers and its body."""

    ids: Mapping[str, str]
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    is_stopping: Callable[[], bool]
    """Whether a stream should end, because the server stops or the client has disconnected."""
    api_key: str
    """The emulator's API key; empty if it accepts any."""

    @property
    def environment_id(self) -> str:
        """The environment that the path names."""
        return self.ids["environment_id"]

    @property
    def work_id(self) -> str:
        """The work item that the path names."""
        return self.ids["work_id"]

    def text(self, name: str) -> str | None:
        """Return a query parameter. An empty one means null, which is treated as left out."""
        return self.query.get(name) or None

    def number(self, name: str, default: int, low: int, high: int | None = None) -> int:
        """Return a query parameter that is a whole number from `low` to `high`."""
        text = self.text(name)
        if text is None:
            return default
        value = int(text) if WHOLE_NUMBER.fullmatch(text) else None
        if value is None or value < low or (high is not None and value > high):
            bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
            raise InvalidRequest(f"{name}: must be a whole number {bounds}, got {text!r}.")
        return value

    def flag(self, name: str) -> bool:
        """Return a query parameter that is true or false; false when it is left out."""
        text = self.text(name) or "false"
        if text not in BOOLEANS:
            raise InvalidRequest(f"{name}: must be true or false, got {text!r}.")
        return BOOLEANS[text]
