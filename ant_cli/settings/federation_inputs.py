"""The federation rules that flags, variables and profiles describe. A run without any does not import this."""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.errors import CredentialError, exclude_each_other
from ant_cli.operations.global_flags import FEDERATION, FEDERATION_INTENTS
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.federation import FederationRule
from ant_cli.settings.profiles import NO_PROFILE, SelectedProfile
from ant_cli.settings.sources import VARIABLES, setting_sources
from ant_cli.settings.validators import check_header, check_secret

_TOKENS = ("identity_token", "identity_token_file")
_REQUIRED = {
    "rule_id": "--federation-rule (ANTHROPIC_FEDERATION_RULE_ID)",
    "organization_id": "--organization-id (ANTHROPIC_ORGANIZATION_ID)",
}
_TOKEN_REQUIRED = "--identity-token-file (ANTHROPIC_IDENTITY_TOKEN_FILE, or ANTHROPIC_IDENTITY_TOKEN)"  # noqa: S105


class Rules(NamedTuple):
    """The rules that were found, complete or not."""

    by_flags: FederationRule | None = None
    """The rule that flags ask for."""
    by_variables: FederationRule | None = None
    """The rule that variables ask for."""
    leftover: FederationRule | None = None
    """The rule if only an organization or a service account was given, which may be meant for something else."""


def find_rules(flags: Flags, environ: Mapping[str, str], profile: SelectedProfile) -> Rules:
    """Return the rules that flags and variables describe; a flag wins over the variable of the same value.

    A federation profile supplies what the flags leave out. If the variables are incomplete, they supply what such a
    profile leaves out, and are not a rule themselves.

    Raises:
        UsageError: if two flags contradict each other.

    """
    if all(flags.text(name) for name in _TOKENS):
        raise exclude_each_other("--identity-token", "--identity-token-file")
    is_federation = bool(profile.official and profile.official.is_federation)
    typed = [name for name in FEDERATION_INTENTS if flags.text(name)]
    if typed:
        used = profile if is_federation else NO_PROFILE
        return Rules(by_flags=rule_of_profile(flags, environ, used, flag_name(typed[0])))
    exported = [name for name in FEDERATION_INTENTS if environ.get(VARIABLES[name])]
    others = [name for name in FEDERATION if flags.text(name) or environ.get(VARIABLES[name])]
    name = next(iter(exported or others))
    label = VARIABLES[name] if environ.get(VARIABLES[name]) else flag_name(name)
    rule = rule_of_profile(flags, environ, NO_PROFILE, label)
    if is_federation and not rule.is_complete:
        return Rules()
    return Rules(by_variables=rule) if exported else Rules(leftover=rule)


def rule_of_profile(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile, source: str
) -> FederationRule:
    """Return the rule of a profile. Flags win over its values; variables supply the missing ones."""
    official = profile.official

    def value(name: str, stored: str = "") -> str:
        return (flags.text(name) or stored or environ.get(VARIABLES[name], "")).strip()

    token, file = _identity_token(flags, environ, official.identity_token_file if official else "")
    return FederationRule(
        rule_id=value("federation_rule", official.rule_id if official else ""),
        organization_id=value("organization_id", official.organization_id if official else ""),
        identity_token=token,
        identity_token_file=file,
        service_account_id=value("service_account_id", official.service_account_id if official else ""),
        workspace_id=next(setting_sources("workspace_id", flags, environ, profile)).text,
        source=source,
    )


def _identity_token(flags: Flags, environ: Mapping[str, str], stored_file: str) -> tuple[str, str]:
    """Return the identity token and its file, from the first place that has one of them: they are one value."""
    typed = tuple((flags.text(name) or "").strip() for name in _TOKENS)
    exported = tuple(environ.get(VARIABLES[name], "").strip() for name in _TOKENS)
    token, file = next(filter(any, (typed, ("", stored_file), exported)), ("", ""))
    return token, file


def check_rule(rule: FederationRule) -> None:
    """Check that a rule can be used in an exchange.

    Raises:
        CredentialError: if a required value is missing, or there are two identity tokens.
        BadValue: if a value contains a character that it can't have.

    """
    if not rule.is_complete:
        raise CredentialError(
            f"{_named(rule)} is not complete. Missing: {', '.join(_missing(rule))}.",
            "Add the missing values, or unset the others. To see each source: ant auth status",
        )
    if rule.identity_token and rule.identity_token_file:
        raise CredentialError(
            f"{_named(rule)} has two identity tokens.",
            f"Unset {VARIABLES['identity_token']} or {VARIABLES['identity_token_file']}.",
        )
    for value in (rule.rule_id, rule.organization_id, rule.service_account_id, rule.workspace_id):
        check_header(_named(rule), value)
    if rule.identity_token:
        check_secret(f"the identity token of {rule.source}", rule.identity_token)


def _missing(rule: FederationRule) -> list[str]:
    missing = [label for field, label in _REQUIRED.items() if not getattr(rule, field)]
    return missing if rule.identity_token or rule.identity_token_file else [*missing, _TOKEN_REQUIRED]


def _named(rule: FederationRule) -> str:
    return rule.source if rule.source.startswith("federation of") else f"the federation of {rule.source}"
