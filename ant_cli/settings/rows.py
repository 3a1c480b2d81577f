"""The settings as rows: the flag of each, its variable, whether a profile may have it, and the parser of its text.

From these rows are derived: the flags of all commands with their help and completion, the sources of each setting,
the keys of `ant profile`, and what is registered as a secret.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ant_cli.errors import BadValue, UnknownName, UsageError
from ant_cli.errors.command_line import command_line
from ant_cli.operations.formats import BY_NAME, FORMATS
from ant_cli.operations.parsers import Parse, private_boolean, timeout, whole_number
from ant_cli.operations.spec import Setting
from ant_cli.runtime import variables
from ant_cli.runtime.secret_names import is_secret_name
from ant_cli.settings.local_emulator import is_local

DEFAULT_BASE_URL = "https://api.anthropic.com"
API_KEY_PLACE = "To create one: https://platform.claude.com, Settings, API keys"
ENVIRONMENT_KEY_PLACE = (
    "The environment's page in the Console gives a key; for an "
    f"emulator: {command_line('emulator key ENVIRONMENT')}"
)
_ONLY_LOGIN_STORES = (
    "Only the api_key of a profile can, which this command stores: "
    f"{command_line('auth login --keyring')}"
)

# Parsers, and checks of secrets


KEYRING = "keyring:"
"""The prefix of an `api_key` of a profile that names an entry in the operating system's credential store."""


def check_secret(source: str, secret: str) -> str:
    """Return a credential without surrounding white space. It will be a header, so it must be printable ASCII."""
    secret = secret.strip()
    if not secret:
        raise BadValue(source, "is empty")
    if secret.startswith(KEYRING):
        raise BadValue(source, "names an entry of the credential store", _ONLY_LOGIN_STORES)
    if not (secret.isascii() and secret.isprintable()):
        raise BadValue(source, "contains a character that no key has (a line break, perhaps)")
    return secret


def check_new_secret(source: str, secret: str) -> str:
    """Return a credential to store, or one that a command printed. A text with a space is not just a key."""
    secret = check_secret(source, secret)
    if " " in secret:
        raise BadValue(source, "contains a space, which no key has")
    return secret


def environment_key(source: str, secret: str) -> str:
    """Return an environment's key. Raises BadValue for what is something else by its form.

    With an API key, handlers could do more. An ID is not secret, but would be redacted everywhere.
    """
    for is_other, noun in ((is_api_key, "an API key"), (_is_environment_id, "an ID")):
        if is_other(secret):
            problem = f"holds {noun}, but has to hold the key of an environment"
            raise BadValue(source, problem, ENVIRONMENT_KEY_PLACE)
    return check_secret(source, secret)


def is_api_key(secret: str) -> bool:
    """Whether a credential is an API key by its form."""
    return secret.strip().startswith("sk-ant-api")


def _is_environment_id(text: str) -> bool:
    return re.fullmatch(r"env_\w+", text.strip(), re.ASCII) is not None


def header(source: str, text: str) -> str:
    """Return a header value without surrounding space. Raises BadValue if a header can't contain it."""
    if not (text.isascii() and text.isprintable()):
        raise BadValue(source, "contains a character that is not allowed in a header")
    return text.strip()


def command(source: str, text: str) -> str:
    """Return a command line if its quotes are balanced and it is not empty."""
    if not split_command(source, text):
        raise BadValue(source, "is empty")
    return text


def split_command(source: str, text: str) -> list[str]:
    """Split a command line into arguments, as the user's shell does."""
    from ant_cli.runtime.shell import split

    try:
        return split(text)
    except ValueError as error:
        raise BadValue(source, f"is not a command line: {str(error).lower()}") from None


_NOT_IN_HOST = frozenset('%<>^|\\`{}"')
"""Characters that no host name has: https://url.spec.whatwg.org/#forbidden-host-code-point."""


