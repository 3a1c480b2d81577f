"""The profile of a run, one of this program or else of the official tool, and the sources of each setting."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ant_cli.errors import BadValue, CredentialError, UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.operations.spec import Flags, Setting
from ant_cli.runtime import variables
from ant_cli.settings.local_emulator import LOCAL
from ant_cli.settings.profiles import ProfileStore, unknown_profile

if TYPE_CHECKING:
    from ant_cli.settings.logins import OfficialProfile

Origin = Literal["flag", "variable", "profile", "default"]
"""Where a value comes from. The name of a profile comes from `profile` if it is this program's active one, and from
`default` if it is the official tool's."""
ACTIVE = "active_config"
"""The source of the profile's name if there is no other: the official tool's file, or its default."""
_NO_VALUES: Mapping[str, object] = {}
_NAME_SOURCES = {
    "flag": "--profile",
    "variable": variables.PROFILE,
    "profile": "active",
    "default": ACTIVE,
}


class SelectedProfile:
    """The profile of a run; the name is empty if no profile is selected."""

    def __init__(
        self,
        name: str = "",
        origin: Origin = "default",
        values: Mapping[str, object] = _NO_VALUES,
        official: "OfficialProfile | None" = None,
    ) -> None:
        self.name = name
        self.origin = origin
        """Where the name comes from."""
        self.values = values
        self.official = official
        """The profile of the official tool, if it is not in this program's store."""

    def __repr__(self) -> str:
        """Return a representation without secrets."""
        return f"SelectedProfile(name={self.name!r}, source={self.source!r})"

    @property
    def source(self) -> str:
        """Where the name comes from, as messages say it; empty without a profile."""
        return _NAME_SOURCES[self.origin] if self.name else ""

    @property
    def is_named(self) -> bool:
        """Whether the user named it, so that it is not just the active one."""
        return self.origin in ("flag", "variable")

    def where(self, key: str) -> str:
        """Return how messages name one of its values."""
        return f"{key} of profile {self.name!r}"

    def fix_hint(self, key: str) -> str:
        """Return how to correct one of its values."""
        if self.official:
            return f"Correct it in {self.official.path}"
        return f"Set it again, or remove it: {command_line('profile unset', key, '--profile', self.name)}"

    def text(self, key: str) -> str | None:
        """Return a value as text, as a flag would give it; BadValue if it is neither text nor a number."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValue(self.where(key), "must be text or a number", self.fix_hint(key))
        return str(value)


NO_PROFILE = SelectedProfile()


def of_official(profile: "OfficialProfile", origin: Origin = "default") -> SelectedProfile:
    """Return a profile of the official tool as the selected one."""
    return SelectedProfile(profile.name, origin, profile.values, profile)


def select(
    named: str | None, environ: Mapping[str, str], store: ProfileStore, *, needs_login: bool = False
) -> SelectedProfile:
    """Return the profile that --profile or else ANTHROPIC_PROFILE names, or else the active one.

    If it does not exist, that is an error. Another profile is never used instead: it may have the key of another
    organization.

    Args:
        named: The value of --profile, if it was given.
        environ: It may name a profile, and says where those of the official tool are.
        store: The profiles of this program.
        needs_login: Without a named or active one, select the active one of the official tool, if it is logged in.

    Raises:
        CredentialError: if it does not exist, or its file can't be used.

    """
    name, origin = requested(named, environ, store)
    if name in store.profiles:
        return SelectedProfile(name, origin, store.profiles[name])
    if not name:
        official = active_login(environ) if needs_login else None
        return of_official(official) if official else NO_PROFILE
    from ant_cli.settings.logins import profile_names, read_profile  # late: few runs use a login

    official = read_profile(name, environ)
    if official is None:
        raise unknown_profile(name, _NAME_SOURCES[origin], store, profile_names(environ))
    return of_official(official, origin)


def select_own(
    named: str | None, environ: Mapping[str, str], store: ProfileStore
) -> SelectedProfile:
    """Return the profile to change, as `select` does. Raises CredentialError if it is one of the official tool."""
    profile = select(named, environ, store)
    if profile.official:
        raise CredentialError(
            f"profile {profile.name!r} belongs to the official tool, and is only read here.",
            f"Change it with that tool, or create one here: {command_line('profile create', profile.name)}",
        )
    return profile


def requested(
    named: str | None, environ: Mapping[str, str], store: ProfileStore
) -> tuple[str, Origin]:
    """Return the name of the profile to use, and where it comes from. The profile may not exist."""
    if named:
        return named, "flag"
    name = environ.get(variables.PROFILE)
    return (name, "variable") if name else (store.active, "profile")


def active_login(environ: Mapping[str, str]) -> "OfficialProfile | None":
    """Return the official tool's active profile if it is logged in. Raises CredentialError if it can't be read."""
    from ant_cli.settings.logins import active_name, read_profile

    profile = read_profile(active_name(environ), environ)
    return profile if profile and profile.is_logged_in else None


def usable_instead(name: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the name of the official tool's active profile if it is logged in, and its name is not `name`."""
    try:
        active = active_login(environ)
    except CredentialError:  # it could not be used either
        return None
    if active is None or active.name == name:
        return None
    return active.name


