"""Names of the environment variables that settings and credentials come from."""

from __future__ import annotations

API_KEY = "ANTHROPIC_API_KEY"
AUTH_TOKEN = "ANTHROPIC_AUTH_TOKEN"  # noqa: S105 - a name
BASE_URL = "ANTHROPIC_BASE_URL"
WORKSPACE_ID = "ANTHROPIC_WORKSPACE_ID"
IDENTITY_TOKEN = "ANTHROPIC_IDENTITY_TOKEN"  # noqa: S105 - a name
IDENTITY_TOKEN_FILE = "ANTHROPIC_IDENTITY_TOKEN_FILE"  # noqa: S105 - a name
FEDERATION_RULE_ID = "ANTHROPIC_FEDERATION_RULE_ID"
ORGANIZATION_ID = "ANTHROPIC_ORGANIZATION_ID"
SERVICE_ACCOUNT_ID = "ANTHROPIC_SERVICE_ACCOUNT_ID"
PROFILE = "ANTHROPIC_PROFILE"
CUSTOM_HEADERS = "ANTHROPIC_CUSTOM_HEADERS"
"""Headers for a gateway, one `Name: value` per line."""
CONFIG_DIR = "ANTHROPIC_CONFIG_DIR"
"""The folder of the profiles. /dev/null means: no profiles."""
USE_AWS = "ANTHROPIC_USE_AWS"
"""Asks the official tool for requests that are signed for AWS, which this program does not send."""
OFFICIAL = "ANT_OFFICIAL"
"""The path of the official `ant`; empty: it is not used."""
NO_HINTS = "ANT_NO_HINTS"
"""If set, hints are not printed."""
KEY_COMMANDS = "ANT_API_KEY_COMMANDS"
"""Set for a command that prints a key: the sources of the running commands, one per line."""
ENVIRONMENT_ID = "ANTHROPIC_ENVIRONMENT_ID"
ENVIRONMENT_KEY = "ANTHROPIC_ENVIRONMENT_KEY"
ENVIRONMENT_KEY_FILE = "ANT_WORKER_ENVIRONMENT_KEY_FILE"
WORK_SECRET = "ANTHROPIC_WORK_SECRET"  # noqa: S105 - a name
METADATA_KEY = "ANT_WORKER_METADATA_KEY"
"""The API key with which a worker writes the metadata of its items."""
OF_ORGANIZATION = (API_KEY, AUTH_TOKEN, IDENTITY_TOKEN)
"""An organization's credentials, which the handlers and sessions of a worker do not need."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
"""Proxies, in lower case; each is also read in upper case."""
