"""`ant profile`: named keys and settings, to switch between organizations, workspaces and servers."""

from __future__ import annotations

import getpass
import os
import signal
import sys
import warnings
from collections.abc import Callable
from math import isfinite
from typing import Any

from ant_cli.commands import print_result, wants_structured
from ant_cli.errors import AntError, CredentialError, UnknownName, UsageError
from ant_cli.errors.command_line import FROM, command_line
from ant_cli.operations.formats import BY_NAME
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.redaction import REDACTED, may_be_key
from ant_cli.runtime.signals import signal_handlers
from ant_cli.settings.credentials import read_piped_secret
from ant_cli.settings.key_references import delete_keys
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.logins import has_profile, profile_names
from ant_cli.settings.profiles import (
    Profile,
    ProfileStore,
    edit,
    read_store,
    shown,
    unknown_profile,
)
from ant_cli.settings.rows import (
    PROFILE_SETTINGS,
    SECRET_KEYS,
    VARIABLES,
    check_new_secret,
    check_secret,
)
from ant_cli.settings.selection import SelectedProfile, select, select_own, usable_instead

_KEYS = ", ".join(PROFILE_SETTINGS)


# Show


def list_profiles(runtime: Runtime, flags: Flags) -> None:
    """List the profiles, with a * before the active one, and those of the official tool after them."""
    store = read_store(runtime)
    rows = _rows(store, runtime)
    has_columns = BY_NAME[flags.get("format", "auto")].has_columns
    if has_columns and "columns" not in flags and "transform" not in flags:
        given = [key for key in (*PROFILE_SETTINGS, "official") if any(key in row for row in rows)]
        flags = flags.with_values(columns=["name", "active", *given])
    if rows:
        print_result(runtime, flags, "\n".join(map(_line, rows)), rows)
    else:
        runtime.say(f"There is no profile yet. Create one: {command_line('auth login')}")
    note_profile_variable(store.active, runtime)


def _rows(store: ProfileStore, runtime: Runtime) -> list[dict[str, Any]]:
    """Return the profiles of this program, then those of the official tool that have other names."""
    active = store.active or usable_instead(None, runtime.environ)
    rows = [
        {"name": name, "active": name == active, **_masked(store.profiles[name])}
        for name in sorted(store.profiles)
    ]
    for name in profile_names(runtime.environ):
        if name not in store.profiles:
            rows.append({"name": name, "active": name == active, "official": True})
    return rows


def _line(row: dict[str, Any]) -> str:
    mark = "*" if row["active"] else " "
    owner = " (of the official ant)" if "official" in row else ""
    return f"{mark} {row['name']}{owner}"


def _masked(profile: Profile) -> dict[str, Any]:
    return {
        key: value if _is_number(value) else shown(key, value)
        for key, value in sorted(profile.items())
    }


