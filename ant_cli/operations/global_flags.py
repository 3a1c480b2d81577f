"""The flags that several commands share: those of every command, of API commands, and of lists."""

from __future__ import annotations

from ant_cli.operations.formats import FORMATS
from ant_cli.operations.spec import Param

_FORMAT_NAMES = tuple(row.name for row in FORMATS)

TIMEOUT = Param("timeout", "setting", float, "Seconds to wait for a connection, and between bytes.", default="60")
MAX_RETRIES = Param("max_retries", "setting", int, "How many times to retry a failed request.", default="2")
GLOBAL_FLAGS = (
    Param("api_key", "setting", str, "The API key. Safer: ANTHROPIC_API_KEY, which other users can't see."),
    Param("auth_token", "setting", str, "A bearer token, in place of a key. Safer: ANTHROPIC_AUTH_TOKEN."),
    Param("api_key_stdin", "setting", bool, "Read the API key from stdin."),
    Param("auth_token_stdin", "setting", bool, "Read the bearer token from stdin."),
    Param(
        "federation_rule",
        "setting",
        str,
        "Log in by this federation rule (fdrl_...). Also: ANTHROPIC_FEDERATION_RULE_ID.",
    ),
    Param("identity_token_file", "setting", str, "With --federation-rule: the file of an OIDC token."),
    Param("identity_token", "setting", str, "With --federation-rule: the OIDC token itself. Safer: the file."),
    Param("organization_id", "setting", str, "With --federation-rule: the organization."),
    Param("service_account_id", "setting", str, "With --federation-rule: the service account, if any."),
    Param("base_url", "setting", str, "Where the API is. Also: ANTHROPIC_BASE_URL; local:PATH is an emulator."),
    Param("local", "setting", bool, "Use the emulator on this machine: short for --base-url local:"),
    Param("profile", "setting", str, "The profile to use, in place of the active one. Also: ANTHROPIC_PROFILE."),
    Param(
        "workspace_id",
        "setting",
        str,
        "The workspace, if the credential has several. Also: ANTHROPIC_WORKSPACE_ID.",
    ),
    Param("format", "setting", str, "How results are printed.", choices=_FORMAT_NAMES),
    Param(
        "format_error", "setting", str, "Print the body of an API error on stdout, and how.", choices=_FORMAT_NAMES
    ),
    Param("transform", "setting", str, "A GJSON path to pick from the result; on lists, from each item."),
    Param("transform_error", "setting", str, "Print what a GJSON path picks from the body of an API error."),
    Param("raw_output", "setting", bool, "Print a string without its quotes.", short="-r"),
    Param("columns", "setting", str, "Print a table with these columns, titles or GJSON paths: id,name."),
    Param("dry_run", "setting", bool, "Print the request, with secrets hidden, and send nothing."),
    TIMEOUT,
    MAX_RETRIES,
    Param("debug", "setting", bool, "Show requests and responses on stderr, with secrets hidden."),
)

SECRETS = {
    "api_key": "ANTHROPIC_API_KEY or --api-key-stdin",
    "auth_token": "ANTHROPIC_AUTH_TOKEN or --auth-token-stdin",
    "identity_token": "--identity-token-file",
    "environment_key": "ANTHROPIC_ENVIRONMENT_KEY",
    "metadata_key": "ANT_WORKER_METADATA_KEY",
}
"""The flags of all commands whose value is a secret, with safer alternatives. The last two are the worker's."""
ON_STDIN = {"api_key_stdin": "api_key", "auth_token_stdin": "auth_token"}
"""The flags that read a secret from stdin, each with the flag that it replaces."""
FEDERATION_INTENTS = ("federation_rule", "identity_token_file", "identity_token")
"""The flags that say that a federation is meant: nothing else uses them."""
FEDERATION = (*FEDERATION_INTENTS, "organization_id", "service_account_id")
"""The flags of a federation."""

FILE = Param("file", "setting", str, "Read the input from this file; - is stdin.", short="-f")
BETA = Param(
    "beta",
    "header",
    list,
    "A beta version, in place of the default. May be repeated.",
    wire="anthropic-beta",
)

LIMIT = Param("limit", "query", int, "Items per page; every page is fetched anyway.")
PAGE = Param("page", "query", str, "Start at this cursor, the next_page of an earlier response.", nullable=True)
MAX_ITEMS = Param("max_items", "setting", int, "Stop after this many items; -1 for all of them.")
FILTER = Param(
    "filter",
    "setting",
    list,
    "List items that match: 'name%\"tmp-*\"', 'created_at<now-7d'. Repeat it for several conditions.",
)
SLURP = Param("slurp", "setting", bool, "Collect all items, and print them as one JSON array.")

UNTIL = Param(
    "until",
    "setting",
    list,
    "Repeat until this holds: 'state==\"archived\"'. May be repeated; all must hold.",
    value_name="CONDITION",
)
WATCH = Param(
    "watch",
    "setting",
    bool,
    "Repeat the request, and mark what changed.",
)
EVERY = Param(
    "every",
    "setting",
    str,
    "The time between requests.",
    value_name="TIME",
    default="2s",
)
FOR = Param(
    "for",
    "setting",
    str,
    "Stop after this time; --until then exits with 8.",
    value_name="TIME",
)
WAITING = (UNTIL, WATCH, EVERY, FOR)
UNTIL_IN_LIST = UNTIL._replace(
    help="Repeat until this holds for the list: '#==0', '#.name==\"demo\"'. May be repeated."
)
LIST_WAITING = (UNTIL_IN_LIST, WATCH, EVERY, FOR)
PARALLEL = Param("parallel", "setting", int, "Requests at once, if there are several inputs.", default="8")
FAIL_FAST = Param("fail_fast", "setting", bool, "With several inputs: send nothing after the first failure.")
YES = Param("yes", "setting", bool, "Do not ask for confirmation at a terminal.")
MANY = (PARALLEL, FAIL_FAST)
MANY_CREATED = (PARALLEL._replace(default="1"), FAIL_FAST)

ADD = Param(
    "add",
    "setting",
    list,
    "Add to a list or set a key: packages.pip=polars; repeated.",
    value_name="PATH=TEXT",
)
REMOVE = Param(
    "remove",
    "setting",
    list,
    "Remove from a list: packages.pip=pandas, or metadata.KEY.",
    value_name="PATH",
)
SET = Param(
    "set",
    "setting",
    list,
    "Set a package or a key: packages.pip=pandas==2.3.",
    value_name="PATH=TEXT",
)
EDITS = (ADD, REMOVE, SET)
