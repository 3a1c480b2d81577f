"""Workload identity federation: the rule by which an identity token is exchanged for an access token.

The exchange needs the network, so it is in `ant_cli/http/`, and settings only carry the rule.
"""

from __future__ import annotations

from typing import NamedTuple


class FederationRule(NamedTuple):
    """What an exchange needs, as flags, variables or a profile give it. Missing values are empty."""

    rule_id: str
    """`fdrl_...`."""
    organization_id: str
    """The UUID of the organization."""
    identity_token: str
    """The identity token itself, a signed JWT; empty if it is in a file."""
    identity_token_file: str
    """The file that holds the identity token. It is read at each exchange, since it rotates."""
    service_account_id: str
    """`svac_...`, if the rule targets service accounts."""
    workspace_id: str
    """`wrkspc_...`."""
    source: str
    """The flag, variable or profile, as messages name it."""

    @property
    def is_complete(self) -> bool:
        """Whether it has all that an exchange needs."""
        return bool(self.rule_id and self.organization_id and (self.identity_token or self.identity_token_file))

    def __repr__(self) -> str:
        """Return a representation without the identity token."""
        return f"FederationRule(rule_id={self.rule_id!r}, source={self.source!r})"


class AccessToken(NamedTuple):
    """The result of an exchange."""

    secret: str
    expires_at: float
    """Unix seconds."""

    def __repr__(self) -> str:
        """Return a representation without the token."""
        return f"AccessToken(expires_at={self.expires_at!r})"
