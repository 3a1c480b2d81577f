"""The settings as rows: the flag of each, its variable, whether a profile may have it, and how its text is checked.

From these rows are derived: the flags of all commands with their help and completion, the sources of each setting,
the keys of `ant profile`, and what is registered as a secret.
"""

from __future__ import annotations

from collections.abc import Callable

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
_FORMAT_NAMES = tuple(row.name for row in FORMATS)


class Setting(NamedTuple):
    """One setting: where its value may come from, and how it is checked. If it is a boolean, only from its flag."""

    param: Param
    """Its flag, with its default."""
    check: Callable[[str, str, str], Any] = check_text
    """Takes the source as messages name it, the text, and how to correct it there. Returns the value."""
    variable: str = ""
    """The environment variable that is read if the flag is not given."""
    in_profile: bool = False
    """Whether a profile may have it, under its name."""
    empty_means_unset: bool = False
    """Whether an empty flag is treated as not given, as `--base-url "$URL"` may be. An empty variable always is."""
    safer: str = ""
    """What to use in place of the flag, if its value is a secret: other users can see it."""
    is_global: bool = True
    """Whether it is a flag of every command."""

    @property
    def name(self) -> str:
        """Its name, in code and in profiles."""
        return self.param.name


# Credentials

CREDENTIALS = (
    Setting(
        Param("api_key", "setting", str, "The API key. Safer: ANTHROPIC_API_KEY, which other users can't see."),
        check_new_secret,
        variables.API_KEY,
        in_profile=True,
        safer="ANTHROPIC_API_KEY or --api-key-stdin",
    ),
    Setting(
        Param(
            "api_key_command",
            "setting",
            str,
            "A command that prints the key, run when it is needed.",
            value_name="COMMAND",
        ),
        check_command,
        in_profile=True,
        is_global=False,
    ),
    Setting(
        Param("auth_token", "setting", str, "A bearer token, in place of a key. Safer: ANTHROPIC_AUTH_TOKEN."),
        check_new_secret,
        variables.AUTH_TOKEN,
        in_profile=True,
        safer="ANTHROPIC_AUTH_TOKEN or --auth-token-stdin",
    ),
    Setting(Param("api_key_stdin", "setting", bool, "Read the API key from stdin.")),
    Setting(Param("auth_token_stdin", "setting", bool, "Read the bearer token from stdin.")),
)
"""The settings that give a key or a token. Within a profile, the first one that it has is used."""
ON_STDIN = {"api_key_stdin": "api_key", "auth_token_stdin": "auth_token"}
"""The flags that read a secret from stdin, each with the flag that it replaces."""
FEDERATION = (
    Setting(
        Param(
            "federation_rule",
            "setting",
            str,
            "Log in by this federation rule (fdrl_...). Also: ANTHROPIC_FEDERATION_RULE_ID.",
        ),
        variable=variables.FEDERATION_RULE_ID,
    ),
    Setting(
        Param("identity_token_file", "setting", str, "With --federation-rule: the file of an OIDC token."),
        variable=variables.IDENTITY_TOKEN_FILE,
    ),
    Setting(
        Param("identity_token", "setting", str, "With --federation-rule: the OIDC token itself. Safer: the file."),
        variable=variables.IDENTITY_TOKEN,
        safer="--identity-token-file",
    ),
    Setting(
        Param("organization_id", "setting", str, "With --federation-rule: the organization."),
        variable=variables.ORGANIZATION_ID,
    ),
    Setting(
        Param("service_account_id", "setting", str, "With --federation-rule: the service account, if any."),
        variable=variables.SERVICE_ACCOUNT_ID,
    ),
)
FEDERATION_INTENTS = FEDERATION[:3]
"""Those that say that a federation is meant: nothing else uses them."""

# Where and how requests are sent

PROFILE = Setting(
    Param("profile", "setting", str, "The profile to use, in place of the active one. Also: ANTHROPIC_PROFILE."),
    variable=variables.PROFILE,
)
CONNECTION = (
    Setting(
        Param(
            "base_url",
            "setting",
            str,
            "Where the API is. Also: ANTHROPIC_BASE_URL; local:PATH is an emulator.",
            default=DEFAULT_BASE_URL,
        ),
        check_base_url,
        variables.BASE_URL,
        in_profile=True,
        empty_means_unset=True,
    ),
    Setting(Param("local", "setting", bool, "Use the emulator on this machine: short for --base-url local:")),
    Setting(
        Param(
            "workspace_id",
            "setting",
            str,
            "The workspace, if the credential has several. Also: ANTHROPIC_WORKSPACE_ID.",
        ),
        check_header,
        variables.WORKSPACE_ID,
        in_profile=True,
        empty_means_unset=True,
    ),
    Setting(
        Param("timeout", "setting", float, "Seconds to wait for a connection, and between bytes.", default="60"),
        check_seconds,
        in_profile=True,
    ),
    Setting(
        Param("max_retries", "setting", int, "How many times to retry a failed request.", default="2"),
        check_count,
        in_profile=True,
    ),
    Setting(Param("debug", "setting", bool, "Show requests and responses on stderr, with secrets hidden.")),
)

# How results are printed

RESULT = (
    Setting(
        Param("format", "setting", str, "How results are printed.", choices=_FORMAT_NAMES, default="auto"),
        check_format,
        in_profile=True,
    ),
    Setting(Param("transform", "setting", str, "A GJSON path to pick from the result; on lists, from each item.")),
    Setting(Param("raw_output", "setting", bool, "Print a string without its quotes.", short="-r")),
    Setting(Param("columns", "setting", str, "Print a table with these columns, titles or GJSON paths: id,name.")),
)
OUTPUT = (
    *RESULT,
    Setting(
        Param(
            "format_error",
            "setting",
            str,
            "Print the body of an API error on stdout, and how.",
            choices=_FORMAT_NAMES,
        ),
        check_format,
    ),
    Setting(
        Param("transform_error", "setting", str, "Print what a GJSON path picks from the body of an API error.")
    ),
    Setting(Param("dry_run", "setting", bool, "Print the request, with secrets hidden, and send nothing.")),
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
