"""The rows of `ant auth` and `ant profile`."""

from __future__ import annotations

from ant_cli.help import command_row as row
from ant_cli.settings.rows import API_KEY_COMMAND, CREDENTIALS, PROFILE_SETTINGS

AUTH = row.group(
    "auth",
    "Log in, log out, and see which key is used and why.",
    row.tool(
        "auth login",
        "Store a key in a profile, with the server that it is for. The key is read from a prompt that doesn't show "
        "it, or from stdin.",
        "login:login",
        ("enter the key at a prompt; it is checked, then stored", "ant auth login"),
        (
            "in a script: a password manager's key, in a named profile",
            "op read op://vault/anthropic/key | ant auth login --profile ci --api-key-stdin",
        ),
        flags=(
            row.private_flag("no_verify", "Store it without sending a request that checks it."),
            row.private_flag("keyring", "Keep it in the operating system's credential store."),
        ),
        takes=(*row.PROFILE, "api_key", "api_key_stdin", *row.CONNECTION),
        notes_typed_secret=False,  # it says itself that stdin is safer: it reads no variable
    ),
    row.tool(
        "auth status",
        "Show where credentials were found, which one is used, and why. Exits with 4 without a credential.",
        "auth_status:status",
        ("which key is used, and why", "ant auth status"),
        (
            "continue only if the server accepts the key",
            "ant auth status --check > /dev/null || exit 4",
        ),
        ("only the base URL, for a script", "ant auth status --transform base_url.value -r"),
        flags=(
            row.private_flag(
                "check", "Send a request to check whether the server accepts the credential."
            ),
        ),
        takes=(*row.PROFILE, *row.REQUEST, *row.RESULT),
    ),
    row.tool(
        "auth token",
        "Print only the credential that is used, for other tools.",
        "credentials:token",
        (
            "give the key to one program alone",
            "ANTHROPIC_API_KEY=$(ant auth token) python worker.py",
        ),
        (
            "give a profile's key to a CI service",
            "ant auth token --profile ci | gh secret set ANTHROPIC_API_KEY",
        ),
        takes=(*row.PROFILE, *row.REQUEST),
    ),
    row.tool(
        "auth print-credentials",
        "Print the credential of a profile or federation for other tools. Ignores ANTHROPIC_API_KEY and "
        "ANTHROPIC_AUTH_TOKEN.",
        "credentials:print_credentials",
        (
            "for the programs that this shell starts",
            'set -a; eval "$(ant auth print-credentials --env)"; set +a',
        ),
        (
            "as the .env file of a container",
            "umask 077; ant auth print-credentials --env --profile ci > .env",
        ),
        flags=(
            row.private_flag("access_token", "Print only the access token."),
            row.private_flag(
                "env", "Print lines for a shell or a .env file: ANTHROPIC_AUTH_TOKEN=..."
            ),
        ),
        takes=(*row.PROFILE, *row.FEDERATION, *row.CONNECTION),
    ),
    row.tool(
        "auth logout",
        "Remove the credentials of a profile; its other settings stay.",
        "login:logout",
        ("forget the key of the active profile", "ant auth logout"),
        ("forget all keys, as the last step of a CI job", "ant auth logout --all"),
        flags=(row.private_flag("all", "Remove the credentials of all profiles."),),
        takes=row.PROFILE,
    ),
)

_NAME = row.argument("name", "The profile.", "profile")
_KEY = row.argument(
    "key", f"One of {', '.join(PROFILE_SETTINGS)}.", choices=tuple(PROFILE_SETTINGS)
)

PROFILES = row.group(
    "profile",
    "Manage profiles (named keys and settings).",
    row.tool(
        "profile list",
        "List the profiles, with a * before the active one.",
        "profile:list_profiles",
        ("their names; a * marks the active one", "ant profile list"),
        (
            "with their settings",
            "ant profile list --format table --columns name,base_url,workspace_id",
        ),
        ("their names, for a script", "ant profile list --transform name -r"),
        takes=row.RESULT,
    ),
    row.tool(
        "profile get",
        "Print one value of a profile, or all of them, with secrets masked.",
        "profile:get",
        ("all settings of the active profile", "ant profile get"),
        ("one setting of another", "ant profile get base_url --profile work"),
        arguments=(
            _KEY._replace(required=False, help=f"{_KEY.help.removesuffix('.')}; all if omitted."),
        ),
        takes=(*row.PROFILE, *row.RESULT),
    ),
    row.tool(
        "profile set",
        "Set a value of a profile. A secret is read from stdin, never from the command line.",
        "profile:set_value",
        ("use a workspace", "ant profile set workspace_id wrkspc_1"),
        (
            "have a program print the key",
            "ant profile set api_key_command 'op read op://vault/anthropic/key'",
        ),
        ("replace a key with the one in a file", "ant profile set api_key --profile ci < key.txt"),
        arguments=(
            _KEY,
            row.argument("value", "The new value. Secrets are read from stdin.", required=False),
        ),
        takes=row.PROFILE,
    ),
    row.tool(
        "profile unset",
        "Remove a value of a profile.",
        "profile:unset",
        ("go back to the default base URL", "ant profile unset base_url"),
        ("go back to the default timeout", "ant profile unset timeout --profile ci"),
        arguments=(_KEY,),
        takes=row.PROFILE,
    ),
    row.tool(
        "profile activate",
        "Use a profile from now on, unless a flag or a variable names another one.",
        "profile:activate",
        ("use a profile from now on", "ant profile activate work"),
        (
            "choose one from a list",
            'ant profile activate "$(ant profile list --transform name -r | fzf)"',
        ),
        arguments=(_NAME,),
    ),
    row.tool(
        "profile deactivate",
        "Use no profile from now on, unless a flag or a variable names one.",
        "profile:deactivate",
        ("use the login of the official tool, or variables", "ant profile deactivate"),
        ("check what is used then", "ant profile deactivate && ant auth status"),
    ),
    row.tool(
        "profile create",
        "Create a profile. The first one becomes the active one.",
        "profile:create",
        ("for the emulator, which needs no key", "ant profile create dev --base-url local:"),
        (
            "with a key that a program prints when it is needed",
            "ant profile create ops --api-key-command 'op read op://vault/anthropic/key'",
        ),
        arguments=(row.argument("name", "Its name."),),
        flags=(API_KEY_COMMAND,),
        takes=tuple(
            name for name, setting in PROFILE_SETTINGS.items() if setting not in CREDENTIALS
        ),
    ),
    row.tool(
        "profile rename",
        "Give a profile another name.",
        "profile:rename",
        ("give the first profile a better name", "ant profile rename default personal"),
        (
            "keep the old one while you try a key",
            "ant profile rename ci ci-old && ant auth login --profile ci",
        ),
        arguments=(_NAME, row.argument("new_name", "Its new name.")),
    ),
    row.tool(
        "profile delete",
        "Delete a profile, with its key.",
        "profile:delete",
        ("one profile, with its key", "ant profile delete ci"),
        (
            "all whose names begin with tmp-",
            "ant profile list --transform name -r | grep ^tmp- | xargs -n 1 ant profile delete",
        ),
        arguments=(_NAME,),
    ),
)
