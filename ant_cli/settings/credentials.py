"""Credentials: where they may be found, by precedence; the secret of the one in use; and those given on stdin.

`docs/credentials.md` has the order, and what each place holds.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from ant_cli.errors import BadValue, CredentialError, UsageError, exclude_each_other
from ant_cli.operations.spec import CredentialType, Flags, flag_name
from ant_cli.runtime import Runtime, variables
from ant_cli.settings import rows
from ant_cli.settings.profiles import KEYRING, ProfileStore
from ant_cli.settings.selection import NO_PROFILE, Origin, SelectedProfile, select, usable_instead

if TYPE_CHECKING:
    from ant_cli.settings.federation import FederationRule
    from ant_cli.settings.key_references import KeyCommand, KeyringEntry
    from ant_cli.settings.logins import Login

CredentialKind = Literal["api_key", "auth_token", "environment_key"]
_KINDS: tuple[CredentialKind, ...] = ("api_key", "auth_token")
"""The kinds that flags and variables give, the preferred one first."""


class Credential(NamedTuple):
    """A place where a credential may be, and what was found there: a secret, or a way to get one."""

    kind: CredentialKind
    text: str | None
    """The secret, as it was found. None if nothing was found, or only a way to get the secret."""
    source: str
    """The flag, variable or profile key, as messages name it."""
    origin: Origin = "variable"
    reference: KeyCommand | KeyringEntry | None = None
    """A key that is kept elsewhere: a command prints it, or the system's credential store has it."""
    issuer: FederationRule | Login | None = None
    """What issues OAuth access tokens. Requests with one need a beta header."""
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""
    refusal: CredentialError | None = None
    """Why it must not be sent to the server of the run."""

    @property
    def is_given(self) -> bool:
        """Whether anything was found there, even if it can't be used."""
        return bool(self.reference or self.issuer or (self.text and self.text.strip()))

    @property
    def secret(self) -> str:
        """The secret; empty until it has been fetched."""
        return self.text or ""

    @property
    def noun(self) -> str:
        """What messages call its kind."""
        return {"api_key": "key", "auth_token": "token", "environment_key": "environment key"}[
            self.kind
        ]

    @property
    def type(self) -> CredentialType | None:
        """The type of credential that it is for the API; None for a bearer token of unknown type."""
        if self.kind == "environment_key":
            return "environment key"
        return "API key" if self.kind == "api_key" or self.issuer else None

    def with_secret(self, secret: str) -> Credential:
        """Return the credential with a secret that was fetched or renewed."""
        return self._replace(text=secret, reference=None)

    def fetch(self, runtime: Runtime) -> Credential:
        """Return the credential with its secret, fetched and registered if there is only a reference to it.

        Raises:
            CredentialError: if it can't be fetched, or can't be used.

        """
        if self.reference is None:
            return self
        secret = self.reference.fetch(self.source, runtime)
        runtime.redactor.register(secret.strip())
        try:
            return self.with_secret(rows.check_new_secret(f"the key from {self.source}", secret))
        except BadValue as error:
            raise CredentialError(error.message, error.hint) from None

    def __repr__(self) -> str:
        """Return a representation without the secret."""
        return f"Credential(kind={self.kind!r}, source={self.source!r})"


class Provenance(NamedTuple):
    """Where the settings of a run came from."""

    profile: SelectedProfile
    credentials: tuple[Credential, ...]
    """All credentials that were found, the one in use first."""
    places: tuple[Credential, ...]
    """Every place where an API key or a token may be, by precedence."""
    sources: Mapping[str, str] = {}
    """The source of each setting, as messages name it."""


