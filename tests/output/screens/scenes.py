"""The scenes: command lines, the server's responses, and the time of day.

`python -m tests.output.screens.scenes NAME` plays one.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from itertools import groupby, repeat

import httpx

from ant_cli.main import main
from tests.conftest import make_runtime
from tests.helpers.transports import transport_to
from tests.helpers.words import DELETE, LIST, RETRIEVE, page

NOW = datetime.fromisoformat("2026-03-14T15:00:00Z").timestamp()


def environment(number, name, created, config=None, archived=None, **fields):
    """Return an environment in the form of the API."""
    return {
        "id": f"env_011CZkZ9X2dpNyB7HsEFoR{number:02d}",
        "archived_at": archived,
        "config": config or {"networking": {"type": "unrestricted"}, "type": "cloud"},
        "created_at": created,
        "description": "",
        "metadata": {},
        "name": name,
        "type": "environment",
        "updated_at": created,
        "scope": "organization",
        **fields,
    }


def work(number, state, created, heartbeat=None, **metadata):
    """Return a work item in the form of the API."""
    return {
        "id": f"work_01Hn5Bq8mZcXvR2tKs9LpW{number:02d}",
        "acknowledged_at": None,
        "created_at": created,
        "data": {"id": f"sesn_01AbCdEfGhJkLmNpQrStUv{number:02d}", "type": "session"},
        "environment_id": "env_011CZkZ9X2dpNyB7HsEFoR02",
        "latest_heartbeat_at": heartbeat,
        "metadata": metadata,
        "state": state,
        "type": "work",
    }


ENVIRONMENTS = [
    environment(1, "data-analysis", "2026-03-14T14:59:58Z"),
    environment(2, "edge", "2026-03-14T14:18:00Z", {"type": "self_hosted"}, scope="account"),
    environment(3, "日本語の環境 🚀", "2026-03-14T11:00:00Z"),
    environment(4, "בדיקת סביבה", "2026-03-11T15:00:00Z"),
    environment(
        5,
        "cafe\u0301 with a name that is longer than a screen has room for",
        "2026-01-10T15:00:00Z",
    ),
    environment(6, "\x1b[31mred\x07 herring\u202e", "2025-09-01T15:00:00Z"),
    environment(7, "old-tests", "2024-03-01T15:00:00Z", archived="2025-12-24T18:00:00Z"),
]
WORK = [
    work(1, "queued", "2026-03-14T14:59:30Z"),
    work(2, "starting", "2026-03-14T14:58:00Z"),
    work(3, "active", "2026-03-14T14:40:00Z", "2026-03-14T14:59:50Z"),
    work(4, "stopping", "2026-03-14T12:00:00Z", "2026-03-14T14:58:00Z"),
    work(5, "stopped", "2026-03-12T12:00:00Z", "2026-03-12T13:00:00Z"),
]
DEAD_LETTER = work(
    6,
    "stopped",
    "2026-03-13T15:00:00Z",
    "2026-03-13T16:00:00Z",
    ant_dead_letter="3 attempts failed; the last one: the handler exited with 1: ValueError: the input is empty",
)
WHOLE = environment(
    1,
    "data-analysis",
    "2026-03-14T11:30:00Z",
    {
        "type": "cloud",
        "networking": {
            "type": "limited",
            "allowed_hosts": ["pypi.org", "github.com"],
            "allow_mcp_servers": False,
            "allow_package_managers": True,
        },
        "packages": {
            "type": "packages",
            **{manager: [] for manager in ("apt", "cargo", "gem", "go", "npm")},
            "pip": ["pandas==2.2.0", "numpy"],
        },
    },
    state="active",
    description="Notebooks and reports of the data team, with what they need to read and to plot.\nAsk ada.",
    metadata={"team": "data", "tier": ""},
)
MISSING = {
    "type": "error",
    "error": {"type": "not_found_error", "message": "Environment not found."},
}
WITH_CODE = {
    "type": "error",
    "error": {
        "type": "not_found_error",
        "message": "environment_id: there is no environment 'env_011CZkZ9X2dpNyB7HsEFoRfW' in this workspace.",
        "error_code": "environment_not_found",
        "details": {"error_code": "environment_not_found"},
    },
    "request_id": "req_011CZkZ9",
}
HEARTBEAT = {
    "type": "work_heartbeat",
    "lease_extended": True,
    "state": "active",
    "last_heartbeat": "",
    "ttl_seconds": 300,
}
STATS = {
    "type": "work_queue_stats",
    "depth": 3,
    "pending": 1,
    "oldest_queued_at": None,
    "workers_polling": 2,
}


class Rounds(list):
    """The responses to the successive requests of a command that repeats them."""


SCENES = {
    "list": (LIST, page(*ENVIRONMENTS[:1], *ENVIRONMENTS[2:6])),
    "list-archived": ([*LIST, "--include-archived"], page(*ENVIRONMENTS)),
    "list-empty": (LIST, page()),
    "list-columns": ([*LIST, "--columns", "id,Network,metadata.team"], page(*ENVIRONMENTS[:2])),
    "work-list": (["beta:environments:work", "list", "env_1"], page(*WORK)),
    "work-list-dead-letter": (
        ["beta:environments:work", "list", "env_1"],
        page(*WORK[2:], DEAD_LETTER),
    ),
    "retrieve": (RETRIEVE, WHOLE),
    "retrieve-json": (
        [*RETRIEVE, "--format", "json", "--transform", "{id,name,archived_at}"],
        WHOLE,
    ),
    "stats": (["beta:environments:work", "stats", "env_1", "--format", "table"], STATS),
    "stats-empty": (
        ["beta:environments:work", "stats", "env_1"],
        {**STATS, "depth": 0, "pending": 0, "workers_polling": 0},
    ),
    "watch-list": (
        ["beta:environments:work", "list", "env_1", "--watch", "--for", "4s"],
        Rounds(
            [
                page(*WORK[1:]),
                page(work(1, "queued", "2026-03-14T15:00:01Z"), *WORK[1:3], WORK[4]),
                page(
                    work(1, "starting", "2026-03-14T15:00:01Z"),
                    WORK[1],
                    work(3, "active", "2026-03-14T14:40:00Z", "2026-03-14T15:00:03Z"),
                    WORK[4],
                ),
            ]
        ),
    ),
    "watch-stats": (
        ["beta:environments:work", "stats", "env_1", "--watch", "--for", "2s"],
        Rounds(
            [STATS, {**STATS, "depth": 2, "pending": 2, "oldest_queued_at": "2026-03-14T14:59:00Z"}]
        ),
    ),
    "retrieve-work": (
        ["beta:environments:work", "retrieve", "work_1", "--environment-id", "env_1"],
        WORK[2],
    ),
    "heartbeat": (
        ["beta:environments:work", "heartbeat", "work_1", "--environment-id", "env_1"],
        HEARTBEAT,
    ),
    "delete": (DELETE, {"id": "env_1", "type": "environment_deleted"}),
    "error": (RETRIEVE, MISSING),
    "error-with-code": (RETRIEVE, WITH_CODE),
    "usage-error": (["beta:environments", "create", "--nmae", "demo"], None),
    "first-steps": ([], None),
    "help": (["help"], None),
    "help-group": (["beta:environments"], None),
    "help-command": (["beta:environments", "create", "--help"], None),
    "help-topic": (["help", "output"], None),
}
"""The words of each scene, and the response to its request."""


def response(answer):
    """Return a response in the form in which the network delivers it."""
    status = 404 if answer in (MISSING, WITH_CODE) else 200
    return httpx.Response(status, headers={"request-id": "req_011CZkZ9"}, json=answer)


def play(name, stdout, stderr, environ):
    """Run the command of a scene on these streams and return its exit status."""
    words, answer = SCENES[name]
    answers = iter(answer) if isinstance(answer, Rounds) else repeat(answer)
    transport = transport_to(lambda _: response(next(answers)))
    passed = [0.0]
    environ = {"ANTHROPIC_API_KEY": "sk-ant-made-up", "ANT_PAGER": "", **environ}
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - not a path of ours
        process = make_runtime(
            environ,
            nothing,
            stdout,
            stderr,
            transport=transport,
            sleep=passed.append,
            now=lambda: NOW + sum(passed),
        )
        return main(words, process)


def canonical(screen):
    """Return the visible content of a terminal's output, with the escape sequences of each run of a style.

    Different sequences can mean the same, and spaces at the end of a line are invisible.
    """
    style, lines = (), []
    for line in screen.replace("\u200e", "").split("\n"):
        cells, position = [], 0
        for match in re.finditer(r"\x1b\[([\d;]*)m|\x0f|\r", line):
            cells += [(style, character) for character in line[position : match.start()]]
            style = _after(style, match[1]) if match[1] is not None else style
            position = match.end()
        cells += [(style, character) for character in line[position:]]
        while cells and cells[-1][1] == " ":
            cells.pop()
        lines.append("".join(_visible(*run) for run in groupby(cells, key=lambda cell: cell[0])))
    return "\n".join(lines).rstrip("\n") + "\n"


def _after(style, codes):
    """Return the style after an escape sequence, as a sorted tuple of numbers."""
    for code in map(int, (codes or "0").split(";")):
        if code == 0:
            style = ()
        elif code == 39:
            style = tuple(number for number in style if number < 30)
        elif code == 22:
            style = tuple(number for number in style if number > 29)
        else:
            style = tuple(sorted({*style, code}))
    return style


def _visible(style, cells):
    text = "".join(character for _, character in cells)
    if not style or not text.strip():
        return text
    return f"␛[{';'.join(map(str, style))}m{text}␛[0m"


if __name__ == "__main__":
    play(
        sys.argv[1], sys.stdout.buffer, sys.stderr.buffer, {**os.environ, "TERM": "xterm-256color"}
    )
