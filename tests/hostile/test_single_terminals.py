"""One stream is a terminal, and the other is not: `| jq` and `2> log`. Each text depends on one of them only."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import Screen
from tests.helpers.words import ARCHIVE, DELETE, EMPTY, LIST, RETRIEVE, page

DEMO = {"id": "env_1", "type": "environment", "name": "demo", "config": {"type": "cloud"}}
GONE = httpx.Response(404, json={"error": {"type": "not_found_error", "message": "gone"}})
NOT_FOUND = httpx.Response(404, json={"error": {"type": "not_found_error", "message": "no id"}})
STATS = ("beta:environments:work", "stats")
VARIABLE = {"ANTHROPIC_ENVIRONMENT_ID": "env_v"}
LOCAL = {"ANTHROPIC_BASE_URL": "local:new.db"}


def ask_no(_question):
    return "n"


ROWS = [
    ("stdout", "Log in: ", (), {}),
    ("stdout", "\x1b[1mInput:", ("help", "input"), {}),
    ("stdout", "NAME", LIST, {"replies": [page(DEMO)]}),
    ("stdout", "name\x1b[0m    demo", RETRIEVE, {"replies": [DEMO]}),
    ("stdout", "No environments.", LIST, {}),
    ("stdout", "Deleted env_1.", (*DELETE, "--yes"), {"replies": [{}]}),
    ("stdout", "Archived env_1.", (*ARCHIVE, "env_1", "--yes"), {"replies": [DEMO]}),
    ("stderr", "--environment-id is env_v, from", STATS, {"env": VARIABLE, "replies": [{}]}),
    (
        "stderr",
        "Note: 'demo' is env_1.",
        (*RETRIEVE[:2], "demo"),
        {"replies": [NOT_FOUND, page(DEMO), DEMO]},
    ),
    ("stderr", "Created new.db", LIST, {"env": LOCAL, "network": True}),
    ("stderr", "ant: gone", RETRIEVE, {"replies": [GONE]}),
    ("stderr", "nothing was sent", DELETE, {"ask": ask_no, "replies": [{}]}),
    (
        "stderr",
        "env_1: gone (404 not_found_error)\nDELETE ",
        (*DELETE, "env_2", "--yes"),
        {"replies": [GONE, GONE]},
    ),
]
"""The stream that decides, what is printed if it is a terminal, a command line, and how it is run."""


@pytest.mark.parametrize(("stdout", "stderr"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize(("decides", "text", "words", "run"), ROWS, ids=[row[1] for row in ROWS])
def test_a_text_for_a_terminal_is_printed_if_its_own_stream_is_one(
    ant, decides, text, words, run, stdout, stderr
):
    is_terminal = {"stdout": stdout, "stderr": stderr}
    screens = {name: Screen(terminal=bool(value)) for name, value in is_terminal.items()}
    env = {"TERM": "xterm", **run.get("env", {})}
    done = ant(*words, **{**run, "env": env}, **screens)
    assert (text in done.stdout + done.stderr) == bool(is_terminal[decides])


@pytest.mark.parametrize(("stdout", "stderr"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_format_of_a_profile_counts_if_stdout_is_a_terminal(ant, profiles, stdout, stderr):
    profiles('active = "p"\n\n[profiles.p]\nformat = "yaml"\n')
    screens = {"stdout": Screen(terminal=bool(stdout)), "stderr": Screen(terminal=bool(stderr))}
    done = ant(*RETRIEVE, replies=[DEMO], **screens)
    assert done.stdout.startswith("id: env_1\n") == bool(stdout)


@pytest.mark.parametrize(("stdout", "stderr"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_watch_shows_tables_if_stdout_is_a_terminal(ant, stdout, stderr):
    screens = {"stdout": Screen(terminal=bool(stdout)), "stderr": Screen(terminal=bool(stderr))}
    done = ant(*LIST, "--watch", "--format", "table", replies=[EMPTY, GONE], **screens)
    assert ("can't show the format table" in done.stderr) != bool(stdout)
