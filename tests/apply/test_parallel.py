"""The connection of `ant apply`: several requests at once."""

from __future__ import annotations

import threading

from ant_cli.apply import server
from ant_cli.http.client import connect
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from tests.conftest import make_runtime
from tests.helpers.many import IDS, FakeAPI
from tests.helpers.transports import transport_to
from tests.helpers.words import LIST


def test_as_many_requests_are_in_progress_as_workers_are_allowed(clean_environ):
    """With enough steps, there are never more and not fewer. Later steps use the same clients."""
    full = threading.Barrier(3)
    api = FakeAPI(dict.fromkeys(IDS[:3], lambda: full.wait(60) >= 0 and 200))
    runtime = make_runtime(clean_environ, transport=transport_to(api))
    with connect(load(runtime, Flags({})).connection, runtime) as client:
        connection = server.Connection(client, 3)
        for _ in range(2):
            assert len(connection.each(IDS, server.read)) == len(IDS)
    assert api.most_at_once == 3


def test_the_emulator_in_the_process_creates_in_the_order_of_the_files(team):
    """A list shows them in the same order each time."""
    names = [f"env-{number:02}" for number in range(12)]
    team.add(*names)
    here = {"ANTHROPIC_BASE_URL": "local:"}
    assert team.ant("apply", "--yes", ".", **here).exit == 0
    listed = team.ant(*LIST, "--transform", "name", "--format", "jsonl", "-r", **here)
    assert listed.stdout.split() == names[::-1]