# The sources of a setting


class SettingSource(NamedTuple):
    """A value of a setting, and where it was found."""

    label: str
    """The flag, variable or profile key, as messages name it; or `default`."""
    value: Any
    """The value; its text, if `is_text`."""
    origin: Origin
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""
    is_text: bool = True

    def parsed(self, row: Setting) -> "SettingSource":
        """Return the source with its text parsed. Raises UsageError if the text can't be used."""
        if not self.is_text:
            return self
        try:
            return self._replace(value=row.value_of(self.label, self.value), is_text=False)
        except UsageError as error:
            raise error.with_hints(self.fix_hint) from None


def setting_sources(
    row: Setting, flags: Flags, environ: Mapping[str, str], profile: SelectedProfile = NO_PROFILE
) -> Iterator[SettingSource]:
    """Yield the sources of a setting that have a value, by precedence: the first is used.

    Blank variables and blank profile values are treated as unset. A profile of the official tool comes before the
    variables, which only supply missing values: its token was issued for the server and workspace in the profile.

    Raises:
        UsageError: if --local and --base-url contradict each other.
        BadValue: if the profile's value is neither text nor a number.

    """
    if row.name == "base_url":
        yield from _local_server(row, flags)
    if row.name in flags:
        yield SettingSource(row.flag, flags[row.name], "flag", is_text=False)
    if profile.official:
        yield from _stored(row, profile)
    text = environ.get(row.variable, "")
    if text.strip():
        yield SettingSource(row.variable, text, "variable")
    if not profile.official:
        yield from _stored(row, profile)
    yield SettingSource("default", row.default_value, "default", is_text=False)


def _local_server(row: Setting, flags: Flags) -> Iterator[SettingSource]:
    if not flags.get("local"):
        return
    if row.name in flags and flags[row.name] != LOCAL:
        raise exclude_each_other("--local", row.flag)
    yield SettingSource("--local", LOCAL, "flag", is_text=False)


def _stored(row: Setting, profile: SelectedProfile) -> Iterator[SettingSource]:
    if not (row.in_profile or profile.official):
        return
    name = row.name
    text = profile.text(name)
    if text and text.strip():
        yield SettingSource(profile.where(name), text, "profile", profile.fix_hint(name))


def resolve(
    rows: Iterable[Setting],
    flags: Flags,
    environ: Mapping[str, str],
    profile: SelectedProfile = NO_PROFILE,
) -> dict[str, SettingSource]:
    """Return each setting from its first source, with its value. Raises UsageError if that can't be used."""
    return {
        row.name: next(setting_sources(row, flags, environ, profile)).parsed(row) for row in rows
    }