def find_credentials(
    flags: Flags,
    runtime: Runtime,
    store: ProfileStore,
    accepts: tuple[CredentialType, ...],
    *,
    needs_login: bool,
) -> Provenance:
    """Look for credentials in flags, variables and the profile.

    Args:
        flags: The flags that were given.
        runtime: Its environment is read.
        store: The profiles of this program.
        accepts: The types of credentials that the operation accepts.
        needs_login: Whether to use the login of the official tool if nothing else gives a credential. Otherwise its
            files are read only for a profile that is named.

    Raises:
        UsageError: if two flags contradict each other, or a credential can't be sent.
        CredentialError: if the profile does not exist.

    """
    environ = runtime.environ
    typed = [_typed(kind, flags) for kind in _KINDS]
    exported = [
        Credential(kind, environ.get(rows.VARIABLES[kind]), rows.VARIABLES[kind]) for kind in _KINDS
    ]
    federations = _federations(flags, environ)
    environment = environment_key(environ)
    given = [place for place in (*typed, *exported, *federations) if place.is_given]
    is_complete = any(not place.issuer or not place.issuer.missing for place in given)
    needs_environment_key = "environment key" in accepts and "API key" not in accepts
    needs_login = (
        needs_login and not is_complete and not (needs_environment_key and environment.is_given)
    )
    profile = select(flags.get("profile"), environ, store, needs_login=needs_login)
    if profile.official and profile.official.is_federation:
        federations = _federations(flags, environ, profile)
    by_flags, by_variables, by_profile = federations
    stored = tuple(_stored(profile, by_profile))
    last = (*stored, by_variables) if profile.is_named else (by_variables, *stored)
    places = (*typed, by_flags, *exported, *last)
    found = [_checked(place) for place in places if place.is_given]
    is_rejected = "environment key" not in accepts or (
        found and ("API key" in accepts or found[0].origin == "flag")
    )
    if environment.is_given and not is_rejected:
        found.insert(0, _checked(environment))
    return Provenance(profile, tuple(found), places)


def environment_key(environ: Mapping[str, str]) -> Credential:
    """Return the place of the environment key, and the key if the variable is set."""
    return Credential(
        "environment_key", environ.get(variables.ENVIRONMENT_KEY), variables.ENVIRONMENT_KEY
    )


def _typed(kind: CredentialKind, flags: Flags) -> Credential:
    from_stdin = f"{kind}_stdin"  # `read_credentials` has set the flag of the kind, too
    source = flag_name(from_stdin if flags.get(from_stdin) else kind)
    return Credential(kind, flags.get(kind), source, "flag")


def _federations(
    flags: Flags, environ: Mapping[str, str], profile: SelectedProfile = NO_PROFILE
) -> tuple[Credential, Credential, Credential]:
    """Return the places of a federation: flags, variables and the profile. Only one of the first two has a rule."""
    by_flags = by_variables = stored = None
    is_stored = profile.official is not None and profile.official.is_federation
    if is_stored or any(
        flags.get(row.name) or environ.get(row.variable) for row in rows.FEDERATION_INTENTS
    ):
        from ant_cli.settings.federation import (
            rule_by_flags,
            rule_by_variables,
            rule_of,
        )  # late: few runs have one

        by_flags = rule_by_flags(flags, environ, profile)
        by_variables = None if by_flags else rule_by_variables(flags, environ, profile)
        stored = (
            rule_of(flags, environ, profile, f"profile {profile.name!r}") if is_stored else None
        )
    return (
        _federation("flag", by_flags, "--federation-rule"),
        _federation("variable", by_variables, variables.FEDERATION_RULE_ID),
        Credential("auth_token", None, profile.where("federation"), "profile", issuer=stored),
    )


def _federation(origin: Origin, rule: FederationRule | None, usual_source: str) -> Credential:
    return Credential(
        "auth_token", None, rule.source if rule else usual_source, origin, issuer=rule
    )


def _stored(profile: SelectedProfile, federation: Credential) -> Iterator[Credential]:
    """Yield the places of a profile, by precedence; `federation` is that of its rule, if it has one."""
    official = profile.official
    if federation.issuer:
        yield federation
    elif official:
        from ant_cli.settings.logins import Login

        yield Credential(
            "auth_token", None, profile.where("login"), "profile", issuer=Login(official)
        )
    elif profile.name:
        yield from (_in_profile(name, profile) for name in rows.CREDENTIAL_KEYS)


