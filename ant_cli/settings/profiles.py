"""Read the profiles file, and select the profile of a run.

Every API command does this; without a file it costs one attempt to open it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from ant_cli.errors import BadValue, CredentialError, UsageError, os_error_text
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any, NamedTuple
from ant_cli.runtime.streams import Stderr
from ant_cli.runtime.trusted_files import FileRule, open_trusted, others_may, read_to_limit
from ant_cli.settings.config_folder import config_dir
from ant_cli.settings.rows import PROFILE_SETTINGS, SECRET_KEYS
from ant_cli.settings.validators import KEYRING, mask

if TYPE_CHECKING:
    from ant_cli.settings.logins.configs import OfficialProfile

FILE_NAME = "profiles.toml"
_RULE = FileRule(1_000_000, may_be_link=True)
"""It has API keys, servers, and commands that are run."""
_WITHOUT_PROFILES = f"To run without profiles: {variables.CONFIG_DIR}={os.devnull}"
Profile = Mapping[str, object]


def check_name(name: str) -> str:
    """Return the name of a profile if it is valid: easy to type and safe to print."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageError(
            f"{name!r} is not a valid profile name.",
            "A name consists of letters, digits, and _ . @ -; it begins with a letter, a digit or _.",
        )
    return name


class ProfileStore(NamedTuple):
    """The content of the profiles file; empty if it does not exist. Only the one that `edit` yields is changed."""

    path: Path | None = None
    """None if there is no place for it: no home directory, or profiles are disabled."""
    document: dict[str, Any] = {}  # noqa: RUF012 - `edit` copies it

    def __repr__(self) -> str:
        """Return a representation without the secrets."""
        return f"ProfileStore(path={str(self.path)!r})"

    @property
    def active(self) -> str:
        """The profile in use if no other is named; empty without one."""
        active: str = self.document.get("active", "")
        return active

    @active.setter
    def active(self, name: str) -> None:
        self.document.pop("active", None)
        if name:
            self.document["active"] = name

    @property
    def profiles(self) -> dict[str, dict[str, Any]]:
        """The profiles by their names."""
        profiles: dict[str, dict[str, Any]] = self.document.get("profiles", {})
        return profiles

    def existing(self, name: str) -> dict[str, Any]:
        """Return a profile; CredentialError if it does not exist."""
        if name not in self.profiles:
            raise unknown_profile(name, "", self)
        return self.profiles[name]

    def new(self, name: str) -> dict[str, Any]:
        """Add an empty profile and return it; UsageError if the name is taken or invalid."""
        if check_name(name) in self.profiles:
            raise UsageError(f"profile {name!r} already exists.", "`ant profile list` shows the profiles.")
        return self.profiles.setdefault(name, {})

    def with_profile(self, name: str, profile: Profile) -> ProfileStore:
        """Return a store with this profile added or replaced."""
        profiles = {**self.profiles, name: dict(profile)}
        return self._replace(document={**self.document, "profiles": profiles})


NO_STORE = ProfileStore()


class SelectedProfile(NamedTuple):
    """The profile of a run; the name is empty if no profile is selected."""

    name: str = ""
    source: str = ""
    """Where the name comes from: --profile, ANTHROPIC_PROFILE, active, or active_config (the official tool's)."""
    values: Mapping[str, object] = {}
    official: OfficialProfile | None = None
    """The profile of the official tool, if it is not in this program's store."""

    def __repr__(self) -> str:
        """Return a representation without secrets."""
        return f"SelectedProfile(name={self.name!r}, source={self.source!r})"

    @property
    def is_named(self) -> bool:
        """Whether the user named it, so that it is not just the active one."""
        return self.source in ("--profile", variables.PROFILE)

    def where(self, key: str) -> str:
        """Return how messages name one of its values."""
        return f"{key} of profile {self.name!r}"

    def fix_hint(self, key: str) -> str:
        """Return how to correct one of its values."""
        if self.official:
            return f"Correct it in {self.official.path}"
        return f"Set it again, or remove it: ant profile unset {key} --profile {self.name}"

    def text(self, key: str) -> str | None:
        """Return a value as text, as a flag would give it; BadValue if it is neither text nor a number."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValue(self.where(key), "must be text or a number", self.fix_hint(key))
        return str(value)


NO_PROFILE = SelectedProfile()


def select(named: str | None, environ: Mapping[str, str], store: ProfileStore) -> SelectedProfile:
    """Return the profile that --profile or else ANTHROPIC_PROFILE names, or else the active one.

    If it does not exist, that is an error. Another profile is never used instead: it may have the key of another
    organization.

    Raises:
        CredentialError: if it does not exist.

    """
    name, source = requested(named, environ, store)
    if not name:
        return NO_PROFILE
    if name not in store.profiles:
        from ant_cli.settings.logins.configs import has_profile  # late: this is an error

        if has_profile(name, environ):
            problem = f"profile {name!r} belongs to the official tool, and is only read here."
            raise CredentialError(
                problem, f"Change it with that tool, or create one here: ant profile create {name}"
            )
        raise unknown_profile(name, source, store)
    return SelectedProfile(name, source, store.profiles[name])


def requested(named: str | None, environ: Mapping[str, str], store: ProfileStore) -> tuple[str, str]:
    """Return the name of the profile to use, and the source of that name. The profile may not exist.

    Raises:
        BadValue: if --profile is empty.

    """
    if named == "":
        raise BadValue("--profile", "needs a name", "`ant profile list` shows the profiles.")
    sources = (
        (named, "--profile"),
        (environ.get(variables.PROFILE), variables.PROFILE),
        (store.active, "active"),
    )
    return next(((name, source) for name, source in sources if name), ("", ""))


def unknown_profile(name: str, source: str, store: ProfileStore, others: Iterable[str] = ()) -> CredentialError:
    """Return the error for a profile that does not exist.

    Args:
        name: Its name.
        source: Where the name comes from; empty if it was an argument.
        store: The profiles that exist.
        others: The names of other profiles that could be used.

    """
    origin = {"active": f" (active in {store.path})", "": ""}.get(source, f" (from {source})")
    known = sorted({*store.profiles, *others})
    hint = f"The profiles are: {', '.join(known)}." if known else f"Create it: ant auth login --profile {name}"
    if known and source == "active":
        hint += f" To choose one: {activation(known)}"
    return CredentialError(f"profile {name!r}{origin} does not exist.{did_you_mean(name, known)}", hint)


def activation(names: Iterable[str]) -> str:
    """Return the command that activates the first of some profiles."""
    from ant_cli.runtime.shell import quote

    return f"ant profile activate {quote(min(names))}"


def shown(key: str, value: object) -> str:
    """Return a profile's value for people. It is masked if it is a secret, or may be one because it is unknown."""
    from ant_cli.runtime.redaction import redact, strip_userinfo

    text = str(value)
    if key in PROFILE_SETTINGS and (key not in SECRET_KEYS or text.startswith(KEYRING)):
        return redact(strip_userinfo(text), ())  # such as a command with a key in it
    return mask(text)


