"""Workload identity federation: the rule by which an identity token is exchanged for an access token.

The rule comes from flags, variables or a profile of the official tool. The exchange needs the network, so it is in
`ant_cli/http/`. A run without a federation does not import this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from ant_cli.errors import CredentialError, exclude_each_other, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.redactor import Redactor
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, read_trusted
from ant_cli.settings.access_tokens import TokenCache, end_text, is_token
from ant_cli.settings.rows import FEDERATION, FEDERATION_INTENTS, SETTINGS, VARIABLES, header, mask
from ant_cli.settings.selection import SelectedProfile, setting_sources
from ant_cli.settings.token_source import TokenSource

_LONGEST = 16_384
"""The most bytes of the file of an identity token, as in the official SDKs."""
_MOUNTED = FileRule(_LONGEST, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True)
"""Kubernetes mounts it as a link to a file of another user."""
_SHORTEST_PART = 16
"""The fewest characters of a part that is redacted by itself: a server may repeat only the signature."""


class FederationRule(NamedTuple):
    """The values for an exchange, from flags, variables or a profile. Missing values are empty."""

    federation_rule: str
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
    def exchanges(self) -> bool:
        """Whether it gets a token over the network, which is for one workspace."""
        return True

    def tokens(
        self, _runtime: Runtime, exchange: Callable[[FederationRule], TokenSource]
    ) -> TokenSource:
        """Return the source of its access tokens. Raises CredentialError or BadValue if the rule can't be used."""
        return exchange(self)

    def check(self, _runtime: Runtime) -> None:
        """Check that it can be used in an exchange.

        Raises:
            CredentialError: if a required value is missing, or there are two identity tokens.
            BadValue: if a value contains a character that it can't have.

        """
        named = f"the federation of {self.source}"
        if self.missing:
            missing = [f"{flag_name(name)} ({VARIABLES[name]})" for name in self.missing]
            raise CredentialError(
                f"{named} is not complete. Missing: {', '.join(missing)}.",
                f"Add the missing values, or unset the others. To see each source: {command_line('auth status')}",
            )
        if self.identity_token and self.identity_token_file:
            raise CredentialError(
                f"{named} has two identity tokens.",
                f"Unset {VARIABLES['identity_token']} or {VARIABLES['identity_token_file']}.",
            )
        for value in (
            self.federation_rule,
            self.organization_id,
            self.service_account_id,
            self.workspace_id,
        ):
            header(named, value)

    def describe(self, base_url: str, runtime: Runtime) -> str:
        """Return how it gets its access token, and when the cached one ends. The identity token is not shown."""
        token = mask(self.identity_token) if self.identity_token else "no token"
        if self.identity_token_file:
            token = f"the token in {self.identity_token_file}"
        cached = TokenCache(cache_key(self, base_url), runtime).read()
        end = f"; its access token {end_text(cached.end, runtime.now())}" if cached else ""
        return f"exchanges {token} by {self.federation_rule or 'no rule'}{end}"

    @property
    def missing(self) -> list[str]:
        """The settings that an exchange needs but that have no value."""
        required = {
            "federation_rule": self.federation_rule,
            "organization_id": self.organization_id,
            "identity_token_file": self.identity_token or self.identity_token_file,
        }
        return [name for name, value in required.items() if not value]

    def __repr__(self) -> str:
        """Return a representation without the identity token."""
        return f"FederationRule(federation_rule={self.federation_rule!r}, source={self.source!r})"


def rule_by_flags(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile
) -> FederationRule:
    """Return the rule that flags ask for. Raises UsageError if they give two identity tokens."""
    given = [row.flag for row in FEDERATION_INTENTS if row.name in flags]
    if {"--identity-token", "--identity-token-file"} <= {*given}:
        raise exclude_each_other("--identity-token", "--identity-token-file")
    return rule_of(flags, environ, profile, given[0])


def rule_of(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile, source: str
) -> FederationRule:
    """Return the rule from flags, a profile of the official tool, and variables, in this order."""
    rows = (*FEDERATION, SETTINGS["workspace_id"])
    found = {row.name: next(setting_sources(row, flags, environ, profile)) for row in rows}
    texts = {name: given.value.strip() for name, given in found.items()}
    # The identity token and its file are one value, from the first place that has one of them.
    if found["identity_token"].origin == "flag":
        texts["identity_token_file"] = ""
    elif found["identity_token_file"].origin in ("flag", "profile"):
        texts["identity_token"] = ""
    return FederationRule(**texts, source=source)


def read_identity_token(rule: FederationRule, redactor: Redactor) -> str:
    """Return the identity token without surrounding white space. It and its parts are registered for redaction.

    Raises:
        CredentialError: if it can't be read, or can't be a token.

    """
    where = f"the identity token of {rule.source}"
    data = rule.identity_token.encode("utf-8", "surrogateescape")
    if not data:
        where = f"the identity token in {rule.identity_token_file}"
        try:
            data = read_trusted(rule.identity_token_file, _MOUNTED)
        except OSError as error:
            raise CredentialError(f"{where} can't be read: {os_error_text(error)}.") from None
    token = data.strip().decode("utf-8", "replace")
    if not token:
        raise CredentialError(f"{where} is empty.")
    if not is_token(token):
        raise CredentialError(f"{where} contains a character that no token has.")
    for secret in (token, *(part for part in token.split(".") if len(part) >= _SHORTEST_PART)):
        redactor.register(secret)
    return token


def cache_key(rule: FederationRule, base_url: str) -> str:
    """Return a hash of everything that an access token depends on. It does not reveal the identity token."""
    path = rule.identity_token_file and str(Path(rule.identity_token_file).absolute())
    parts = (*rule._replace(identity_token_file=path, source=""), base_url)
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
