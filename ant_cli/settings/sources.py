"""Where settings come from: flag, then variable, then profile, then default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ant_cli.errors import exclude_each_other
from ant_cli.operations.spec import Flags
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.local_emulator import LOCAL
from ant_cli.settings.profiles import NO_PROFILE, SelectedProfile
from ant_cli.settings.rows import FEDERATION, SETTINGS, Setting


class SettingSource(NamedTuple):
    """A value of a setting, and where it was found."""

    label: str
    """The flag, variable or profile key, as messages name it; or `default`."""
    text: str
    fix_hint: str = ""
    """How to correct a value that can't be used; empty if that is obvious."""


def setting_sources(
    setting: Setting, flags: Flags, environ: Mapping[str, str], profile: SelectedProfile
) -> Iterator[SettingSource]:
    """Yield the sources of a setting that have a value, by precedence: the first is used.

    Empty variables and empty profile values are treated as unset. A profile of the official tool comes before the
    variables, which only supply missing values: its token was issued for the server and workspace in the profile.

    Raises:
        UsageError: if --local and --base-url contradict each other.
        BadValue: if the profile's value is neither text nor a number.

    """
    name, text = setting.name, flags.text(setting.name)
    profile = profile if setting.in_profile else NO_PROFILE
    if name == "base_url" and flags.is_on("local"):
        if text not in (None, LOCAL):
            raise exclude_each_other("--local", "--base-url")
        yield SettingSource("--local", LOCAL)
    if text or (text is not None and not (setting.is_global and setting.variable)):
        yield SettingSource(setting.param.flag, text)
    if profile.official:
        yield from _stored(name, profile)
    if text := environ.get(setting.variable):
        yield SettingSource(setting.variable, text)
    if not profile.official:
        yield from _stored(name, profile)
    yield SettingSource("default", setting.param.default)


def _stored(name: str, profile: SelectedProfile) -> Iterator[SettingSource]:
    if text := profile.text(name):
        yield SettingSource(profile.where(name), text, profile.fix_hint(name))


class RuleValues(NamedTuple):
    """The values of a federation that flags and variables give, by the names of their settings."""

    typed: Mapping[str, str]
    exported: Mapping[str, str]


def rule_values(flags: Flags, environ: Mapping[str, str]) -> RuleValues:
    """Return the values of a federation, and the workspace, that flags and variables give. None is blank."""
    rows = (*FEDERATION, SETTINGS["workspace_id"])
    typed = {row.name: text for row in rows if (text := (flags.text(row.name) or "").strip())}
    return RuleValues(typed, {row.name: text for row in rows if (text := environ.get(row.variable, "").strip())})
