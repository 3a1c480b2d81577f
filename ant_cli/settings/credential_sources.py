"""Where credentials come from: flags, stdin, variables and the profile, and the federations that they describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ant_cli.operations.global_flags import FEDERATION
from ant_cli.operations.spec import CredentialType, Flags, flag_name
from ant_cli.runtime.light_typing import TYPE_CHECKING, Literal, NamedTuple
from ant_cli.settings.profiles import SelectedProfile
from ant_cli.settings.sources import VARIABLES
from ant_cli.settings.validators import KEYRING, check_secret

if TYPE_CHECKING:
    from ant_cli.settings.federation import FederationRule
    from ant_cli.settings.logins.configs import OfficialProfile

CredentialKind = Literal["api_key", "auth_token", "environment_key"]
CredentialForm = Literal["text", "command", "keyring", "federation", "login"]


class CredentialSource(NamedTuple):
    """A place where a credential may be found."""

    kind: CredentialKind
    text: str | None
    """The text found there, if any. Blank text is treated as absent."""
    label: str
    """The flag, variable or profile key, as messages name it."""
    explicit: bool = False
    """It is a flag: the credential was given with this command."""
    form: CredentialForm = "text"
    """What the text is: the secret itself, a command that prints it, or its name in the credential store."""
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""
    rule: FederationRule | None = None
    """How to get the credential, if the form is a federation; None if nothing was given."""
    official: OfficialProfile | None = None
    """The official tool's profile that is logged in, if the form is a login."""

    @property
    def is_given(self) -> bool:
        """Whether there is something, even if it can't be used."""
        return bool(self.rule or self.official or (self.text and self.text.strip()))

    @property
    def is_complete(self) -> bool:
        """Whether there is something, and no part of it is missing."""
        return self.is_given and (self.rule is None or self.rule.is_complete)

    def __repr__(self) -> str:
        """Return a representation without the secret."""
        return f"CredentialSource(kind={self.kind!r}, label={self.label!r})"


class Credential(NamedTuple):
    """A credential that was found, and where."""

    kind: CredentialKind
    secret: str
    """Empty while only `reference` is known."""
    source: str
    """The flag, variable or profile key, as messages name it."""
    explicit: bool
    """It was given with this command."""
    form: CredentialForm = "text"
    reference: str = ""
    """The command that prints the secret, or its name in the operating system's credential store."""
    rule: FederationRule | None = None
    """How to get an access token, if it is a federation. It may be incomplete: see `check_rule`."""
    official: OfficialProfile | None = None
    """The official tool's profile that the token belongs to."""

    @property
    def is_oauth(self) -> bool:
        """Whether it is an OAuth token, from a federation or a login. Such requests need a beta header."""
        return self.rule is not None or self.official is not None

    @property
    def noun(self) -> str:
        """What messages call its kind."""
        return {"api_key": "key", "auth_token": "token", "environment_key": "environment key"}[self.kind]

    @property
    def type(self) -> CredentialType | None:
        """What it is for the API. None for other bearer tokens, which may be anything."""
        if self.kind == "environment_key":
            return "environment key"
        return "API key" if self.kind == "api_key" or self.is_oauth else None

    def __repr__(self) -> str:
        """Return a representation without the secret."""
        return f"Credential(kind={self.kind!r}, source={self.source!r})"


def credential_sources(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile
) -> tuple[CredentialSource, ...]:
    """Return every place where a credential may be found, by precedence.

    Raises:
        UsageError: if two flags contradict each other.

    """
    by_flags, by_variables, leftover = _federations(flags, environ, profile)
    stored = tuple(_profile_credentials(flags, environ, profile)) if profile.name else ()
    before, after = (stored, ()) if profile.is_named else ((), stored)
    return (
        _typed_credential("api_key", flags),
        _typed_credential("auth_token", flags),
        by_flags,
        CredentialSource("api_key", environ.get(VARIABLES["api_key"]), VARIABLES["api_key"]),
        CredentialSource("auth_token", environ.get(VARIABLES["auth_token"]), VARIABLES["auth_token"]),
        *before,
        by_variables,
        *after,
        *leftover,
    )


def _typed_credential(kind: CredentialKind, flags: Flags) -> CredentialSource:
    """Return the source for a flag, or for stdin if the other flag asks for that."""
    from_stdin = f"{kind}_stdin"
    return CredentialSource(
        kind, flags.text(kind), flag_name(from_stdin if from_stdin in flags else kind), explicit=True
    )


