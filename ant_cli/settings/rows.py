"""The settings as rows: the flag of each, its variable, whether a profile may have it, and how its text is checked.

From these rows are derived: the flags of all commands with their help and completion, the sources of each setting,
the keys of `ant profile`, and what is registered as a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ant_cli.operations.formats import FORMATS
from ant_cli.operations.spec import Param
from ant_cli.runtime import variables
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.runtime.secret_names import is_secret_name
from ant_cli.settings.validators import (
    check_base_url,
    check_command,
    check_count,
    check_format,
    check_header,
    check_new_secret,
    check_seconds,
    check_text,
)

DEFAULT_BASE_URL = "https://api.anthropic.com"
Check = Callable[[str, str, str], Any]


class Setting(NamedTuple):
    """One setting: where its value may come from, and how it is checked."""

    param: Param
    """Its flag, with its default."""
    check: Check
    """Takes the source as messages name it, the text, and how to correct it there. Returns the value."""
    variable: str
    """The environment variable, read without the flag, or if a global flag is blank, as in `--base-url "$URL"`."""
    in_profile: bool
    """Whether a profile may have it, under its name."""
    safer: str
    """What to use in place of the flag, if its value is a secret: other users can see it."""
    is_global: bool
    """Whether it is a flag of every command."""

    @property
    def name(self) -> str:
        """Its name, in code and in profiles."""
        return self.param.name


def _setting(
    name: str,
    help_text: str,
    variable: str = "",
    check: Check = check_text,
    *,
    type_: type = str,
    in_profile: bool = False,
    safer: str = "",
    is_global: bool = True,
    **options: Any,
) -> Setting:
    """Return a setting; the options are those of `Param`. Its help also says what to use in place of the flag."""
    instead = f" Safer: {safer}." if safer else f" Also: {variable}." if variable else ""
    param = Param(name, "setting", type_, help_text + instead, **options)
    return Setting(param, check, variable, in_profile, safer, is_global)


_stored = partial(_setting, in_profile=True)
"""Return a setting that a profile may have."""

# Credentials

CREDENTIALS = (
    _stored(
        "api_key", "The API key.", variables.API_KEY, check_new_secret, safer="ANTHROPIC_API_KEY or --api-key-stdin"
    ),
    _stored(
        "api_key_command",
        "A command that prints the key, run when it is needed.",
        check=check_command,
        is_global=False,
        value_name="COMMAND",
    ),
    _stored(
        "auth_token",
        "A bearer token, in place of a key.",
        variables.AUTH_TOKEN,
        check_new_secret,
        safer="ANTHROPIC_AUTH_TOKEN or --auth-token-stdin",
    ),
    _setting("api_key_stdin", "Read the API key from stdin.", type_=bool),
    _setting("auth_token_stdin", "Read the bearer token from stdin.", type_=bool),
)
"""The settings that give a key or a token. Within a profile, the first one that it has is used."""
ON_STDIN = {"api_key_stdin": "api_key", "auth_token_stdin": "auth_token"}
"""The flags that read a secret from stdin, each with the flag that it replaces."""

_WITH_RULE = "With --federation-rule:"
FEDERATION = (
    _setting("federation_rule", "Log in by this federation rule (fdrl_...).", variables.FEDERATION_RULE_ID),
    _setting("identity_token_file", f"{_WITH_RULE} the file of an OIDC token.", variables.IDENTITY_TOKEN_FILE),
    _setting(
        "identity_token",
        f"{_WITH_RULE} the OIDC token itself.",
        variables.IDENTITY_TOKEN,
        safer="--identity-token-file",
    ),
    _setting("organization_id", f"{_WITH_RULE} the organization.", variables.ORGANIZATION_ID),
    _setting("service_account_id", f"{_WITH_RULE} the service account, if any.", variables.SERVICE_ACCOUNT_ID),
)
FEDERATION_INTENTS = FEDERATION[:3]
"""Those that say that a federation is meant: nothing else uses them."""

# Where and how requests are sent

PROFILE = _setting("profile", "The profile to use, in place of the active one.", variables.PROFILE)
CONNECTION = (
    _stored(
        "base_url",
        "Where the API is; local:PATH is an emulator.",
        variables.BASE_URL,
        check_base_url,
        default=DEFAULT_BASE_URL,
    ),
    _setting("local", "Use the emulator on this machine: short for --base-url local:", type_=bool),
    _stored("workspace_id", "The workspace, if the credential has several.", variables.WORKSPACE_ID, check_header),
    _stored(
        "timeout",
        "Seconds to wait for a connection, and between bytes.",
        check=check_seconds,
        default="60",
        type_=float,
    ),
    _stored("max_retries", "How many times to retry a failed request.", check=check_count, default="2", type_=int),
    _setting("debug", "Show requests and responses on stderr, with secrets hidden.", type_=bool),
)

# How results are printed

_FORMATS: dict[str, Any] = {"check": check_format, "choices": tuple(row.name for row in FORMATS)}
RESULT = (
    _stored("format", "How results are printed.", default="auto", **_FORMATS),
    _setting("transform", "A GJSON path to pick from the result; on lists, from each item."),
    _setting("raw_output", "Print a string without its quotes.", short="-r", type_=bool),
    _setting("columns", "Print a table with these columns, titles or GJSON paths: id,name."),
)
OUTPUT = (
    *RESULT,
    _setting("format_error", "Print the body of an API error on stdout, and how.", **_FORMATS),
    _setting("transform_error", "Print what a GJSON path picks from the body of an API error."),
    _setting("dry_run", "Print the request, with secrets hidden, and send nothing.", type_=bool),
)

SETTINGS = {row.name: row for row in (*CREDENTIALS, *FEDERATION, PROFILE, *CONNECTION, *OUTPUT)}
GLOBAL_FLAGS = tuple(row.param for row in SETTINGS.values() if row.is_global)
"""The flags of every command of the API."""
PROFILE_SETTINGS = {name: row for name, row in SETTINGS.items() if row.in_profile}
"""What a profile may have. Unknown keys are preserved: a newer version may know them."""
SECRET_KEYS = tuple(filter(is_secret_name, PROFILE_SETTINGS))
CREDENTIAL_KEYS = tuple(row.name for row in CREDENTIALS if row.in_profile)
VARIABLES = {
    **{name: row.variable for name, row in SETTINGS.items() if row.variable},
    "environment_key": variables.ENVIRONMENT_KEY,
}
"""The variable of each setting that has one, and that of the environment key."""
SAFER = {
    **{name: row.safer for name, row in SETTINGS.items() if row.safer},
    "environment_key": variables.ENVIRONMENT_KEY,
    "metadata_key": variables.METADATA_KEY,
}
"""The flags whose value is a secret, with safer alternatives. The last two are the worker's."""
