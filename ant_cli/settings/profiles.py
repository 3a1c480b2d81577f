"""Reading: in which file the profiles are, what it says, and which one is used.

This is on the way of every API command: where there is no file, one attempt to open it is all that happens.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.errors import BadValue, CredentialError, UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, os_error_text, read_limited
from ant_cli.settings.validators import KEYRING, SECRET_FIELDS

FILE_NAME = "profiles.toml"
FOLDER_VARIABLE = "ANTHROPIC_CONFIG_DIR"
WITHOUT_PROFILES = f"To go on without profiles: {FOLDER_VARIABLE}={os.devnull}"
Profile = Mapping[str, object]


class Store(NamedTuple):
    """What the profiles file holds; nothing if there is none."""

    path: Path | None = None
    """None if there is nowhere to keep it: no home folder, or profiles are not wanted."""
    document: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        """Return where it is, and no secret."""
        return f"Store(path={str(self.path)!r})"

    @property
    def active(self) -> str:
        """The profile that is used if no other is named; empty if none is."""
        active: str = self.document.get("active", "")
        return active

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """The profiles by their names."""
        profiles: Mapping[str, Profile] = self.document.get("profiles", {})
        return profiles

    def with_profile(self, name: str, profile: Profile) -> Store:
        """Return the store as it would be with another profile, or the same one changed."""
        profiles = {**self.profiles, name: profile}
        return self._replace(document={**self.document, "profiles": profiles})


NO_STORE = Store()


class SelectedProfile(NamedTuple):
    """The profile of a run; without a name if there is none."""

    name: str = ""
    source: str = ""
    """What named it: --profile, ANTHROPIC_PROFILE, or active."""
    values: Mapping[str, object] = {}

    def __repr__(self) -> str:
        """Return which it is, and no secret."""
        return f"SelectedProfile(name={self.name!r}, source={self.source!r})"

    def where(self, key: str) -> str:
        """Return how messages name one of its values."""
        return f"{key} of profile {self.name!r}"

    def fix_hint(self, key: str) -> str:
        """Return how to correct one of its values."""
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


def select(named: str | None, environ: Mapping[str, str], store: Store) -> SelectedProfile:
    """Return the profile that --profile names, or else ANTHROPIC_PROFILE, or else the active one.

    A name that does not exist is an error and never a reason to use another profile: it may be the key of
    another organization.

    Raises:
        CredentialError: if there is no such profile.

    """
    name, source = requested(named, environ, store)
    if not name:
        return NO_PROFILE
    if name not in store.profiles:
        raise unknown_profile(name, source, store)
    return SelectedProfile(name, source, store.profiles[name])


def requested(named: str | None, environ: Mapping[str, str], store: Store) -> tuple[str, str]:
    """Return the name of the profile to use, which may not exist, and what named it."""
    if named == "":
        raise BadValue("--profile", "needs a name", "`ant profile list` shows the profiles.")
    places = (
        (named, "--profile"),
        (environ.get("ANTHROPIC_PROFILE"), "ANTHROPIC_PROFILE"),
        (store.active, "active"),
    )
    return next(((name, source) for name, source in places if name), ("", ""))


def unknown_profile(name: str, source: str, store: Store) -> CredentialError:
    """Return the error about a profile that does not exist."""
    by = {"active": f", which is the active one in {store.path}", "": ""}.get(source, f", which {source} names")
    known = sorted(store.profiles)
    advice = f"The profiles are: {', '.join(known)}." if known else f"Create it: ant auth login --profile {name}"
    if known and source == "active":
        advice += " To choose one: ant profile activate NAME"
    return CredentialError(f"there is no profile {name!r}{by}.{did_you_mean(name, known)}", advice)


# The file


def folder(
    environ: Mapping[str, str], platform: str = os.name, expand: Callable[[str], str] = os.path.expanduser
) -> Path | None:
    """Return the folder of the profiles; None if the user has no home, or wants no profiles."""
    if named := environ.get(FOLDER_VARIABLE):
        if named[0] == "~":  # a folder of this name would be made wherever one happens to be
            raise BadValue(FOLDER_VARIABLE, "begins with ~, which only a shell replaces: write the whole path")
        return None if named == os.devnull else Path(named)
    if platform == "nt" and (roaming := environ.get("APPDATA")):
        return Path(roaming) / "Anthropic"
    home = environ.get("HOME") or expand("~")
    return None if home == "~" else Path(home) / ".config" / "anthropic"


def read_store(runtime: Runtime, *, narrow: bool = True) -> Store:
    """Read the profiles, and register their secrets for redaction.

    With `narrow`, the permissions of other users are removed from the file.

    Raises:
        CredentialError: if there is a file that can't be read or understood.

    """
    where = folder(runtime.environ)
    if where is None:
        return NO_STORE
    path = where / FILE_NAME
    try:
        with open(path, "rb", opener=without_waiting) as file:
            refuse_foreign(file.fileno(), path)
            if narrow:
                keep_private(file.fileno(), path, runtime)
            data = read_limited(file, str(path))
    except FileNotFoundError:
        return Store(path)
    except OSError as error:
        raise unreadable(path, os_error_text(error)) from None
    except UsageError:
        raise unreadable(path, "it is too long for a file of profiles") from None
    store = Store(path, parse(data, path))
    _register_secrets(store, runtime.stderr)
    return store


def _register_secrets(store: Store, stderr: Stderr) -> None:
    for profile in store.profiles.values():
        for value in map(profile.get, SECRET_FIELDS):
            if isinstance(value, str) and not value.startswith(KEYRING):
                stderr.register_secret(value.strip())
        base_url = profile.get("base_url")
        if isinstance(base_url, str) and "@" in base_url:
            from ant_cli.runtime.redaction import url_secrets

            for secret in url_secrets(base_url):
                stderr.register_secret(secret)


def without_waiting(name: str, flags: int) -> int:
    """Open a file; without O_NONBLOCK, a pipe would wait for a writer before it can be refused."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def unreadable(path: Path, why: str) -> CredentialError:
    """Return the error about a profiles file that exists but can't be read."""
    return CredentialError(f"the profiles in {path} can't be read: {why}.", WITHOUT_PROFILES)