class _Federations(NamedTuple):
    """The federations that flags and variables describe, one for each level of precedence."""

    by_flags: CredentialSource
    by_variables: CredentialSource
    """By variables alone."""
    leftover: tuple[CredentialSource, ...] = ()
    """Only an organization or a service account was given. Used if there is no other credential."""


_NO_FEDERATION = _Federations(
    CredentialSource("auth_token", None, "--federation-rule", explicit=True, form="federation"),
    CredentialSource("auth_token", None, VARIABLES["federation_rule"], form="federation"),
)


def _federations(flags: Flags, environ: Mapping[str, str], profile: SelectedProfile) -> _Federations:
    if not any(flags.text(name) or environ.get(VARIABLES[name]) for name in FEDERATION):
        return _NO_FEDERATION
    from ant_cli.settings.federation_inputs import find_rules  # late: few runs have a federation

    rules = find_rules(flags, environ, profile)
    leftover = (_given(_NO_FEDERATION.by_variables, rules.leftover),) if rules.leftover else ()
    return _Federations(
        _given(_NO_FEDERATION.by_flags, rules.by_flags),
        _given(_NO_FEDERATION.by_variables, rules.by_variables),
        leftover,
    )


def _given(absent: CredentialSource, rule: FederationRule | None) -> CredentialSource:
    return absent._replace(rule=rule, label=rule.source) if rule else absent


def _profile_credentials(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile
) -> Iterator[CredentialSource]:
    if profile.official:
        yield _official_credential(flags, environ, profile, profile.official)
        return
    key = profile.text("api_key")
    in_keyring = key is not None and key.startswith(KEYRING)
    rows: tuple[tuple[str, CredentialKind, CredentialForm], ...] = (
        ("api_key", "api_key", "keyring" if in_keyring else "text"),
        ("api_key_command", "api_key", "command"),
        ("auth_token", "auth_token", "text"),
    )
    for name, kind, form in rows:
        yield CredentialSource(
            kind, profile.text(name), profile.where(name), form=form, fix_hint=profile.fix_hint(name)
        )


def _official_credential(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile, official: OfficialProfile
) -> CredentialSource:
    if not official.is_federation:
        return CredentialSource("auth_token", None, profile.where("login"), form="login", official=official)
    from ant_cli.settings.federation_inputs import rule_of_profile

    label = profile.where("federation")
    rule = rule_of_profile(flags, environ, profile, label)
    return CredentialSource("auth_token", None, label, form="federation", rule=rule)


def environment_key(environ: Mapping[str, str]) -> Credential | None:
    """Return the environment key of the variable; None if it is not set.

    Raises:
        BadValue: if it can't be sent.

    """
    name = VARIABLES["environment_key"]
    text = environ.get(name, "").strip()
    return Credential("environment_key", check_secret(name, text), name, explicit=False) if text else None


def prefers_environment_key(accepts: tuple[CredentialType, ...], environ: Mapping[str, str]) -> bool:
    """Whether there is an environment key, and the operation accepts it but no API key."""
    is_set = bool(environ.get(VARIABLES["environment_key"], "").strip())
    return is_set and "environment key" in accepts and "API key" not in accepts


def with_environment_key(
    found: tuple[Credential, ...], accepts: tuple[CredentialType, ...], environ: Mapping[str, str]
) -> tuple[Credential, ...]:
    """Return the credentials with the environment key first, if that is the one to use.

    It is, if the operation accepts it and nothing else was found, or accepts no API key and no flag gives one.

    Raises:
        BadValue: if it can't be sent.

    """
    if "environment key" not in accepts or (found and ("API key" in accepts or found[0].explicit)):
        return found
    key = environment_key(environ)
    return (key, *found) if key else found


def credentials(sources: tuple[CredentialSource, ...]) -> tuple[Credential, ...]:
    """Return the credentials in these sources.

    Raises:
        BadValue: if one of them can't be sent.

    """
    return tuple(_credential(source, source.text or "") for source in sources if source.is_given)


def _credential(source: CredentialSource, text: str) -> Credential:
    is_secret = source.form == "text"
    return Credential(
        kind=source.kind,
        secret=check_secret(source.label, text, source.fix_hint) if is_secret else "",
        source=source.label,
        explicit=source.explicit,
        form=source.form,
        reference="" if is_secret else text,
        rule=source.rule,
        official=source.official,
    )
