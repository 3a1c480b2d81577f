"""SECURITY.md."""

import ast
import re
from pathlib import Path

import pytest

import ant_cli
from ant_cli.apply import declarations, lockfile
from ant_cli.http import pagination, retries, transport
from ant_cli.http.response import RESPONSE_LIMIT
from ant_cli.input import DEPTH_LIMIT, yaml_reader
from ant_cli.runtime import redaction, redactor
from ant_cli.runtime.reading import INPUT_LIMIT
from ant_cli.runtime.trusted_files import OTHERS_READ, OTHERS_WRITE
from ant_cli.settings import access_tokens, logins, profiles
from ant_cli.worker import work_api
from tests.helpers.words import LIST

TEXT = (Path(__file__).parents[2] / ".github" / "SECURITY.md").read_text()
PAGE = " ".join(TEXT.split())
MB = 1_000_000


@pytest.mark.parametrize(
    "limit",
    [
        f"{INPUT_LIMIT // MB} MB of input",
        f"{declarations._DATA_RULE.limit // MB} MB of a file that `ant apply` reads",
        f"{lockfile._RULE.limit // MB} MB of its lock file",
        f"{DEPTH_LIMIT} levels of nesting",
        f"{yaml_reader._ALIAS_LIMIT:,} characters that YAML's aliases stand for",
        f"{RESPONSE_LIMIT // MB} MB of an unpacked response",
        f"{work_api._LARGEST_RESPONSE // MB} MB of one to a worker",
        f"{pagination._MOST_VALUES:,} values",
        f"more than {redaction._MAX_LENGTH:,} characters only as it is",
        f"At most {redactor.LONGEST_SHOWN // MB} MB of a body is shown",
        f"more than {redactor._MOST_RECEIVED} secrets",
    ],
)
def test_the_security_page_states_a_limit_as_the_code_has_it(limit):
    """A reader decides by it what may be given to `ant`."""
    assert limit in PAGE


def test_the_words_for_other_limits_on_the_security_page_are_true():
    """It has them as words: fewer than four characters, more than a minute, ten times the time-out."""
    assert (redaction._MIN_LENGTH, retries._LONGEST_WAIT_S, transport.STEPS) == (4, 60.0, 10)


PACKAGE = Path(ant_cli.__file__).parent
STARTERS = (
    "subprocess",
    "posix_spawn",
    "posix_spawnp",
    "execve",
    "execv",
    "execvp",
    "fork",
    "system",
    "startfile",
)


def starts_a_program(node):
    """Whether it is `subprocess.Popen(...)`, `os.execve(...)` and the like."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    module = getattr(node.func.value, "id", "")
    return module == "subprocess" or node.func.attr in STARTERS


def test_every_module_that_starts_a_program_is_on_the_security_page():
    """Who reviews the program looks at them first."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(map(starts_a_program, ast.walk(ast.parse(path.read_text()))))
    }
    table = PAGE.partition("## What starts other programs")[2].partition("## What reads")[0]
    assert set(re.findall(r"`([a-z_/]+\.py)`", table.partition("| --- |")[2])) == found


def test_every_file_that_the_security_page_names_exists():
    """They are the evidence."""
    root = PACKAGE.parent
    names = set(re.findall(r"`((?:tests|ant_cli)/[\w/]+\.py)`", PAGE))
    assert len(names) >= 5
    assert all((root / name).exists() for name in names)


RULES = {
    "`profiles.toml`": profiles._RULE,
    "`credentials/NAME.json`, the tokens of a login": logins._PRIVATE,
    "`configs/NAME.json`, `active_config`": logins._PUBLIC,
    # where the cache is, `TokenCache` checks before it reads or writes there
    "the cache of access tokens": access_tokens._PRIVATE._replace(own_place=True),
    "`claude-lock.json`": lockfile._RULE,
    "a file of an environment, for `ant apply`": declarations._DATA_RULE,
}


def test_the_table_of_files_says_what_the_rule_of_each_file_says():
    """Whose file is used, and what others may do with it, is decided by its rule."""
    lines = TEXT.partition("| file | may be a link |")[2].splitlines()[2:]
    rows = [re.split(r" *\| *", line)[1:-1] for line in lines if line.startswith("|")]
    said = {file: [cell.startswith("yes") for cell in cells] for file, *cells in rows[: len(RULES)]}
    assert said == {
        file: [
            rule.may_be_link,
            rule.owner == "anyone",
            not rule.forbidden & OTHERS_READ & ~OTHERS_WRITE,
            not rule.forbidden & OTHERS_WRITE,
            not rule.own_place,
        ]
        for file, rule in RULES.items()
    }
    changeable = {file: cells[3] for file, *cells in rows[: len(RULES)]}
    assert [file for file, cell in changeable.items() if "your own group" in cell] == [
        file for file, rule in RULES.items() if rule.own_group
    ]
    assert [file for file, cell in changeable.items() if "replace" in cell] == [
        file for file, rule in RULES.items() if rule.safe_folders
    ]


def test_no_env_file_of_the_working_folder_is_read(ant, tmp_path, monkeypatch):
    """It may have come with somebody else's project. A user who loads it has looked at it."""
    monkeypatch.chdir(tmp_path)
    canary = "sk-ant-of-a-dotenv-file"
    Path(".env").write_text(
        f"ANTHROPIC_API_KEY={canary}\nANTHROPIC_BASE_URL=https://evil.example\n"
    )
    done = ant(*LIST)
    assert [request.url.host for request in done.requests] == ["api.anthropic.com"]
    assert canary not in str(done.requests[0].headers.raw)
