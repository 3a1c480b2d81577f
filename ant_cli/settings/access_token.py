"""Access tokens, which logins and federations give in place of a key: how long each can be used."""

from __future__ import annotations

from math import inf

from ant_cli.runtime.light_typing import NamedTuple, Protocol

RENEWAL_S = 120.0
"""An access token is renewed this many seconds before its end, as in the official SDKs, or after half its life if
that is later."""
SPARE_S = 30.0
"""A token is not used in the last 30 seconds of its life, as in the official SDKs. This holds for logins, too."""
LONGEST_LIFE_S = 366 * 86_400
"""The longest life of an access token that makes sense, in seconds."""
_CLOCK_JITTER_S = 5.0
"""How far a clock may normally go back."""


def whole_seconds(expires_at: float) -> int | None:
    """Return when a token expires as JSON has it; None if it has no end."""
    return None if expires_at == inf else int(expires_at)


class AccessToken(NamedTuple):
    """A token that the API accepts in place of a key."""

    secret: str
    expires_at: float
    """Unix seconds; infinite if it has no end."""
    obtained_at: float
    """Unix seconds, by the same clock."""

    def __repr__(self) -> str:
        """Return a representation without the token."""
        return f"AccessToken(expires_at={self.expires_at!r})"

    def is_fresh(self, now: float) -> bool:
        """Whether the token can be used without being renewed first.

        A token that seems to have been obtained in the future can't: the clock was set back, so its end is unknown.
        """
        renewal_s = min(RENEWAL_S, (self.expires_at - self.obtained_at) / 2)
        return self.obtained_at - _CLOCK_JITTER_S <= now < self.expires_at - renewal_s

    def is_usable(self, now: float) -> bool:
        """Whether the token lasts for another request, for the time while it is being renewed."""
        return self.obtained_at - _CLOCK_JITTER_S <= now < self.expires_at - SPARE_S


class TokenSource(Protocol):
    """Gives each request the current access token. Threads may share it."""

    def current(self) -> AccessToken:
        """Return a token that lasts for a request. If its end is near, it is renewed first.

        Raises:
            AntError: if it can't be renewed.

        """

    def accept(self, accepted: str) -> None:
        """Note that the server accepted a token."""

    def renew(self, rejected: str) -> bool:
        """Replace a token that the server rejected. Returns whether `current` gives another one."""


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token: printable ASCII without spaces."""
    return text.isascii() and text.isprintable() and text != "" and " " not in text
