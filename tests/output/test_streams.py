"""Stdout and stderr: what depends on a terminal depends on that of the stream that is written."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.conftest import Screen
from tests.helpers.words import ARCHIVE, DELETE, EMPTY, LIST, RETRIEVE, page

REJECTED = httpx.Response(400, json={"type": "error", "error": {"type": "bad", "message": "no"}})
UNKNOWN = httpx.Response(404, json={})
BUSY = httpx.Response(503, headers={"retry-after": "30"}, json={})
NAMED = {"id": "env_2", "name": "prod"}
URL = "https://api.anthropic.com/v1/environments"

CASES = {
    "a list": (LIST, [page({"id": "a"})], "ID\na\n", '{\n  "id": "a"\n}\n', "", ""),
    "an object": (RETRIEVE, [{"id": "a"}], "id  a\n", '{\n  "id": "a"\n}\n', "", ""),
    "an empty list": (LIST, [EMPTY], "", "", "No environments.\n", ""),
    "a change that is done": (
        (*DELETE, "--yes", "--format", "jsonl"),
        [{"id": "a"}],
        '{"id":"a"}\n',
        '{"id":"a"}\n',
        "Deleted env_1.\n",
        "",
    ),
    "a name": (
        (*RETRIEVE[:2], "prod", "--format", "jsonl", "--transform", "id"),
        [UNKNOWN, page(NAMED), NAMED],
        '"env_2"\n',
        '"env_2"\n',
        "",
        "Note: 'prod' is env_2.\n",
    ),
    "an error": (
        RETRIEVE,
        [REJECTED],
        "",
        "",
        f'GET "{URL}/env_1?beta=true": 400 Bad Request\n{{\n  "type": "error",\n'
        '  "error": {\n    "type": "bad",\n    "message": "no"\n  }\n}\n',
        f'ant: no (400 bad)\nGET "{URL}/env_1?beta=true"\n',
    ),
    "a failure among many": (
        (*ARCHIVE, "a", "b", "--yes", "--parallel", "1"),
        [REJECTED] * 2,
        "",
        "",
        "".join(
            f'{name}: POST "{URL}/{name}/archive?beta=true": 400 Bad Request no (400 bad)\n'
            for name in "ab"
        )
        + "ant: archived 0 of 2, 2 failed.\n",
        "".join(f'{name}: no (400 bad)\nPOST "{URL}/{name}/archive?beta=true"\n' for name in "ab")
        + "ant: archived 0 of 2, 2 failed.\n",
    ),
    "a long wait": (
        (*RETRIEVE, "--format", "raw"),
        [BUSY, {}],
        "{}\n",
        "{}\n",
        "Note: 503 Service Unavailable. Retry 1 of 2 in 30 s.\n",
        "",
    ),
    "a new database": (
        (*LIST, "--base-url", "local:new.db", "--format", "raw", "--transform", "data"),
        [],
        "[]\n",
        "[]\n",
        "",
        "Created new.db, an empty database of the emulator.\n",
    ),
    "a watch": (
        (*LIST, "--watch", "--for", "1s"),
        [page({"id": "a"})],
        "ID\na\n",
        '{"change":"added","item":{"id":"a"}}\n',
        "CLOCK  1 added\n",
        "",
    ),
    "the explorer": (
        (*RETRIEVE, "--format", "explore"),
        [{"id": "a"}],
        "id  a\n",
        '{\n  "id": "a"\n}\n',
        "Note: the format explore needs a terminal; pretty is used instead.\n",
        "Note: the format explore needs a terminal; json is used instead.\n",
    ),
}
"""A command, its responses; stdout at a terminal, and in a pipe; and what is on stderr then, which is the other."""


@pytest.mark.parametrize("shown", ["stdout", "stderr"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_result_is_for_the_terminal_of_stdout_and_a_message_for_that_of_stderr(ant, case, shown):
    """One of them is often a file or a pipe: `ant ... | jq`, `ant ... 2>log`."""
    words, replies, results, piped, said_to_a_log, said = case
    is_stdout = shown == "stdout"
    result = ant(
        *words,
        replies=replies,
        env={"NO_COLOR": "1"},
        stdout=Screen(terminal=is_stdout),
        stderr=Screen(terminal=not is_stdout),
    )
    stdout = re.sub(" +\n", "\n", re.sub(r"^(ID) .*", r"\1", result.stdout, flags=re.MULTILINE))
    stderr = re.sub(r"^\d\d:\d\d:\d\d", "CLOCK", result.stderr)
    without_line = re.sub("\r\x1b\\[K[^\r\n]*", "", stderr)
    assert stdout == (results if is_stdout else piped)
    assert without_line == (said_to_a_log if is_stdout else said)
    assert ("Retry" in result.stderr) is (BUSY in replies)


def test_the_program_alone_shows_the_first_steps_at_a_terminal_and_its_help_in_a_pipe(ant):
    """A person starts here. A pipe searches."""
    steps = ant(stdout=Screen(terminal=True), stderr=Screen(terminal=False))
    page = ant(stdout=Screen(terminal=False), stderr=Screen(terminal=True))
    assert (steps.exit, page.exit) == (0, 0)
    assert "Log in:" in steps.stdout
    assert "Usage:" not in steps.stdout
    assert page.stdout == ant("help").stdout == ant("-h").stdout == ant("--help").stdout
    assert page.stdout.startswith("Usage: ant COMMAND")


def test_colours_are_those_of_the_stream_that_is_written(ant):
    """A result in a pipe has none, even if messages are on a terminal."""
    for is_stdout in (True, False):
        result = ant(
            *RETRIEVE,
            "--format",
            "json",
            replies=[{"id": "a"}],
            stdout=Screen(terminal=is_stdout),
            stderr=Screen(terminal=not is_stdout),
        )
        assert ("\x1b[" in result.stdout) is is_stdout