# The file


def read_store(runtime: Runtime, *, fix_mode: bool = True) -> ProfileStore:
    """Read the profiles, and register their secrets for redaction.

    With `fix_mode`, other users lose the permission to read the file. If they can change it, it is rejected,
    because they may have done that already.

    Raises:
        CredentialError: if the file exists, but can't be read, trusted or parsed.

    """
    where = config_dir(runtime.environ)
    if where is None:
        return NO_STORE
    path = where / FILE_NAME
    try:
        with open_trusted(str(path), _RULE) as file:
            if fix_mode:
                _restrict_mode(file.fileno(), path, runtime)
            data = read_to_limit(file, _RULE)
    except FileNotFoundError:
        return ProfileStore(path)
    except OSError as error:
        hints = filter(None, (getattr(error, "hint", ""), _WITHOUT_PROFILES))
        problem = f"the profiles in {path} can't be read: {os_error_text(error)}."
        raise CredentialError(problem, "\n".join(hints)) from None
    store = ProfileStore(path, _parse(data, path))
    _register_secrets(store, runtime.stderr)
    return store


def _register_secrets(store: ProfileStore, stderr: Stderr) -> None:
    for profile in store.profiles.values():
        for value in map(profile.get, SECRET_KEYS):
            if type(value) in (str, int) and not str(value).startswith(KEYRING):  # digits are a number
                stderr.register_secret(str(value).strip())
        base_url = profile.get("base_url")
        if isinstance(base_url, str) and "@" in base_url:
            from ant_cli.runtime.redaction import url_secrets

            for secret in url_secrets(base_url):
                stderr.register_secret(secret)


def _restrict_mode(descriptor: int, path: Path, runtime: Runtime) -> None:
    facts = os.fstat(descriptor)
    if sys.platform != "win32" and others_may(facts, 0o077):
        try:
            os.fchmod(descriptor, facts.st_mode & 0o700)
        except OSError as error:
            runtime.stderr.say(
                f"Warning: other users can read {path}, and that can't be changed: {os_error_text(error)}."
            )
        else:
            runtime.hint(f"Note: other users could read {path}; now only you can.")


def _parse(data: bytes, path: Path) -> dict[str, Any]:
    """Parse the file. Raises CredentialError with line and column if it is malformed."""
    import tomllib

    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line, column = _position(data[: error.start].decode("utf-8-sig", "replace"))
        raise _malformed(path, f"line {line}, column {column}", "not text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _malformed(path, *_toml_problem(error, text)) from None
    _check_shape(document, path)
    return document


def _toml_problem(error: Exception, text: str) -> tuple[str, str]:
    """Return the position of a TOML error, and its description."""
    match = re.fullmatch(r"(.*) \(at (line \d+, column \d+|end of document)\)", str(error), re.DOTALL)
    if match is None:
        return "", "it is nested too deeply, or contains a number that is too long"
    if match[2].startswith("line"):
        return match[2], match[1]
    line, column = _position(text)
    return f"line {line}, column {column}", match[1]


def _position(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def _malformed(path: Path, position: str, why: str) -> CredentialError:
    return CredentialError(
        f"{path}{', ' if position else ''}{position}: {why}.",
        f"Correct the file, or move it away; it was not changed.\n{_WITHOUT_PROFILES}",
    )


def _check_shape(document: Mapping[str, object], path: Path) -> None:
    """Reject TOML with the wrong structure. Unknown keys are fine."""
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(profile, dict) for profile in profiles.values()):
        raise _malformed(path, "", "profiles must be tables, such as [profiles.work]")
    if not isinstance(document.get("active", ""), str):
        raise _malformed(path, "", 'active must be the name of a profile, such as active = "work"')
