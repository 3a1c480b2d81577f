"""What a credential may be instead of a secret: a reference to a key, or an issuer of access tokens.

Every start needs these types, and few need the modules of the classes that have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ant_cli.runtime import Runtime
    from ant_cli.settings.federation import FederationRule
    from ant_cli.settings.token_source import TokenSource


class KeyReference(Protocol):
    """A key that is kept elsewhere: a command prints it, or the system's credential store has it."""

    def describe(self, base_url: str, runtime: Runtime, /) -> str:
        """Return where the key comes from, for people."""

    def fetch(self, source: str, runtime: Runtime, /) -> str:
        """Return the key. Raises CredentialError if there is none."""


class Issuer(Protocol):
    """What issues access tokens: the rule of a federation, or a login."""

    @property
    def exchanges(self) -> bool:
        """Whether it gets a token over the network, which is for one workspace."""

    @property
    def missing(self) -> Sequence[str]:
        """The names of the values that it still needs."""

    def tokens(
        self, runtime: Runtime, exchange: Callable[[FederationRule], TokenSource], /
    ) -> TokenSource:
        """Return the source of its access tokens. Raises CredentialError or BadValue if it can't be used."""

    def check(self, runtime: Runtime, /) -> None:
        """Raise CredentialError or BadValue if it can't be used."""

    def describe(self, base_url: str, runtime: Runtime, /) -> str:
        """Return what it is, for people. Raises CredentialError if it can't be read."""
