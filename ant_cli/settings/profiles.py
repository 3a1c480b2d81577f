"""The profiles file: read it, and change it under a lock, completely or not at all.

Every API command reads it; without a file that costs one attempt to open it.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.errors import CredentialError, OutputError, UsageError, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.redaction import redact, strip_userinfo
from ant_cli.runtime.trusted_files import (
    FileRule,
    check_folders,
    check_place,
    open_trusted,
    others_may,
    read_to_limit,
)
from ant_cli.settings import secrets_in
from ant_cli.settings.rows import KEYRING, PROFILE_SETTINGS, SECRET_KEYS, mask
from ant_cli.settings.variable_rows import value_of

FILE_NAME = "profiles.toml"
_RULE = FileRule(1_000_000, safe_folders=True, own_place=True, may_be_link=True)
"""It is strict, because the file has API keys, servers, and commands that are run."""
_MOST_DOTS = 100
"""The most dots in a line: for those in a key, the time of `tomllib` grows with the square of their number."""
_CORRECT = "Correct the file, or move it away; it was not changed."
_WITHOUT_PROFILES = f"To run without profiles: {variables.CONFIG_DIR}={os.devnull}"
_NOTE_AFTER_S = 1.0
_LOCK_LIMIT_S = 10.0
Profile = Mapping[str, object]


def config_dir(
    environ: Mapping[str, str],
    platform: str = os.name,
    expand: Callable[[str], str] = os.path.expanduser,
) -> Path | None:
    """Return the folder of the profiles; None without a home directory, or if profiles are disabled."""
    named = value_of(variables.CONFIG_DIR, environ)
    if named == os.devnull:
        return None
    if named is not None:
        return Path(named)
    roaming = environ.get("APPDATA")
    if platform == "nt" and roaming:
        return Path(roaming) / "Anthropic"
    home = environ.get("HOME") or expand("~")
    return None if home == "~" else Path(home) / ".config" / "anthropic"


def check_name(name: str) -> str:
    """Return the name of a profile if it is valid: easy to type, safe to print, and not a key."""
    if name.startswith("sk-ant-"):
        raise UsageError(
            "a key is not a name, and the one that you typed is now in the shell's history.",
            f"To store a key, which is asked for: {command_line('auth login --profile NAME')}",
        )
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageError(
            f"{name!r} is not a valid profile name.",
            "A name consists of letters, digits, and _ . @ -; it begins with a letter, a digit or _.",
        )
    return name


class ProfileStore(NamedTuple):
    """The content of the profiles file; empty if it does not exist. Only the one that `edit` yields is changed."""

    path: Path | None = None
    """None without a home directory, or if profiles are disabled."""
    document: dict[str, Any] = {}  # noqa: RUF012 - `edit` copies it

    def __repr__(self) -> str:
        """Return a representation without the secrets."""
        return f"ProfileStore(path={str(self.path)!r})"

    @property
    def active(self) -> str:
        """The profile in use if no other is named; empty without one."""
        return str(self.document.get("active", ""))

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
            raise unknown_profile(name, "", self, may_create=False)
        return self.profiles[name]

    def new(self, name: str) -> dict[str, Any]:
        """Add an empty profile and return it; UsageError if the name is taken or invalid."""
        if check_name(name) in self.profiles:
            raise UsageError(
                f"profile {name!r} already exists.",
                f"`{command_line('profile list')}` shows the profiles.",
            )
        return self.profiles.setdefault(name, {})

    def with_profile(self, name: str, profile: Profile) -> "ProfileStore":
        """Return a store with this profile added or replaced."""
        profiles = {**self.profiles, name: dict(profile)}
        return self._replace(document={**self.document, "profiles": profiles})


NO_STORE = ProfileStore()


def unknown_profile(
    name: str,
    source: str,
    store: ProfileStore,
    others: Iterable[str] = (),
    *,
    may_create: bool = True,
) -> CredentialError:
    """Return the error for a profile that does not exist.

    Args:
        name: Its name.
        source: Where the name comes from; empty if it was an argument.
        store: The profiles that exist.
        others: The names of other profiles that could be used.
        may_create: Whether creating it would help.

    """
    origin = {"active": f" (active in {store.path})", "": ""}.get(source, f" (from {source})")
    known = sorted({*store.profiles, *others})
    hints = []
    if known:
        hints.append(f"The profiles are: {', '.join(known)}.")
    if not may_create:
        hints = hints or [f"To list them: {command_line('profile list')}"]
    elif source != "active":
        hints.append(f"To create it: {command_line('auth login --profile', name)}")
    elif known:
        hints.append(f"To choose one: {command_line('profile activate NAME')}")
    problem = f"profile {name!r}{origin} does not exist.{did_you_mean(name, known)}"
    return CredentialError(problem, " ".join(hints))


def shown(key: str, value: object) -> str:
    """Return a profile's value for people. It is masked if it is a secret, or may be one because it is unknown."""
    text = str(value)
    if key in PROFILE_SETTINGS and (key not in SECRET_KEYS or text.startswith(KEYRING)):
        return redact(strip_userinfo(text), ())  # such as a command with a key in it
    return mask(text)


# The file


