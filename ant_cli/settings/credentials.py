"""Credentials: where they may be found, by precedence; the secret of the one in use; and those given on stdin.

`PLACES` has the order. The list in `docs/credentials.md`, and the order of `ant auth status`, come from it.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from ant_cli.errors import BadValue, CredentialError, UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.operations.spec import CredentialType, Flags, flag_name
from ant_cli.runtime import Runtime, variables
from ant_cli.settings import rows
from ant_cli.settings.profiles import ProfileStore
from ant_cli.settings.selection import NO_PROFILE, Origin, SelectedProfile, select, usable_instead

if TYPE_CHECKING:
    from ant_cli.settings.federation import FederationRule
    from ant_cli.settings.token_source import TokenSource

CredentialKind = Literal["api_key", "auth_token", "environment_key"]
Accepts = tuple[CredentialType, ...]
"""The types of credentials that an operation accepts."""


class KeyReference(Protocol):
    """A key that is kept elsewhere: a command prints it, or the system's credential store has it."""

    def describe(self, base_url: str, runtime: Runtime, /) -> str:
        """Return where the key comes from, for people."""

    def fetch(self, source: str, runtime: Runtime, /) -> str:
        """Return the key. Raises CredentialError if it can't be fetched."""


class Issuer(Protocol):
    """What issues access tokens: the rule of a federation, or a login."""

    @property
    def exchanges(self) -> bool:
        """Whether it gets a token over the network, which is for one workspace."""

    @property
    def missing(self) -> Sequence[str]:
        """The names of the values that it still needs."""

    def tokens(
        self, runtime: Runtime, exchange: Callable[["FederationRule"], "TokenSource"], /
    ) -> "TokenSource":
        """Return the source of its access tokens. Raises CredentialError or BadValue if it can't be used."""

    def check(self, runtime: Runtime, /) -> None:
        """Raise CredentialError or BadValue if it can't be used."""

    def describe(self, base_url: str, runtime: Runtime, /) -> str:
        """Return what it is, for people. Raises CredentialError if it can't be read."""


class Credential(NamedTuple):
    """A place where a credential may be, and what was found there: a secret, or a way to get one."""

    kind: CredentialKind
    text: str | None
    """The secret, as it was found. None if nothing was found, or only a way to get the secret."""
    source: str
    """The flag, variable or profile key, as messages name it."""
    origin: Origin = "variable"
    reference: KeyReference | None = None
    """A key that is kept elsewhere: a command prints it, or the system's credential store has it."""
    issuer: Issuer | None = None
    """What issues OAuth access tokens. Requests with one need a beta header."""
    supplies: str | None = None
    """The place to which it only supplies missing values, so that it gives no credential itself."""
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""
    problem: BadValue | None = None
    """Why what was found is not even a text."""
    refusal: CredentialError | None = None
    """Why it must not be sent to the server of the run."""

    @property
    def is_given(self) -> bool:
        """Whether anything was found there, even if it can't be used."""
        if self.reference or self.issuer or self.problem:
            return True
        return self.text is not None and self.text.strip() != ""

    @property
    def is_complete(self) -> bool:
        """Whether it is given, and no value of a federation is missing."""
        return self.is_given and not (self.issuer and self.issuer.missing)

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

    def with_secret(self, secret: str) -> "Credential":
        """Return the credential with a secret that was fetched or renewed."""
        return self._replace(text=secret, reference=None)

    def checked(self) -> "Credential":
        """Return the credential without white space around its secret.

        Raises:
            BadValue: if the secret can't be sent, or can't be of its kind.

        """
        if self.problem:
            raise self.problem
        if self.reference or self.issuer:
            return self
        check = rows.environment_key if self.kind == "environment_key" else rows.check_secret
        try:
            return self._replace(text=check(self.source, self.secret))
        except BadValue as error:
            raise error.with_hints(self.fix_hint) from None

    def fetch(self, runtime: Runtime) -> "Credential":
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


# The places, by precedence


class Search:
    """Where the places are looked at: the flags, the variables, and the profile."""

    def __init__(
        self, flags: Flags, environ: Mapping[str, str], profile: SelectedProfile = NO_PROFILE
    ) -> None:
        self.flags = flags
        self.environ = environ
        self.profile = profile

    @property
    def federation(self) -> SelectedProfile:
        """The profile if it is a federation, which flags and variables may add to; otherwise, none."""
        official = self.profile.official
        return self.profile if official and official.is_federation else NO_PROFILE


class Place(NamedTuple):
    """A place where credentials may be."""

    text: str
    """What `docs/credentials.md` calls it."""
    find: Callable[[Search], Iterable[Credential]]
    """Returns what may be there, by precedence; each is empty if there is nothing."""
    is_for: Callable[[Accepts], bool] = lambda _: True
    """Whether it is looked at for an operation that accepts these types."""


