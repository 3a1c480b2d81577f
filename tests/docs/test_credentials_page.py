"""docs/credentials.md: what it says about calls, limits and flags is what the rows say."""

from __future__ import annotations

import re
from pathlib import Path

from ant_cli.operations import OPERATIONS
from ant_cli.settings import access_tokens, federation, logins, rows
from ant_cli.settings.variable_rows import BY_NAME

TEXT = (Path(__file__).parents[2] / "docs" / "credentials.md").read_text()
PAGE = " ".join(TEXT.split())


def table(head: str) -> list[list[str]]:
    """Return the cells of the table that begins with this head."""
    lines = TEXT.partition(f"| {head} |")[2].splitlines()[2:]
    end = next(number for number, line in enumerate(lines) if not line.startswith("|"))
    return [re.split(r" *\| *", line)[1:-1] for line in lines[:end]]


def test_the_table_of_calls_says_which_keys_each_operation_accepts():
    """A user chooses a key by it."""
    said = {}
    for calls, *answers in table("call"):
        group, names = re.fullmatch(r"`(\S+)` (.+)", calls).groups()
        for name in names.split(", "):
            said[f"{group} {name}"] = [answer == "accepted" for answer in answers]
    assert said == {
        operation.command: [key in operation.accepts for key in ("API key", "environment key")]
        for operation in OPERATIONS
    }


def test_the_table_of_a_federation_has_the_flag_and_the_variable_of_each_value():
    """Those of the rows, and the workspace, which other requests have, too."""
    settings = [*rows.FEDERATION, rows.SETTINGS["workspace_id"]]
    said = {flag: variable for flag, variable, _ in table("flag")}
    assert said == {f"`{row.flag}`": f"`{row.variable}`" for row in settings}


def test_the_files_of_a_login_are_where_the_page_says(tmp_path):
    """In one folder, which a variable may name."""
    environ = {"ANTHROPIC_CONFIG_DIR": str(tmp_path)}
    files = [file for file, _ in table("file")]
    assert files == ["`active_config`", "`configs/NAME.json`", "`credentials/NAME.json`"]
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "w.json").write_text('{"authentication": {"type": "user_oauth"}}')
    profile = logins.read_profile("w", environ)
    assert profile is not None
    assert profile.credentials_path == tmp_path / "credentials" / "w.json"
    (tmp_path / "active_config").write_text("w")
    assert logins.active_name(environ) == "w"


def test_the_limits_and_the_order_on_the_page_are_those_of_the_code():
    """Each is a number or a list that could change alone."""
    order = ", ".join(f"`{key}`" for key in rows.CREDENTIAL_KEYS)
    assert f"Within a profile of this program, the order is {order}." in PAGE
    assert f"A token is used if it lasts for more than {access_tokens.SPARE_S:g} seconds" in PAGE
    limit = f"a file of at most {federation._LONGEST // 1024} KiB that holds one token"
    assert BY_NAME["ANTHROPIC_IDENTITY_TOKEN_FILE"].check.text == limit
    assert f"`{rows.DEFAULT_BASE_URL}`" in PAGE