def read_store(runtime: Runtime) -> ProfileStore:
    """Read the profiles, and register their secrets for redaction.

    Other users lose the permission to read the file. If they can change it, it is rejected, because they may have
    done that already.

    Raises:
        CredentialError: if the file exists, but can't be read, trusted or parsed.

    """
    where = config_dir(runtime.environ)
    if where is None:
        return NO_STORE
    path = where / FILE_NAME
    try:
        with open_trusted(str(path), _RULE) as file:
            _restrict_mode(file.fileno(), path, runtime)
            data = read_to_limit(file, _RULE)
    except FileNotFoundError:
        return ProfileStore(path)
    except OSError as error:
        raise _unreadable(path, os_error_text(error), getattr(error, "hint", "")) from None
    store = ProfileStore(path, _parse(data, path))
    for profile in store.profiles.values():
        suspects = {key: value for key, value in profile.items() if _may_be_secret(value)}
        for secret in secrets_in(suspects):
            runtime.redactor.register(secret)
    return store


def _may_be_secret(value: object) -> bool:
    """Whether a value of a profile may be a secret: a text that is no reference, or a key of digits only."""
    if isinstance(value, str):
        return not value.startswith(KEYRING)
    return type(value) is int  # no bool


def _restrict_mode(descriptor: int, path: Path, runtime: Runtime) -> None:
    facts = os.fstat(descriptor)
    if sys.platform != "win32" and others_may(facts, 0o077):
        try:
            os.fchmod(descriptor, facts.st_mode & 0o700)
        except OSError as error:
            runtime.say(
                f"Warning: other users can read {path}, and that can't be changed: {os_error_text(error)}."
            )
        else:
            runtime.hint(f"Note: other users could read {path}; now only you can.")


def _parse(data: bytes, path: Path) -> dict[str, Any]:
    """Parse the file. Raises CredentialError, with the position, if it is malformed. Unknown keys are fine."""
    import tomllib

    if any(line.count(b".") > _MOST_DOTS for line in data.split(b"\n")):
        raise _unreadable(path, f"a line has more than {_MOST_DOTS} dots")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"it is not text in UTF-8: byte {error.start + 1}") from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from None
    profiles = document.get("profiles", {})
    tables = [profiles, *profiles.values()] if isinstance(profiles, dict) else [profiles]
    if not all(isinstance(each, dict) for each in tables):
        raise _unreadable(path, "profiles must be tables, such as [profiles.work]")
    if not isinstance(document.get("active", ""), str):
        raise _unreadable(path, 'active must be the name of a profile, such as active = "work"')
    return document


def _unreadable(path: Path, why: str, hint: str = _CORRECT) -> CredentialError:
    return CredentialError(f"the profiles in {path} can't be read: {why}.", hint, _WITHOUT_PROFILES)


# Changes


@contextmanager
def edit(runtime: Runtime) -> Iterator[ProfileStore]:
    """Yield the profiles to be changed, and write them at the end, unless that raises or changes nothing.

    Raises:
        CredentialError: if the file can't be parsed; it is not changed.
        OutputError: if the change can't be written; the file is not changed.

    """
    from copy import deepcopy

    import tomli_w

    from ant_cli.runtime.storage import replace_file

    read_store(runtime)  # a file that can't be used is rejected before a folder or a lock is made
    path = writable_path(runtime)
    with _locked(path, runtime):
        store = read_store(runtime)
        store = store._replace(document={"profiles": {}, **store.document})
        before = deepcopy(store.document)
        yield store
        if store.document != before:
            try:
                replace_file(path, tomli_w.dumps(store.document).encode())
            except OSError as error:
                raise _unwritable(path, os_error_text(error)) from None


@contextmanager
def _locked(path: Path, runtime: Runtime) -> Iterator[None]:
    """Keep other processes from changing the profiles. A note names the lock if waiting takes long."""
    from ant_cli.runtime.storage import LockTimeout, Patience, locked

    name = f"{path}.lock"
    patience = Patience(_NOTE_AFTER_S, _LOCK_LIMIT_S, runtime.sleep)

    def note() -> None:
        runtime.say(
            f"Note: waiting for another process that is changing the profiles and holds {name}."
        )

    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, note, patience))
        except OSError as error:
            raise _unwritable(Path(name), os_error_text(error)) from None
        except LockTimeout:
            raise _unwritable(
                path, f"another process has held {name} for {_LOCK_LIMIT_S:g} s"
            ) from None
        yield


def writable_path(runtime: Runtime) -> Path:
    """Return the profiles file, with symbolic links resolved, after creating its folder.

    Raises:
        CredentialError: if there is no folder for profiles.
        OutputError: if it can't be created.

    """
    from ant_cli.runtime.storage import make_private  # late: most commands only read

    folder = config_dir(runtime.environ)
    if folder is None:
        missing = "folder" if runtime.environ.get(variables.CONFIG_DIR) else "home directory"
        raise CredentialError(
            f"there is no {missing} for profiles.", f"Set {variables.CONFIG_DIR} to a folder."
        )
    try:
        check_place(str(folder / FILE_NAME))  # a new file that would be rejected is not written
        make_private(folder)
        check_folders(str(folder / FILE_NAME))
        return (folder / FILE_NAME).resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        raise _unwritable(folder, os_error_text(error), getattr(error, "hint", "")) from None


def _unwritable(path: Path, why: str, hint: str = "") -> OutputError:
    return OutputError(
        f"the profiles in {path} can't be written: {why}. Nothing was changed.",
        hint,
        f"{variables.CONFIG_DIR} can name another folder.",
    )