def _typed(kind: CredentialKind) -> Callable[[Search], list[Credential]]:
    from_stdin = f"{kind}_stdin"

    def find(search: Search) -> list[Credential]:
        # `read_credentials` has set the flag of the kind, too
        source = flag_name(from_stdin if search.flags.get(from_stdin) else kind)
        return [Credential(kind, search.flags.get(kind), source, "flag")]

    return find


def _exported(kind: CredentialKind) -> Callable[[Search], list[Credential]]:
    variable = rows.VARIABLES[kind]
    return lambda search: [Credential(kind, search.environ.get(variable), variable)]


def _federation_of_flags(search: Search) -> list[Credential]:
    place = Credential("auth_token", None, "--federation-rule", "flag")
    if not any(search.flags.get(row.name) for row in rows.FEDERATION_INTENTS):
        return [place]
    from ant_cli.settings.federation import rule_by_flags  # late: few runs have one

    rule = rule_by_flags(search.flags, search.environ, search.federation)
    return [place._replace(source=rule.source, issuer=rule)]


def _federation_of_variables(search: Search) -> list[Credential]:
    """Return the federation of variables. They may only supply what one of flags, or a profile's, leaves out."""
    place = Credential("auth_token", None, variables.FEDERATION_RULE_ID)
    texts = {row.variable: search.environ.get(row.variable) for row in rows.FEDERATION_INTENTS}
    given = [name for name, text in texts.items() if text and text.strip()]
    if not given:
        return [place._replace(text=texts[variables.FEDERATION_RULE_ID])]
    (by_flags,) = _federation_of_flags(search)
    if by_flags.issuer:
        return [place._replace(source=given[0], supplies=by_flags.source)]
    from ant_cli.settings.federation import rule_of  # late, as above

    rule = rule_of(search.flags, search.environ, NO_PROFILE, given[0])
    if rule.missing and search.federation.name:
        return [place._replace(source=given[0], supplies=f"profile {search.federation.name!r}")]
    return [place._replace(source=given[0], issuer=rule)]


def _named_profile(search: Search) -> list[Credential]:
    return list(_stored(search)) if search.profile.is_named else []


def _active_profile(search: Search) -> list[Credential]:
    return [] if search.profile.is_named else list(_stored(search))


def _stored(search: Search) -> Iterator[Credential]:
    """Yield the places of a profile, by precedence."""
    profile = search.profile
    if search.federation.name:
        from ant_cli.settings.federation import rule_of

        rule = rule_of(search.flags, search.environ, search.profile, f"profile {profile.name!r}")
        yield Credential("auth_token", None, profile.where("federation"), "profile", issuer=rule)
    elif profile.official:
        from ant_cli.settings.logins import Login

        login = Login(profile.official)
        yield Credential("auth_token", None, profile.where("login"), "profile", issuer=login)
    elif profile.name:
        yield from (_in_profile(name, profile) for name in rows.CREDENTIAL_KEYS)


def _in_profile(name: str, profile: SelectedProfile) -> Credential:
    kind: CredentialKind = "auth_token" if name == "auth_token" else "api_key"
    found = Credential(kind, None, profile.where(name), "profile", fix_hint=profile.fix_hint(name))
    try:
        found = found._replace(text=profile.text(name))
    except BadValue as error:
        return found._replace(problem=error)
    is_command = name == "api_key_command" and found.is_given
    is_entry = name == "api_key" and found.secret.startswith(rows.KEYRING)
    if not (is_command or is_entry):
        return found
    # late: few profiles have one
    from ant_cli.settings.key_references import KeyCommand, KeyringEntry

    kept_by = KeyCommand if is_command else KeyringEntry
    return found._replace(text=None, reference=kept_by(found.secret, profile.name))


def _rejects_api_keys(accepts: Accepts) -> bool:
    return "environment key" in accepts and "API key" not in accepts


def _takes_both(accepts: Accepts) -> bool:
    return "environment key" in accepts and "API key" in accepts


_ENVIRONMENT_KEY = _exported("environment_key")
ENVIRONMENT_KEY_FIRST = Place(
    "`ANTHROPIC_ENVIRONMENT_KEY`, for calls that reject API keys",
    _ENVIRONMENT_KEY,
    _rejects_api_keys,
)
ENVIRONMENT_KEY_LAST = Place(
    "`ANTHROPIC_ENVIRONMENT_KEY`, for calls that take both kinds of keys",
    _ENVIRONMENT_KEY,
    _takes_both,
)
_BEFORE_LOGIN = (
    Place("`--api-key`, or `--api-key-stdin`", _typed("api_key")),
    Place("`--auth-token`, or `--auth-token-stdin`", _typed("auth_token")),
    Place(
        "a federation of flags: `--federation-rule`, `--identity-token-file` or `--identity-token`",
        _federation_of_flags,
    ),
    ENVIRONMENT_KEY_FIRST,
    Place("`ANTHROPIC_API_KEY`", _exported("api_key")),
    Place("`ANTHROPIC_AUTH_TOKEN`", _exported("auth_token")),
    Place("the profile that `--profile` or else `ANTHROPIC_PROFILE` names", _named_profile),
    Place(
        "a federation of variables: `ANTHROPIC_FEDERATION_RULE_ID`, "
        "`ANTHROPIC_IDENTITY_TOKEN_FILE` or `ANTHROPIC_IDENTITY_TOKEN`",
        _federation_of_variables,
    ),
)
"""If one of these has a credential, no login of the official tool is looked for."""
PLACES = (
    *_BEFORE_LOGIN,
    Place(
        "the active profile of this program; without one, that of the official tool "
        "(`active_config`, or `default`)",
        _active_profile,
    ),
    ENVIRONMENT_KEY_LAST,
)
"""Every place where a credential may be, by precedence."""


