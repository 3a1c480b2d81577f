"""SECURITY.md."""

from pathlib import Path

import pytest

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
