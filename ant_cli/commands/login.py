"""`ant auth login` and `ant auth logout`: verify a key and store it in a profile, and remove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ant_cli.commands.profile import note_active_profile, note_profile_variable, prompt_secret
from ant_cli.errors import AntError, NetworkError, ResponseError, UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.http.client import connect
from ant_cli.http.response import json_object
from ant_cli.input.request import request_of
from ant_cli.operations import environments
from ant_cli.operations.spec import Flags
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, can_ask, is_yes
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.credentials import Credential, note_typed_credential
from ant_cli.settings.key_references import check_store, delete_keys
from ant_cli.settings.key_references import store_key as store_in_keyring
from ant_cli.settings.loading import Settings, load, refusal
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.profiles import Profile, check_name, edit, read_store
from ant_cli.settings.rows import (
    API_KEY_PLACE,
    CREDENTIAL_KEYS,
    DEFAULT_BASE_URL,
    SETTINGS,
    VARIABLES,
    check_new_secret,
    mask,
)
from ant_cli.settings.selection import (
    SelectedProfile,
    requested,
    select_own,
    setting_sources,
    usable_instead,
)

_DEFAULT_PROFILE = "default"
"""The profile of a first login without --profile."""
_KEYS = ("api_key", "auth_token")
_EMULATOR_HEADER = "ant-emulator"
"""The header that an emulator sends if it accepts any key, wherever it is served."""
_PROBE_REQUEST = request_of(environments.LIST, {"limit": "1"})


# Log in


def login(
    runtime: Runtime, flags: Flags, *, no_verify: bool = False, keyring: bool = False
) -> None:
    """Store a key in a profile. It is read from a hidden prompt, or from stdin."""
    if "api_key_stdin" not in flags:
        note_typed_credential(flags, runtime, safer="--api-key-stdin")
    store = read_store(runtime)
    name = check_name(
        requested(flags.get("profile"), runtime.environ, store)[0] or _DEFAULT_PROFILE
    )
    before = store.profiles.get(name, {})
    server = _server_of_key(flags, SelectedProfile(name, values=before), runtime)
    chosen = {"base_url": server}
    if "workspace_id" in flags:  # a variable may be meant for something else
        chosen["workspace_id"] = flags["workspace_id"]
    if keyring:
        check_store()
    if "profile" not in flags:
        _confirm_replacement(name, before, runtime)
    key = _key_to_store(flags, name, server, runtime)
    if not no_verify:
        planned = store.with_profile(name, {**before, **chosen})
        given = flags.with_values(api_key=key, profile=name, base_url=server)
        _verify_first(load(runtime, given, planned), runtime)
    _store_key(key, name, chosen, runtime, in_keyring=keyring)
    _note_shadowing_variables(server, runtime)
    note_profile_variable(name, runtime)


def _verify_first(settings: Settings, runtime: Runtime) -> None:
    """Check the key before it is stored. Raises AntError, which says that nothing was."""
    hint = "Nothing was stored. To store the key without verifying it: --no-verify"
    try:
        verify(settings, runtime)
    except NetworkError as error:
        raise error.with_hints(hint) from None
    except AntError as error:
        raise error.with_only_hints(hint) from None


def _server_of_key(flags: Flags, profile: SelectedProfile, runtime: Runtime) -> str:
    """Return the server that the key is for, to which the profile will be bound (D50).

    A variable that names the emulator in this process does not count, because that needs no key.

    Raises:
        CredentialError: if a variable names another server than the profile, or one that others can listen to.

    """
    row, environ = SETTINGS["base_url"], runtime.environ
    named = next(setting_sources(row, flags, environ, profile)).parsed(row)
    if named.origin == "variable" and is_local(named.value):
        named = next(setting_sources(row, flags, {}, profile)).parsed(row)
        runtime.say(
            f"Note: {row.variable} names the emulator in this process, which needs no key. "
            f"The key is for {strip_userinfo(str(named.value))}."
        )
    if problem := refusal(Credential("api_key", None, "", "profile"), profile, named):
        raise problem
    return str(named.value)


def _confirm_replacement(name: str, profile: Profile, runtime: Runtime) -> None:
    """Ask before replacing the key of a profile that was not named. Raises UsageError if the user declines."""
    replaced = _credentials_in(profile)
    if not replaced or not can_ask(runtime):
        return
    question = f"Profile {name!r} already has a key ({replaced}). Replace it? [y/N]"
    if not is_yes(ask(question, runtime)):
        hint = f"For a key in another profile: {command_line('auth login --profile NAME')}"
        raise UsageError("nothing was stored.", hint)


def _credentials_in(profile: Profile) -> str:
    return ", ".join(key for key in CREDENTIAL_KEYS if profile.get(key))


def _key_to_store(flags: Flags, name: str, server: str, runtime: Runtime) -> str:
    """Return the key that a flag gives, also from stdin, or else the one from the prompt."""
    if "api_key" in flags:
        return check_new_secret("the key", flags["api_key"])
    if runtime.stdin.has_input:
        raise UsageError(
            "something is piped in.",
            f"If it is the key: {command_line('auth login --api-key-stdin')}",
        )
    place = ""
    if server == DEFAULT_BASE_URL:
        runtime.hint(API_KEY_PLACE)
    else:
        place = f" at {strip_userinfo(server)}"
    prompt = f"API key for profile {name!r}{place} (not shown): "
    typed = prompt_secret(prompt, runtime, command_line("auth login --api-key-stdin"))
    return check_new_secret("the key", typed)


def _without_credentials(profile: Profile) -> dict[str, object]:
    return {key: value for key, value in profile.items() if key not in CREDENTIAL_KEYS}


def _store_key(
    key: str, name: str, chosen: dict[str, str], runtime: Runtime, *, in_keyring: bool
) -> None:
    """Store the key, which replaces all credentials of the profile."""
    value = store_in_keyring(name, key) if in_keyring else key
    try:
        with edit(runtime) as draft:
            before = draft.profiles.get(name, {})
            draft.profiles[name] = _without_credentials(before) | chosen | {"api_key": value}
            draft.active = draft.active if draft.active in draft.profiles else name
    except AntError:
        delete_keys(value)
        raise
    done = f"Stored the key {mask(key)}"
    if chosen["base_url"] != DEFAULT_BASE_URL:
        done += f" for {strip_userinfo(chosen['base_url'])}"
    done += f" in profile {name!r}"
    if replaced := _credentials_in(before):
        done += f", in place of its {replaced}"
    runtime.say(f"{done}.")
    note_active_profile(name, draft.active, runtime)
    delete_keys(before.get("api_key"))


def _note_shadowing_variables(server: str, runtime: Runtime) -> None:
    """Print which variables win over the profile that was just stored, or keep its key from being sent."""
    shadowed = dict.fromkeys(_KEYS, "wins over every profile")
    shadowed["workspace_id"] = "wins over every profile's workspace_id"
    shadowed["base_url"] = f"the key, which is only for {strip_userinfo(server)}, is not used"
    for name, what in shadowed.items():
        if runtime.environ.get(VARIABLES[name], "").strip().rstrip("/") not in ("", server):
            runtime.hint(f"Note: {VARIABLES[name]} is set, and {what} until you unset it.")


# Verify a credential with one cheap request


def verify(settings: Settings, runtime: Runtime) -> None:
    """Check that the server accepts the credential, and print for which workspace it does.

    An emulator that accepts any credential says nothing about it.

    Raises:
        CredentialError: if there is no credential.
        APIError: if the server rejects it.
        ResponseError: if the server is not the API.
        NetworkError: if no response arrives.

    """
    connection = settings.connection
    server = strip_userinfo(connection.base_url)
    with connect(settings.connection, runtime, Progress(runtime)) as client:
        response = client.send(_PROBE_REQUEST)
    page = json_object(response.body)
    if page is None or not isinstance(page.get("data"), list):
        raise ResponseError(f"the server at {server} is not the API.")
    if _EMULATOR_HEADER in response.headers:
        runtime.say("The emulator accepts any key, so nothing was verified.")
        return
    noun = connection.credential.noun if connection.credential else "key"
    place = _place_of_key(connection.workspace_id, response.headers)
    runtime.say(f"{noun.capitalize()} accepted by {server} ({place}).")


def _place_of_key(asked: str, headers: Mapping[str, str]) -> str:
    """Return the workspace and the organization to which a response belongs."""
    workspace_id = asked or headers.get("anthropic-workspace-id")
    place = f"workspace {workspace_id}" if workspace_id else "default workspace"
    organization_id = headers.get("anthropic-organization-id")
    if organization_id:
        place += f", organization {organization_id}"
    return place


# Log out


def _remove_credentials(names: Sequence[str], runtime: Runtime) -> dict[str, Profile]:
    """Remove the credentials of profiles, and return those that had some, as they were."""
    removed: dict[str, Profile] = {}
    with edit(runtime) as draft:
        profiles = {name: draft.existing(name) for name in names}
        for name, profile in profiles.items():
            if any(key in profile for key in CREDENTIAL_KEYS):
                removed[name] = profile
                draft.profiles[name] = _without_credentials(profile)
    return removed


def logout(runtime: Runtime, flags: Flags, *, all: bool = False) -> None:  # noqa: A002 - named as the flag is
    """Remove the credentials of a profile; its other settings stay."""
    if all and "profile" in flags:
        raise exclude_each_other("--all", "--profile")
    store = read_store(runtime)
    if all:
        names = sorted(store.profiles)
    else:
        names = [select_own(flags.get("profile"), runtime.environ, store).name]
    removed = _remove_credentials(names, runtime) if any(names) else {}
    for name in removed:
        runtime.say(f"Removed the credentials of profile {name!r}.")
    if not removed:
        runtime.say("There was no credential to remove.")
    _note_what_is_left(runtime)
    delete_keys(*(profile.get("api_key") for profile in removed.values()))


def _note_what_is_left(runtime: Runtime) -> None:
    """Note the credentials that commands still find."""
    for name in _KEYS:
        if runtime.environ.get(VARIABLES[name]):
            runtime.hint(f"Note: {VARIABLES[name]} is still set.")
    login = usable_instead(None, runtime.environ)
    if login is not None:
        runtime.hint(f"Note: profile {login!r} of the official tool is still logged in.")
