"""Selecting a profile of the official tool for a run."""

from __future__ import annotations

from ant_cli.errors import CredentialError
from ant_cli.runtime import Runtime
from ant_cli.settings.logins.configs import OfficialProfile, active_name, profile_names, read_profile
from ant_cli.settings.profiles import NO_PROFILE, ProfileStore, SelectedProfile, unknown_profile

ACTIVE = "active_config"
"""The source of the profile's name if there is no other: the official tool's file, or its default."""


def select_official(name: str, source: str, runtime: Runtime, store: ProfileStore) -> SelectedProfile:
    """Return the official tool's profile with this name; without a name, its active one if that is logged in.

    Raises:
        CredentialError: if a profile of this name does not exist, or its file can't be used.

    """
    environ = runtime.environ
    if not name:
        active = read_profile(active_name(environ), environ)
        return _selected(active, ACTIVE) if active and active.is_logged_in else NO_PROFILE
    profile = read_profile(name, environ)
    if profile is None:
        raise unknown_profile(name, source, store, profile_names(environ))
    return _selected(profile, source)


def usable_instead(name: str, runtime: Runtime) -> str:
    """Return the name of the official tool's active profile, if it is logged in and its name is not this one."""
    try:
        active = read_profile(active_name(runtime.environ), runtime.environ)
    except CredentialError:  # it could not be used either
        return ""
    return active.name if active and active.is_logged_in and active.name != name else ""


def _selected(profile: OfficialProfile, source: str) -> SelectedProfile:
    values = {"base_url": profile.base_url, "workspace_id": profile.workspace_id}
    return SelectedProfile(profile.name, source, {key: value for key, value in values.items() if value}, profile)