class Provenance(NamedTuple):
    """Where the settings of a run came from."""

    profile: SelectedProfile
    credentials: tuple[Credential, ...]
    """All credentials that were found, the one in use first. Only that one was checked."""
    places: tuple[Credential, ...]
    """Every place where an API key or a token may be, by precedence."""
    sources: Mapping[str, str] = {}
    """The source of each setting, as messages name it."""


def find_credentials(
    flags: Flags, runtime: Runtime, store: ProfileStore, accepts: Accepts, *, needs_login: bool
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
        UsageError: if two flags contradict each other, or the credential in use can't be sent.
        CredentialError: if the profile does not exist.

    """
    environ = runtime.environ
    early = _look_at(_BEFORE_LOGIN, Search(flags, environ), accepts)
    needs_login = needs_login and not any(place.is_complete for place in early)
    profile = select(flags.get("profile"), environ, store, needs_login=needs_login)
    places = _look_at(PLACES, Search(flags, environ, profile), accepts)
    found = [place for place in places if place.is_given]
    if found:
        found[0] = found[0].checked()
    # It competes with none: where another place comes first, it is not meant for the call.
    others = [place for place in found[1:] if place.kind != "environment_key"]
    return Provenance(
        profile,
        (*found[:1], *others),
        tuple(place for place in places if place.kind != "environment_key"),
    )


def _look_at(places: Iterable[Place], search: Search, accepts: Accepts) -> list[Credential]:
    return [
        credential for place in places if place.is_for(accepts) for credential in place.find(search)
    ]


def environment_key_place(environ: Mapping[str, str]) -> Credential:
    """Return the place of the environment key, and the key if the variable is set."""
    (place,) = _ENVIRONMENT_KEY(Search(Flags(), environ))
    return place


def no_credential(
    profile_name: str, runtime: Runtime, accepts: Accepts | None = None
) -> CredentialError:
    """Return the error for a run without a credential that needs one; `accepts` has the types that it takes."""
    if accepts and "API key" not in accepts:
        return CredentialError(
            "there is no environment key.",
            f"Set {variables.ENVIRONMENT_KEY}; --local needs none.",
            rows.ENVIRONMENT_KEY_PLACE,
        )
    problem = "there is no API key"
    if profile_name:
        problem += f", and profile {profile_name!r} has none"
    return CredentialError(f"{problem}.", *_ways_to_log_in(profile_name, runtime.environ, accepts))


def _ways_to_log_in(
    profile_name: str, environ: Mapping[str, str], accepts: Accepts | None
) -> Iterator[str]:
    """Yield what to do without an API key."""
    key, takes_key = variables.ENVIRONMENT_KEY, "environment key" in (accepts or ())
    # if the operation took it, it would be the credential
    if accepts and environ.get(key):
        yield f"{key} is not used: the API takes no environment key for this."
    login = usable_instead(profile_name, environ)
    if login is not None:
        yield f"To use the login of the official tool: --profile {login}"
    flags = ["--profile", profile_name] if profile_name else []
    yield f"Log in: {command_line('auth login', *flags)}"
    yield (
        f"Or set {variables.API_KEY}, or {variables.AUTH_TOKEN} for a bearer token; "
        "--local needs none."
    )
    if takes_key:
        yield f"Or set {key}."
    yield rows.API_KEY_PLACE
    if environ.get(variables.ORGANIZATION_ID):
        federation = f"{variables.FEDERATION_RULE_ID} and {variables.IDENTITY_TOKEN_FILE}"
        yield f"Or set {federation}, for a federation."


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
    secret = read_piped_secret(runtime, command_line("...", flag_name(wanted[0])))
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


def note_typed_credential(flags: Flags, runtime: Runtime, safer: str = "") -> None:
    """Print a note that other users can see a credential on the command line, and what is safer."""
    typed = next((name for name in rows.SAFER if flags.get(name)), None)
    if typed is not None:
        flag, instead = flag_name(typed), safer or rows.SAFER[typed]
        runtime.hint(
            f"Note: other users of this machine can read the value of {flag}. Safer: {instead}."
        )
