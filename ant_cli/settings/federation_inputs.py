"""The federation rules that flags and variables describe. A run without any of them does not import this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ant_cli.errors import CredentialError, UsageError
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.settings.federation import FederationRule
from ant_cli.settings.profiles import NO_PROFILE
from ant_cli.settings.sources import FEDERATION, VARIABLES, setting_sources
from ant_cli.settings.validators import check_header, check_secret

_INTENTS = ("federation_rule", "identity_token", "identity_token_file")
"""What is only given for a federation; the others have further uses."""
_TOKENS = ("identity_token", "identity_token_file")
_REQUIRED = {
    "rule_id": "--federation-rule (ANTHROPIC_FEDERATION_RULE_ID)",
    "organization_id": "--organization-id (ANTHROPIC_ORGANIZATION_ID)",
}


class Rules(NamedTuple):
    """The rules that were found, complete or not."""

    typed: FederationRule | None
    """A flag says that a federation is meant."""
    outside: FederationRule | None
    """A variable does."""
    leftover: FederationRule | None
    """Only an organization or a service account was given, which may be meant for something else."""


def find_rules(flags: Flags, environ: Mapping[str, str]) -> Rules:
    """Return the rules that flags and variables describe; a flag wins over the variable of the same value.

    Raises:
        UsageError: if two flags contradict each other.

    """
    if all(flags.text(name) for name in _TOKENS):
        raise UsageError("--identity-token and --identity-token-file can't be used together.", "Give one of them.")
    typed = [name for name in _INTENTS if flags.text(name)]
    if typed:
        return Rules(_rule(flags, environ, flag_name(typed[0])), None, None)
    outside = [VARIABLES[name] for name in _INTENTS if environ.get(VARIABLES[name])]
    if outside:
        return Rules(None, _rule(flags, environ, outside[0]), None)
    name = next(name for name in FEDERATION if flags.text(name) or environ.get(VARIABLES[name]))
    label = flag_name(name) if flags.text(name) else VARIABLES[name]
    return Rules(None, None, _rule(flags, environ, label))


def _rule(flags: Flags, environ: Mapping[str, str], source: str) -> FederationRule:
    def value(name: str) -> str:
        return (flags.text(name) or environ.get(VARIABLES[name], "")).strip()

    typed_token = any(flags.text(name) for name in _TOKENS)
    token, file = (
        (flags.text(name) or "" if typed_token else environ.get(VARIABLES[name], "")).strip() for name in _TOKENS
    )
    return FederationRule(
        rule_id=value("federation_rule"),
        organization_id=value("organization_id"),
        identity_token=token,
        identity_token_file=file,
        service_account_id=value("service_account_id"),
        workspace_id=next(setting_sources("workspace_id", flags, environ, NO_PROFILE)).text,
        source=source,
    )


def check_rule(rule: FederationRule) -> None:
    """Check that a rule can be used in an exchange.

    Raises:
        CredentialError: if a required value is missing, or there are two identity tokens.
        BadValue: if a value contains what it can't.

    """
    missing = [label for field, label in _REQUIRED.items() if not getattr(rule, field)]
    if not (rule.identity_token or rule.identity_token_file):
        missing.append("--identity-token-file (ANTHROPIC_IDENTITY_TOKEN_FILE, or ANTHROPIC_IDENTITY_TOKEN)")
    if missing:
        raise CredentialError(
            f"the federation of {rule.source} is not complete. Missing: {', '.join(missing)}.",
            "Give what is missing, or unset what is there. To see each source: ant auth status",
        )
    if rule.identity_token and rule.identity_token_file:
        raise CredentialError(
            f"the federation of {rule.source} has two identity tokens.",
            f"Unset {VARIABLES['identity_token']} or {VARIABLES['identity_token_file']}.",
        )
    for value in (rule.rule_id, rule.organization_id, rule.service_account_id, rule.workspace_id):
        check_header(f"the federation of {rule.source}", value)
    if rule.identity_token:
        check_secret(f"the identity token of {rule.source}", rule.identity_token)