def refuse_foreign(descriptor: int, path: Path) -> None:
    """Refuse what is not a file, or belongs to another user, who may change it."""
    if os.name == "nt":  # the folder's access list decides there
        return
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):  # a device is everybody's, and keeps its permissions
        raise unreadable(path, "it is a pipe or a device, not a file")
    if is_foreign(facts.st_uid, os.geteuid()):
        import shlex

        raise CredentialError(
            f"{path} belongs to another user, who could send your requests elsewhere.",
            f"If it is yours after all: sudo chown $(id -u) {shlex.quote(str(path))}\n{WITHOUT_PROFILES}",
        )


def keep_private(descriptor: int, path: Path, runtime: Runtime) -> None:
    """Take away what other users may do with the file, or warn that this is not possible."""
    mode = os.fstat(descriptor).st_mode
    if os.name != "nt" and mode & 0o077:
        try:
            os.fchmod(descriptor, mode & 0o700)
        except OSError as error:
            runtime.stderr.say(
                f"Warning: other users can read {path}, and that can't be changed: {os_error_text(error)}."
            )
        else:
            runtime.hint(f"Note: other users could read {path}; now only you can.")


def is_foreign(owner: int, me: int) -> bool:
    """Whether a file is neither mine nor root's. Root may use everybody's, as with sudo."""
    return me != 0 and owner not in (0, me)


def parse(data: bytes, path: Path) -> dict[str, Any]:
    """Return what the file says; CredentialError, with line and column, if it is not what it should be."""
    import tomllib

    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line, column = position(data[: error.start].decode("utf-8-sig", "replace"))
        raise broken(path, f"line {line}, column {column}", "not text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise broken(path, *where_and_why(error, text)) from None
    check_shape(document, path)
    return document


def where_and_why(error: Exception, text: str) -> tuple[str, str]:
    """Return the place of a mistake in TOML, and what is wrong there."""
    match = re.fullmatch(r"(.*) \(at (line \d+, column \d+|end of document)\)", str(error), re.DOTALL)
    if match is None:
        return "", "it is nested too deep, or holds a number that is too long"
    if match[2].startswith("line"):
        return match[2], match[1]
    line, column = position(text)
    return f"line {line}, column {column}", match[1]


def position(text: str) -> tuple[int, int]:
    """Return the line and the column of what follows a text."""
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def broken(path: Path, place: str, why: str) -> CredentialError:
    """Return the error about a file that can't be understood."""
    return CredentialError(
        f"{path}{', ' if place else ''}{place}: {why}.",
        f"Correct the file, or move it away; it was not changed.\n{WITHOUT_PROFILES}",
    )


def check_shape(document: Mapping[str, object], path: Path) -> None:
    """Refuse TOML that is no store of profiles. What is unknown beside them is fine."""
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(profile, dict) for profile in profiles.values()):
        raise broken(path, "", "profiles must be tables, such as [profiles.work]")
    if not isinstance(document.get("active", ""), str):
        raise broken(path, "", 'active must be the name of a profile, such as active = "work"')