def _in_profile(name: str, profile: SelectedProfile) -> Credential:
    kind: CredentialKind = "auth_token" if name == "auth_token" else "api_key"
    found = Credential(
        kind, profile.text(name), profile.where(name), "profile", fix_hint=profile.fix_hint(name)
    )
    if (name == "api_key_command" and found.is_given) or (
        name == "api_key" and found.secret.startswith(KEYRING)
    ):
        # late: few profiles have one
        from ant_cli.settings.key_references import KeyCommand, KeyringEntry

        kept_by = KeyCommand if name == "api_key_command" else KeyringEntry
        return found._replace(text=None, reference=kept_by(found.secret))
    return found


def _checked(credential: Credential) -> Credential:
    if credential.reference or credential.issuer:
        return credential
    try:
        return credential._replace(text=rows.check_secret(credential.source, credential.secret))
    except BadValue as error:
        raise error.with_hints(credential.fix_hint) from None


def no_credential(
    profile_name: str, runtime: Runtime, accepts: tuple[CredentialType, ...] | None = None
) -> CredentialError:
    """Return the error for a run without a credential that needs one; `accepts` has the types that it takes."""
    key = variables.ENVIRONMENT_KEY
    if accepts and "API key" not in accepts:
        return CredentialError(
            "there is no environment key.",
            f"Set {key}; --local needs none.",
            rows.ENVIRONMENT_KEY_PLACE,
        )
    # if the operation took it, it would be the credential
    is_useless = accepts and runtime.environ.get(key)
    login = usable_instead(profile_name, runtime.environ)
    return CredentialError(
        f"there is no API key{f', and profile {profile_name!r} has none' if profile_name else ''}.",
        f"{key} is not used: the API takes no environment key for this." if is_useless else "",
        f"To use the login of the official tool: --profile {login}" if login else "",
        f"Log in: ant auth login{f' --profile {profile_name}' if profile_name else ''}",
        "Or set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token; --local needs none.",
        f"Or set {key}." if accepts and "environment key" in accepts else "",
        rows.API_KEY_PLACE,
        f"Or set {variables.FEDERATION_RULE_ID} and {variables.IDENTITY_TOKEN_FILE}, for a federation."
        if runtime.environ.get(variables.ORGANIZATION_ID)
        else "",
    )


# Credentials that are given with a command: on stdin, or as arguments, which other users can see


def read_credentials(flags: Flags, runtime: Runtime) -> Flags:
    """Return the flags with a credential from stdin as the value of its flag. Then nothing else can read stdin.

    Raises:
        UsageError: if stdin holds no usable credential, or another flag gives one, too.

    """
    wanted = [name for name in rows.ON_STDIN if flags.get(name)]
    if not wanted:
        return flags
    conflicts = [flag_name(name) for name in (*wanted, rows.ON_STDIN[wanted[0]]) if name in flags]
    if len(conflicts) > 1:
        raise exclude_each_other(*sorted(conflicts), hint=f"Use {conflicts[0]}.")
    secret = read_piped_secret(runtime, f"ant ... {flag_name(wanted[0])}")
    return flags.with_values(
        **{rows.ON_STDIN[wanted[0]]: rows.check_new_secret("the secret on stdin", secret)}
    )


def read_piped_secret(runtime: Runtime, example: str) -> str:
    """Read a secret from stdin to its end, register it, and return it without surrounding white space.

    Raises:
        UsageError: if nothing is piped in, or it can't be a secret.

    """
    if not runtime.stdin.has_input:
        raise UsageError("nothing is piped in.", f"For example: {example} < FILE")
    secret = runtime.stdin.read().removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    runtime.redactor.register(secret.strip())
    # a body, or a string that `jq` printed without `-r`
    if secret.strip().startswith(("{", "[", '"')):
        raise BadValue(
            "the secret on stdin", "must be bare, not JSON", f"For example: {example} < FILE"
        )
    return rows.check_secret("the secret on stdin", secret)


def note_typed_credential(flags: Flags, runtime: Runtime) -> None:
    """Print a note that other users can see a credential on the command line."""
    typed = next((name for name in rows.SAFER if flags.get(name)), "")
    if typed:
        flag, safer = flag_name(typed), rows.SAFER[typed]
        runtime.hint(
            f"Note: other users of this machine can read the value of {flag}. Safer: {safer}."
        )
