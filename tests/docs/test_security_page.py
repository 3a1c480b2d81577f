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
from ant_cli.worker import work_api

PAGE = " ".join((Path(__file__).parents[2] / ".github" / "SECURITY.md").read_text().split())
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