def _is_number(value: object) -> bool:
    """Return whether JSON can represent a value as a number. A number is never a secret."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def get(runtime: Runtime, flags: Flags, *, key: str | None = None) -> None:
    """Print one value of a profile, or all of them, with secrets masked."""
    profile = _existing(
        select(flags.get("profile"), runtime.environ, read_store(runtime), needs_login=True)
    )
    values = _masked({name: value for name, value in profile.values.items() if value})
    if key is not None:
        if key not in values:
            raise _no_value(key, profile)
        print_result(runtime, flags, str(values[key]), values[key])
    elif values or wants_structured(flags):
        text = "\n".join(f"{name} = {value}" for name, value in values.items())
        print_result(runtime, flags, text, values)
    else:
        runtime.say(f"Profile {profile.name!r} is empty.")


def _no_value(key: str, profile: SelectedProfile) -> AntError:
    """Return the error for a value that a profile does not have."""
    _check_key(key)
    problem = f"profile {profile.name!r} has no {key}."
    if profile.official:
        return AntError(problem)
    value = [FROM, "FILE"] if key in SECRET_KEYS else ["VALUE"]
    line = command_line("profile set", key, "--profile", profile.name, *value)
    return AntError(problem, f"Set it: {line}")


def _selected(flags: Flags, runtime: Runtime, store: ProfileStore) -> SelectedProfile:
    """Return the profile to change. Raises CredentialError without one."""
    return _existing(select_own(flags.get("profile"), runtime.environ, store))


def _existing(profile: SelectedProfile) -> SelectedProfile:
    if profile.name:
        return profile
    raise CredentialError(
        "no profile is active.",
        f"Name one with --profile, or: {command_line('profile activate NAME')}",
        f"To create one: {command_line('profile create NAME')}, or with a key: {command_line('auth login')}",
    )


def _check_key(key: str) -> None:
    """Raise UsageError unless a profile can have this key."""
    if key in PROFILE_SETTINGS:
        return
    name = key.partition("=")[0]
    if name in PROFILE_SETTINGS:
        raise UsageError(
            "a setting and its value are two arguments.",
            f"Write: {command_line('profile set', name, 'VALUE')}",
        )
    hint = f"The settings are: {_KEYS}."
    variable = VARIABLES.get(key, f"ANTHROPIC_{key.upper()}")
    if variable in VARIABLES.values():
        hint = f"A profile can't have it: set {variable}."
    raise UnknownName(
        "setting", key, PROFILE_SETTINGS, hint, shown="" if _is_a_name(key) else REDACTED
    )


def _is_a_name(key: str) -> bool:
    """Whether an unknown key is the name of a setting, and not a key that was typed in its place."""
    if not may_be_key(key):
        return True
    end = key.upper().replace("-", "_")
    return any(variable.endswith(end) for variable in VARIABLES.values())


# Change


def set_value(runtime: Runtime, flags: Flags, *, key: str, value: str | None = None) -> None:
    """Set a value of a profile. A secret is read from stdin, never from the command line."""
    _check_key(key)
    name = _selected(flags, runtime, read_store(runtime)).name
    if key in SECRET_KEYS:
        stored: str | float = check_new_secret(key, _secret(key, value, runtime))
    elif value:
        stored = _stored_form(PROFILE_SETTINGS[key].value_of(key, value))
    else:
        unset = command_line("profile unset", key)
        hint = f"{command_line('profile set', key, 'VALUE')}, or: {unset}"
        raise UsageError(f"{key} needs a value.", hint)
    with edit(runtime) as draft:
        profile = draft.existing(name)
        before = profile.get(key)
        profile[key] = stored
    runtime.say(f"Set {key} of profile {name!r} to {shown(key, stored)}.")
    delete_keys(before)


def _secret(key: str, typed: str | None, runtime: Runtime) -> str:
    """Return a secret from stdin, or else from the prompt. Raises UsageError if it was typed as an argument."""
    command = command_line("profile set", key)
    if typed is not None:
        runtime.redactor.register(typed)
        raise UsageError(
            f"{key} is not accepted on the command line, which other users can read.",
            f"Pipe it in: {command} < FILE. The one that you typed is now in the shell's history.",
        )
    if runtime.stdin.has_input:
        return read_piped_secret(runtime, command)
    return prompt_secret(f"{key} (not shown): ", runtime, command)


def _ask_hidden(prompt: str) -> str:
    # without a console, getpass reads the end of its input again and again
    if sys.platform == "win32":
        os.close(os.open("CONIN$", os.O_RDONLY))
    return getpass.getpass(prompt)


def prompt_secret(
    prompt: str, runtime: Runtime, instead: str, ask: Callable[[str], str] = _ask_hidden
) -> str:
    """Ask for a secret on the terminal, without echo.

    If several lines are pasted, getpass returns the first and discards the others, which can't be noticed here. But
    `auth login` verifies the key, and the server rejects a part of one.

    Raises:
        UsageError: if nothing is entered, or no terminal can hide the input.

    """
    try:
        ignored: dict[int, int] = {}
        if sys.platform != "win32":  # after Ctrl-Z, the shell would turn echo back on with `fg`
            ignored = {signal.SIGTSTP: signal.SIG_IGN}
        with warnings.catch_warnings(), signal_handlers(ignored):
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed = ask(prompt)
    except EOFError:  # Ctrl-D
        runtime.say("")  # further output starts on a new line
        raise UsageError("nothing was entered.") from None
    except (getpass.GetPassWarning, OSError):
        raise UsageError(
            "there is no terminal to ask on.", f"Pipe the secret in: {instead} < FILE"
        ) from None
    except KeyboardInterrupt:
        runtime.say("")  # for the shell
        raise
    runtime.redactor.register(typed.strip())
    return check_secret("the secret", typed)


def _stored_form(value: str | float) -> str | float:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unset(runtime: Runtime, flags: Flags, *, key: str) -> None:
    """Remove a value of a profile."""
    name = _selected(flags, runtime, read_store(runtime)).name
    with edit(runtime) as draft:
        profile = draft.existing(name)
        if key not in profile:
            _check_key(key)
            runtime.say(f"Profile {name!r} has no {key}.")
            return
        before = profile.pop(key)
    runtime.say(f"Removed {key} of profile {name!r}.")
    delete_keys(before)


# Names


def activate(runtime: Runtime, _flags: Flags, *, name: str) -> None:
    """Make a profile the active one, which is used if no other is named. It may be one of the official tool."""
    store = read_store(runtime)
    if name not in store.profiles and not has_profile(name, runtime.environ):
        raise unknown_profile(name, "", store, profile_names(runtime.environ))
    with edit(runtime) as draft:
        draft.active = name
    runtime.say(f"The active profile is now {name!r}.")
    note_profile_variable(name, runtime)


def deactivate(runtime: Runtime, _flags: Flags) -> None:
    """Leave no profile active."""
    with edit(runtime) as draft:
        draft.active = ""
    runtime.say("No profile is active now.")
    note_profile_variable("", runtime)


def create(
    runtime: Runtime, flags: Flags, *, name: str, api_key_command: str | None = None
) -> None:
    """Create a profile. The first one becomes the active one."""
    values = {key: _stored_form(value) for key, value in flags.items()}
    if api_key_command is not None:
        values["api_key_command"] = api_key_command
    with edit(runtime) as draft:
        draft.new(name).update(values)
        draft.active = draft.active or name
    runtime.say(f"Created profile {name!r}.")
    note_active_profile(name, draft.active, runtime)
    if "api_key_command" not in values and not is_local(str(values.get("base_url"))):
        runtime.hint(f"It has no key yet: {command_line('auth login --profile', name)}")


def rename(runtime: Runtime, _flags: Flags, *, name: str, new_name: str) -> None:
    """Rename a profile."""
    with edit(runtime) as draft:
        profile = draft.existing(name)
        draft.new(new_name).update(profile)
        del draft.profiles[name]
        if draft.active == name:
            draft.active = new_name
    runtime.say(f"Profile {name!r} is now {new_name!r}.")


def delete(runtime: Runtime, _flags: Flags, *, name: str) -> None:
    """Delete a profile, with its key."""
    with edit(runtime) as draft:
        profile = draft.existing(name)
        del draft.profiles[name]
        was_active = draft.active == name
        if was_active:
            draft.active = ""
    runtime.say(f"Deleted profile {name!r}.")
    if was_active:
        runtime.hint(
            f"No profile is active now. To choose one: {command_line('profile activate NAME')}"
        )
    delete_keys(profile.get("api_key"))


# Notes that say which profile is used from now on


def note_active_profile(name: str, active: str, runtime: Runtime) -> None:
    """Note whether a stored profile is the active one, and if not, how to use it."""
    if name == active:
        runtime.say("It is the active profile: commands use it from now on.")
    else:
        command = command_line("profile activate", name)
        runtime.say(
            f"The active profile is {active!r}. To use this one: --profile {name}, or {command}"
        )


def note_profile_variable(name: str, runtime: Runtime) -> None:
    """Note that ANTHROPIC_PROFILE selects another profile in this shell."""
    other = runtime.environ.get(variables.PROFILE)
    if other and other != name:
        runtime.hint(f"Note: ANTHROPIC_PROFILE is set, and selects profile {other!r}.")
