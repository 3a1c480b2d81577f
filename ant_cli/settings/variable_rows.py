"""The variables of the environment as rows: what each may decide, and what is checked before it does.

A file that came with somebody else's project, such as `.env`, may set any of them. `docs/credentials.md` has these
rows as a table.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.errors import BadValue, UsageError, os_error_text
from ant_cli.runtime import variables
from ant_cli.settings import rows


class Check(NamedTuple):
    """What is checked of the text of a variable."""

    text: str
    """What the table says about it."""
    run: Callable[[str, str], Any] | None = None
    """Takes the variable and its text. Returns the value, or raises UsageError. Without it, the text is used."""


class Variable(NamedTuple):
    """A variable of the environment."""

    name: str
    decides: str
    """What it may decide."""
    check: Check


def value_of(name: str, environ: Mapping[str, str]) -> Any:
    """Return the value of a variable; None if it is unset or blank. Raises UsageError if it can't be used."""
    text = environ.get(name, "")
    if not text.strip():
        return None
    check = BY_NAME[name].check.run
    return check(name, text) if check else text


# Checks


def _check_place(source: str, path: str) -> None:
    """Reject a path that is relative to the working folder, or in its repository: both may come with a project."""
    from ant_cli.runtime.trusted_files import check_place  # late: few runs start another program

    try:
        check_place(path)
    except OSError as error:
        problem = f"names {path!r}, which is not run: {os_error_text(error)}"
        raise BadValue(source, problem, getattr(error, "hint", "")) from None


def _official_tool(source: str, path: str) -> str:
    """Return the path of the official tool. Any other program might run a file that came with the project."""
    from ant_cli.settings.official_tool import MODULE, is_official  # late: 0.2 ms of each command

    must = f"{source} must be the path of the official `ant`"
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file() fails if the name is too long
        raise UsageError(f"{must}; there is no file {path}.")
    _check_place(source, path)
    if not is_official(Path(path)):
        raise UsageError(
            f"{must}; {path} is not it.", f"A script that starts it has to name {MODULE}."
        )
    return path


def _config_folder(source: str, text: str) -> str:
    if text.startswith("~"):  # a folder of this name would be created in the current one
        problem = "begins with ~, which only a shell replaces: write the whole path"
        raise BadValue(source, problem)
    return text


_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


def _custom_headers(source: str, text: str) -> dict[str, str]:
    """Return the headers for a gateway. No message quotes them."""
    headers = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, value = map(str.strip, line.partition(":"))
        if re.fullmatch(_HEADER_NAME, name) and colon:
            headers[name.lower()] = rows.header(f"{source}, line {number},", value)
        elif line.strip():
            problem = f"must have `Name: value` on each line, but line {number} is something else"
            raise BadValue(source, problem)
    return headers


def _no_aws(source: str, text: str) -> bool:
    """Reject what asks for requests that are signed for Claude Platform on AWS."""
    if text.strip().lower() in ("0", "false", "f", "no", "off"):
        return False
    raise UsageError(
        f"{source} asks for requests that are signed for Claude Platform on AWS, "
        "which this program does not support.",
        f"Unset it. With an API key of AWS: {variables.BASE_URL} and {variables.AUTH_TOKEN}, "
        "as docs/credentials.md says.",
    )


_FREE = Check("nothing")
_SECRET = Check("one line of printable ASCII", rows.check_secret)
_ID = Check("one segment of a path, without control characters")
_IN_EXCHANGE = Check("printable ASCII, before the exchange")
_COMMAND = Check("nothing: it is a command line, and run as it is")

# Rows

ROWS = (
    Variable(variables.API_KEY, "the credential", _SECRET),
    Variable(variables.AUTH_TOKEN, "the credential", _SECRET),
    Variable(
        variables.ENVIRONMENT_KEY,
        "the credential of workers, and of the calls below",
        Check(
            "one line of printable ASCII; neither an API key nor an environment's ID by its form",
            rows.environment_key,
        ),
    ),
    Variable(
        variables.ENVIRONMENT_KEY_FILE, "the file with this key", Check("as of a key in a variable")
    ),
    Variable(variables.METADATA_KEY, "the API key for the metadata of a worker's items", _SECRET),
    Variable(variables.WORK_SECRET, "the secret of an item, for `beta:worker run`", _FREE),
    Variable(
        variables.BASE_URL,
        "the server",
        Check(
            "a URL with a host; which credentials are sent there: see the table above",
            rows.base_url,
        ),
    ),
    Variable(
        variables.CUSTOM_HEADERS,
        "more headers of each request, for a gateway",
        Check("`Name: value` on each line; those that `ant` sets itself win", _custom_headers),
    ),
    Variable(variables.WORKSPACE_ID, "the workspace", Check("printable ASCII", rows.header)),
    Variable(variables.ENVIRONMENT_ID, "the environment of work commands and workers", _ID),
    Variable(
        variables.PROFILE,
        "the profile: its credential, server and workspace",
        Check("the profile exists"),
    ),
    Variable(
        variables.CONFIG_DIR,
        "the folder of profiles and logins: keys, servers, commands that print a key",
        Check(
            "absolute, not in the repository of the working folder; owner and mode of the files",
            _config_folder,
        ),
    ),
    Variable(
        "XDG_CONFIG_HOME",
        "the folder of logins, if `ANTHROPIC_CONFIG_DIR` is unset",
        Check("as above; a relative path is ignored"),
    ),
    Variable(variables.FEDERATION_RULE_ID, "a federation", _IN_EXCHANGE),
    Variable(variables.ORGANIZATION_ID, "the organization of a federation", _IN_EXCHANGE),
    Variable(variables.SERVICE_ACCOUNT_ID, "its service account", _IN_EXCHANGE),
    Variable(variables.IDENTITY_TOKEN, "its identity token", _IN_EXCHANGE),
    Variable(
        variables.IDENTITY_TOKEN_FILE,
        "the file with this token, which is sent to the server",
        Check("a file of at most 16 KiB that holds one token"),
    ),
    Variable(
        variables.USE_AWS,
        "nothing: requests signed for AWS are not supported",
        Check("an error (exit code 2) unless it is false", _no_aws),
    ),
    Variable(
        variables.OFFICIAL,
        "the program that gets the commands which only the official tool has, with all variables",
        Check(
            "the official tool, by an absolute path, and not in the repository of the working folder",
            _official_tool,
        ),
    ),
    Variable("ANT_PAGER", "the program that shows long lists", _COMMAND),
    Variable("PAGER", "the same, if `ANT_PAGER` is unset", _COMMAND),
    Variable("VISUAL", "the editor of `ant edit`", _COMMAND),
    Variable("EDITOR", "the same, if `VISUAL` is unset", _COMMAND),
    Variable("HTTPS_PROXY", "the way to the server; so do `HTTP_PROXY` and `ALL_PROXY`", _FREE),
    Variable("NO_PROXY", "what needs no proxy", _FREE),
    Variable("SSL_CERT_FILE", "whose certificates are accepted; so does `SSL_CERT_DIR`", _FREE),
    Variable(variables.NO_HINTS, "whether notes about credentials are printed", _FREE),
    Variable(
        variables.KEY_COMMANDS,
        "nothing: `ant` sets it for a command that prints a key, which must not run itself",
        _FREE,
    ),
)
"""The variables that decide about credentials, servers and other programs. `HOME` and `PATH` are the system's."""
BY_NAME = {row.name: row for row in ROWS}
