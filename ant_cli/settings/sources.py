"""Where settings come from: flag, then variable, then profile, then default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ant_cli.errors import exclude_each_other
from ant_cli.operations.global_flags import MAX_RETRIES, TIMEOUT
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import variables
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.local_emulator import LOCAL
from ant_cli.settings.profiles import SelectedProfile

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULTS = {
    "base_url": DEFAULT_BASE_URL,
    "workspace_id": "",
    "format": "auto",
    TIMEOUT.name: TIMEOUT.default,
    MAX_RETRIES.name: MAX_RETRIES.default,
}
"""The settings that a profile may have, with their defaults."""
VARIABLES = {
    "base_url": variables.BASE_URL,
    "workspace_id": variables.WORKSPACE_ID,
    "api_key": variables.API_KEY,
    "auth_token": variables.AUTH_TOKEN,
    "environment_key": variables.ENVIRONMENT_KEY,
    "federation_rule": variables.FEDERATION_RULE_ID,
    "identity_token": variables.IDENTITY_TOKEN,
    "identity_token_file": variables.IDENTITY_TOKEN_FILE,
    "organization_id": variables.ORGANIZATION_ID,
    "service_account_id": variables.SERVICE_ACCOUNT_ID,
}
_EMPTY_MEANS_UNSET = frozenset(("base_url", "workspace_id"))
"""Flags that are treated as not given if they are empty, as `--base-url "$URL"` may be."""


class SettingSource(NamedTuple):
    """A value of a setting, and where it was found."""

    label: str
    """The flag, variable or profile key, as messages name it; or `default`."""
    text: str
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""


def setting_sources(
    name: str, flags: Flags, environ: Mapping[str, str], profile: SelectedProfile
) -> Iterator[SettingSource]:
    """Yield the sources of a setting that have a value, by precedence: the first is used.

    Empty variables and empty profile values are treated as unset. A profile of the official tool comes before the
    variables, which only supply missing values: its token was issued for the server and workspace in the profile.

    Raises:
        UsageError: if --local and --base-url contradict each other.
        BadValue: if the profile's value is neither text nor a number.

    """
    text = flags.text(name)
    if name == "base_url" and flags.is_on("local"):
        if text not in (None, LOCAL):
            raise exclude_each_other("--local", "--base-url")
        yield SettingSource("--local", LOCAL)
    if text or (text is not None and name not in _EMPTY_MEANS_UNSET):
        yield SettingSource(flag_name(name), text)
    if profile.official:
        yield from _stored(name, profile)
    if text := environ.get(VARIABLES.get(name, "")):
        yield SettingSource(VARIABLES[name], text)
    if not profile.official:
        yield from _stored(name, profile)
    yield SettingSource("default", DEFAULTS[name])


def _stored(name: str, profile: SelectedProfile) -> Iterator[SettingSource]:
    if text := profile.text(name):
        yield SettingSource(profile.where(name), text, profile.fix_hint(name))
