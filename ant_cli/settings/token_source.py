"""A source of access tokens: a login, a federation, or the file of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ant_cli.settings.access_tokens import AccessToken


class TokenSource(Protocol):
    """Gives each request the current access token. Threads may share it."""

    def current(self) -> AccessToken:
        """Return a token that lasts for a request; if its end is near, a renewed one.

        Raises:
            AntError: if it can't be renewed.

        """

    def renew(self, rejected: str) -> bool:
        """Replace a token that the server rejected. Returns whether `current` gives another one."""