def base_url(source: str, url: str) -> str:
    """Return the URL without a slash at its end, if requests can be sent to it."""
    if is_local(url):
        return url
    if not url.lower().startswith(("http://", "https://")):
        example = "For example: https://api.anthropic.com"
        raise BadValue(source, "must start with http://, https:// or local:", example)
    if not _is_plain(url):
        raise BadValue(
            source, "must be a URL with a host, perhaps a port and a path, and nothing else"
        )
    return url.rstrip("/")


def _is_plain(url: str) -> bool:
    """Whether a URL has a host that can exist, and no query, fragment or white space."""
    from urllib.parse import urlsplit  # late: help needs only the other validators

    if re.search(r"[?#\s\x00-\x1f\x7f]", url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0:
        return False
    # with a colon, it is an IPv6 address
    return ":" in host or _NOT_IN_HOST.isdisjoint(host)


def format_name(source: str, text: str) -> str:
    """Return the name of a format, in lower case."""
    name = text.lower()
    if name not in BY_NAME:
        known = f"The formats are: {', '.join(BY_NAME)}."
        is_obvious = source.strip("-") == "format"
        where = "" if is_obvious else source
        raise UnknownName("format", text, BY_NAME, known, where=where)
    return name


_FOREIGN_START = r"\.(?!\.)|\{[{.]|\$\.|\[[]?*]"
"""How paths of jq, Go's templates, JSONPath and JMESPath begin, but no useful GJSON path does."""
_SIMPLE_PATH = (
    r"(?:(?:jsonpath|go-template|custom-columns)=(?:\w+:)?)?"
    r"(?:\{\{)?\{?\s*\$?\.?(?:\w*\[\*?\]\.?)?([a-z_]\w*(?:\.\w+)*)\s*\}?(?:\}\})?"
)


def simple_path(path: str) -> str:
    """Return the GJSON path for a simple one of jq, kubectl, JMESPath or a Go template; empty for any other.

    The list around items is left out, because a GJSON path applies to each item. `metadata.name`, of Kubernetes, is
    `name` here.
    """
    match = re.fullmatch(_SIMPLE_PATH, path)
    return {"metadata.name": "name"}.get(match[1], match[1]) if match else ""


def gjson_path(source: str, path: str) -> str:
    """Return a path if it is one of GJSON."""
    from ant_cli.gjson.parser import BadPath, parse  # late: most runs have no path

    if start := re.match(_FOREIGN_START, path):
        hint = f"How to pick values: {command_line('help output')}"
        if meant := simple_path(path):
            hint = f"Write {source} {meant}"
        raise UsageError(f"{source} {path!r}: a GJSON path does not start with {start[0]!r}.", hint)
    try:
        parse(path)
    except BadPath as error:
        raise UsageError(f"{source} {path!r} is not a GJSON path: {error}.") from None
    return path


def mask(secret: str) -> str:
    """Return a masked secret: its owner can recognize it, but nobody can use it."""
    start = "sk-ant-" if secret.startswith("sk-ant-") else ""
    rest = secret[len(start) :]
    return f"{start}...{rest[-4:] if len(rest) >= 12 else ''}"


# Rows


SAFER = {
    "api_key": f"{variables.API_KEY} or --api-key-stdin",
    "auth_token": f"{variables.AUTH_TOKEN} or --auth-token-stdin",
    "identity_token": "--identity-token-file",
    "environment_key": variables.ENVIRONMENT_KEY,
}
"""The flags whose value is a secret, which other users can see, each with the safer alternatives for a message. The
last one is the worker's."""


def _setting(
    name: str,
    help_text: str,
    variable: str = "",
    parse: Parse | None = None,
    *,
    type_: type = str,
    **options: Any,
) -> Setting:
    """Return a setting with these columns. Its help also says what to use in place of the flag."""
    if name in SAFER:
        help_text += f" Safer: {SAFER[name]}."
    elif variable:
        help_text += f" Also: {variable}."
    return Setting(name, type_, help_text, variable=variable, parse=parse, **options)


_stored = partial(_setting, in_profile=True)
"""Return a setting that a profile may have."""

# Credentials


API_KEY_COMMAND = _stored(
    "api_key_command",
    "A command that prints the key, run when it is needed.",
    parse=command,
    value_name="COMMAND",
)
"""A key of profiles. Unlike the other settings, it is not a flag of every command."""
CREDENTIALS = (
    _stored("api_key", "The API key.", variables.API_KEY, check_secret),
    API_KEY_COMMAND,
    _stored("auth_token", "A bearer token, in place of a key.", variables.AUTH_TOKEN, check_secret),
    _setting("api_key_stdin", "Read the API key from stdin.", type_=bool, parse=private_boolean),
    _setting(
        "auth_token_stdin", "Read the bearer token from stdin.", type_=bool, parse=private_boolean
    ),
)
"""The settings that give a key or a token. Within a profile, the first one that it has is used."""
ON_STDIN = {"api_key_stdin": "api_key", "auth_token_stdin": "auth_token"}
"""The flags that read a secret from stdin, each with the flag that it replaces."""

_WITH_RULE = "With --federation-rule:"
FEDERATION = (
    _setting(
        "federation_rule",
        "Log in by this rule, with --identity-token-file, --organization-id and maybe --service-account-id.",
        variables.FEDERATION_RULE_ID,
    ),
    _setting(
        "identity_token_file",
        f"{_WITH_RULE} the file of an OIDC token.",
        variables.IDENTITY_TOKEN_FILE,
    ),
    _setting("identity_token", f"{_WITH_RULE} the OIDC token itself.", variables.IDENTITY_TOKEN),
    _setting("organization_id", f"{_WITH_RULE} the organization.", variables.ORGANIZATION_ID),
    _setting(
        "service_account_id",
        f"{_WITH_RULE} the service account, if any.",
        variables.SERVICE_ACCOUNT_ID,
    ),
)
FEDERATION_INTENTS = FEDERATION[:3]
"""The settings that only a federation uses, so any of them means that a federation is wanted."""

# Where and how requests are sent

PROFILE = _setting("profile", "The profile to use, in place of the active one.", variables.PROFILE)
CONNECTION = (
    _stored(
        "base_url",
        "Where the API is; local:PATH is an emulator.",
        variables.BASE_URL,
        base_url,
        default=DEFAULT_BASE_URL,
    ),
    _setting("local", "Use the emulator on this machine: short for --base-url local:", type_=bool),
    _stored(
        "workspace_id",
        "The workspace, if the credential has several.",
        variables.WORKSPACE_ID,
        header,
    ),
    _stored(
        "timeout",
        "How long to wait for a connection, and between bytes.",
        parse=timeout,
        default="60s",
        type_=float,
        value_name="TIME",
    ),
    _stored(
        "max_retries",
        "How many times to retry a failed request.",
        parse=whole_number(0, 9999),
        default="2",
        type_=int,
    ),
    _setting("debug", "Show requests and responses on stderr, with secrets hidden.", type_=bool),
)

# How results are printed

_FORMATS: dict[str, Any] = {"parse": format_name, "choices": tuple(row.name for row in FORMATS)}
RESULT = (
    _stored("format", "How results are printed.", default="auto", **_FORMATS),
    _setting(
        "transform",
        "A GJSON path to pick from the result; on lists, from each item.",
        parse=gjson_path,
    ),
    _setting("raw_output", "Print a string without its quotes.", short="-r", type_=bool),
    _setting(
        "columns", "Print a table with these columns, titles or GJSON paths: id,name.", type_=list
    ),
)
OUTPUT = (
    *RESULT,
    _setting("format_error", "Print the body of an API error on stdout, and how.", **_FORMATS),
    _setting(
        "transform_error",
        "Print what a GJSON path picks from the body of an API error.",
        parse=gjson_path,
    ),
    _setting("dry_run", "Print the request, with secrets hidden, and send nothing.", type_=bool),
)

SETTINGS = {row.name: row for row in (*CREDENTIALS, *FEDERATION, PROFILE, *CONNECTION, *OUTPUT)}
GLOBAL_FLAGS = tuple(row for row in SETTINGS.values() if row is not API_KEY_COMMAND)
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
