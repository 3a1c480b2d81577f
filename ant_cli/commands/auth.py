"""`ant auth`: store a key, say which one is used and why, print it for other tools, remove it."""

from __future__ import annotations

from ant_cli.commands.auth_status import as_data, as_text
from ant_cli.commands.framework import note_active_profile, note_profile_variable, print_result
from ant_cli.commands.probe import verify
from ant_cli.commands.prompts import key_for_login
from ant_cli.errors import AntError, UsageError
from ant_cli.help.tool_rows import PROFILE, REQUEST
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.settings.editing import check_name, edit
from ant_cli.settings.loading import load, no_credential, with_secret
from ant_cli.settings.notes import note_ambiguous_credential
from ant_cli.settings.profiles import NO_PROFILE, Profile, Store, read_store, requested, select
from ant_cli.settings.secrets import into_keyring, open_keyring, out_of_keyring
from ant_cli.settings.sources import VARIABLES, setting_sources
from ant_cli.settings.validators import CREDENTIAL_FIELDS, check_base_url, check_header, check_new_secret, mask

FIRST_PROFILE = "default"
"""The name of the profile if nobody gives it one."""
KEY_VARIABLES = (VARIABLES["api_key"], VARIABLES["auth_token"])

# Log in


def login(
    runtime: Runtime,
    flags: Flags,
    *,
    api_key_stdin: bool = False,
    no_verify: bool = False,
    keyring: bool = False,
) -> None:
    """Store a key in a profile. It is asked for on the terminal, without echo, or read from stdin."""
    store = read_store(runtime)
    name = check_name(requested(flags.text("profile"), runtime.environ, store)[0] or FIRST_PROFILE)
    chosen = chosen_settings(flags)
    if keyring:
        open_keyring()
    key = check_new_secret("the key", key_for_login(flags.text("api_key"), name, runtime, piped=api_key_stdin))
    profile = without_credentials(store.profiles.get(name, {})) | chosen
    if not no_verify:
        try_out(key, name, profile, flags, store, runtime)
    store_key(key, name, chosen, runtime, in_keyring=keyring)
    tell_of_shadows(runtime)
    note_profile_variable(name, runtime)


def chosen_settings(flags: Flags) -> dict[str, str]:
    """Return what the profile will hold beside the key: what was typed, and no variable's value."""
    chosen = {}
    source = next(setting_sources("base_url", flags, {}, NO_PROFILE))
    if source.label != "default":
        chosen["base_url"] = check_base_url(*source)
    if workspace_id := flags.text("workspace_id"):
        chosen["workspace_id"] = check_header("--workspace-id", workspace_id)
    return chosen


def without_credentials(profile: Profile) -> dict[str, object]:
    """Return a profile without its credentials."""
    return {key: value for key, value in profile.items() if key not in CREDENTIAL_FIELDS}


def try_out(key: str, name: str, profile: Profile, flags: Flags, store: Store, runtime: Runtime) -> None:
    """Ask the server whether it takes the key, with the settings that the profile will have."""
    planned = store.with_profile(name, profile)
    settings = load(runtime, flags.with_values(api_key=key, profile=name), planned)
    try:
        verify(settings, runtime, "The key works")
    except AntError as error:
        raise error.with_hints(
            "Nothing was stored. To store the key without asking the server: --no-verify"
        ) from None


def store_key(key: str, name: str, chosen: dict[str, str], runtime: Runtime, *, in_keyring: bool) -> None:
    """Store the key in place of whatever credentials the profile had."""
    value = into_keyring(name, key) if in_keyring else key
    try:
        with edit(runtime) as draft:
            before = draft.profiles.get(name, {})
            draft.profiles[name] = without_credentials(before) | chosen | {"api_key": value}
            draft.active = draft.active if draft.active in draft.profiles else name
    except AntError:
        out_of_keyring(value)
        raise
    runtime.stderr.say(f"Stored the key {mask(key)} in profile {name!r}{also_gone(before)}.")
    note_active_profile(name, draft.active, runtime)
    out_of_keyring(before.get("api_key"))


def also_gone(before: Profile) -> str:
    """Return what the new key replaces, in words."""
    gone = [key for key in CREDENTIAL_FIELDS if before.get(key)]
    return f", in place of its {' and '.join(gone)}" if gone else ""


def tell_of_shadows(runtime: Runtime) -> None:
    """Say what makes commands use another credential than a profile's."""
    for variable in KEY_VARIABLES:
        if runtime.environ.get(variable, "").strip():
            runtime.hint(f"Note: {variable} is set, and wins over every profile until you unset it.")
    for setting in ("base_url", "workspace_id"):
        if runtime.environ.get(VARIABLES[setting]):
            runtime.hint(
                f"Note: {VARIABLES[setting]} is set, and wins over every profile's {setting} until you unset it."
            )


# Which key is used


def status(
    runtime: Runtime,
    flags: Flags,
    *,
    check: bool = False,
) -> None:
    """Show every place where a credential may be, which one is used, and why. Exit 4 if there is none."""
    store = read_store(runtime)
    asked = flags.only((*PROFILE, *REQUEST))
    settings = load(runtime, asked, store)
    data = as_data(settings, asked, runtime.environ, store)
    print_result(runtime, flags, as_text(data), data)
    if not data["usable"]:
        raise no_credential(settings.connection.profile_name)
    if check:
        verify(settings, runtime, "The server takes it")


def token(runtime: Runtime, flags: Flags) -> None:
    """Print the credential that is used, bare, for other tools."""
    settings = load(runtime, flags)
    note_ambiguous_credential(settings.provenance, runtime)
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name)
    runtime.stdout.write(with_secret(credential, runtime).secret.encode() + b"\n")


# Log out


def logout(
    runtime: Runtime,
    flags: Flags,
    *,
    all: bool = False,  # noqa: A002 - named as the flag is
) -> None:
    """Remove the credentials of a profile; its other settings stay."""
    if all and "profile" in flags:
        raise UsageError("--all and --profile exclude each other.", "Leave one of them out.")
    store = read_store(runtime)
    names = sorted(store.profiles) if all else [select(flags.text("profile"), runtime.environ, store).name]
    removed = remove_credentials([name for name in names if name], runtime)
    for name in removed:
        runtime.stderr.say(f"Removed the credentials of profile {name!r}.")
    if not removed:
        runtime.stderr.say("There was no credential to remove.")
    for variable in KEY_VARIABLES:
        if runtime.environ.get(variable):
            runtime.hint(f"Note: {variable} is still set.")
    out_of_keyring(*(profile.get("api_key") for profile in removed.values()))


def remove_credentials(names: list[str], runtime: Runtime) -> dict[str, Profile]:
    """Remove the credentials of profiles, and return those that had any, as they were."""
    if not names:
        return {}
    with edit(runtime) as draft:
        profiles: dict[str, Profile] = {name: draft.existing(name) for name in names}
        removed = {name: old for name, old in profiles.items() if any(key in old for key in CREDENTIAL_FIELDS)}
        for name, old in removed.items():
            draft.profiles[name] = without_credentials(old)
    return removed
