"""A name in place of an environment's ID: the 404 error suggests the ID, and nothing else happens."""

from __future__ import annotations

import json
from contextlib import nullcontext

import httpx
import pytest

from ant_cli.errors import APIError
from ant_cli.http.client import Client
from ant_cli.http.response import Response
from ant_cli.http.sender import Observer
from ant_cli.http.transport import Timeouts
from ant_cli.input.request import Request
from ant_cli.operations.spec import Flags
from ant_cli.run.hints import hints_on_404
from ant_cli.settings.loading import load
from tests.conftest import make_runtime
from tests.test_many import FakeAPI

NOT_FOUND = httpx.Response(
    404, json={"type": "error", "error": {"type": "not_found_error", "message": "no such environment"}}
)
RETRIEVE = ("beta:environments", "retrieve")


def page(*items: tuple[str, str], after: str | None = None):
    """Return a page of environments, each given as an ID and a name."""
    return {"data": [{"id": item_id, "name": name} for item_id, name in items], "next_page": after}


def test_a_404_suggests_the_command_with_the_id_of_the_environment_that_has_the_name(ant):
    """The environment itself is not changed, and the exit code is that of a 404."""
    result = ant(*RETRIEVE, "prod", replies=[NOT_FOUND, page(("env_1", "dev"), ("env_2", "prod"))])
    assert (result.exit, result.stdout) == (5, "")
    assert result.stderr.endswith(
        "'prod' is the name of env_2. Its command: ant beta:environments retrieve env_2\n"
    )
    assert [(request.method, request.url.path) for request in result.requests] == [
        ("GET", "/v1/environments/prod"),
        ("GET", "/v1/environments"),
    ]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("beta:environments", "delete", "prod"), "Its command: ant beta:environments delete env_2"),
        (("beta:environments", "archive", "prod"), "Its command: ant beta:environments archive env_2"),
        (
            ("beta:environments", "update", "prod", "--name", "p"),
            "With the same input: ant beta:environments update env_2",
        ),
        (("beta:environments:work", "stats", "prod"), "Its command: ant beta:environments:work stats env_2"),
        (("beta:environments:work", "list", "prod"), "Its command: ant beta:environments:work list env_2"),
        (
            ("beta:environments:work", "ack", "it's", "--environment-id", "prod"),
            "Its command: ant beta:environments:work ack --environment-id env_2 'it'\"'\"'s'",
        ),
    ],
)
def test_every_command_with_an_environment_id_suggests_itself_with_the_id(ant, words, command):
    """Other arguments are kept if they are IDs; fields are not repeated."""
    result = ant(*words, replies=[NOT_FOUND, page(("env_2", "prod"))])
    assert result.exit == 5
    assert result.stderr.endswith(f"{command}\n")
    assert len(result.requests) == 2


@pytest.mark.parametrize(
    ("flags", "repeated"),
    [
        (("--base-url", "http://127.0.0.1:1/a'b"), " --base-url 'http://127.0.0.1:1/a'\"'\"'b'"),
        (("--base-url", "http://ada:hunter2@127.0.0.1:1"), " --base-url http://127.0.0.1:1"),
        (("--workspace-id", "wrkspc_1"), " --workspace-id wrkspc_1"),
        (("--profile", "ci", "--local=false"), " --profile ci"),
        (("--api-key", "sk-ant-typed-key-1", "--format", "json"), ""),
    ],
)
def test_the_suggested_command_goes_to_the_same_server_and_account(ant, flags, repeated):
    """Secrets, and flags that choose neither, are not repeated."""
    ant("profile", "create", "ci", "--base-url", "http://127.0.0.1:1")
    result = ant(*RETRIEVE, "prod", *flags, replies=[NOT_FOUND, page(("env_2", "prod"))])
    assert result.exit == 5
    assert result.stderr.endswith(f"Its command: ant beta:environments retrieve env_2{repeated}\n")


def test_the_suggested_command_leads_to_the_local_emulator_again(ant):
    """The suggestion repeats --local."""
    environment_id = ant("--local", "beta:environments", "create", "--name", "prod").json["id"]
    result = ant("--local", *RETRIEVE, "prod")
    assert result.stderr.endswith(f"Its command: ant beta:environments retrieve {environment_id} --local\n")


def test_every_environment_with_the_name_is_listed(ant):
    """Names are not unique, so the user chooses."""
    result = ant(
        *RETRIEVE, "prod", replies=[NOT_FOUND, page(("env_1", "prod"), after="2"), page(("env_2", "prod"))]
    )
    assert result.stderr.splitlines()[-2:] == [
        "'prod' is the name of env_1. Its command: ant beta:environments retrieve env_1",
        "'prod' is the name of env_2. Its command: ant beta:environments retrieve env_2",
    ]


@pytest.mark.parametrize("identifier", ["-x", "--all", "env 1", "$(date)", "env_1\u0301", "env_\u0431"])
def test_an_id_that_is_unsafe_in_a_command_is_not_suggested(ant, identifier):
    """The server may have sent anything."""
    result = ant(*RETRIEVE, "prod", replies=[NOT_FOUND, page((identifier, "prod"))])
    assert (result.exit, len(result.requests)) == (5, 2)
    assert "Its command" not in result.stderr


@pytest.mark.parametrize(
    "words", [(*RETRIEVE, "env_1"), ("beta:environments:work", "ack", "w", "--environment-id", "env_1")]
)
def test_no_environment_is_looked_for_if_an_id_was_given(ant, words):
    """The argument has the form of an ID, so it is not a name."""
    result = ant(*words, replies=[NOT_FOUND, page()])
    assert (result.exit, len(result.requests)) == (5, 1)


def test_no_environment_is_looked_for_by_a_command_without_an_id(ant):
    """The server may respond with a 404 to any request."""
    result = ant("beta:environments", "list", replies=[NOT_FOUND, page()])
    assert (result.exit, len(result.requests)) == (5, 1)


@pytest.mark.parametrize("status", [400, 403, 409])
def test_no_environment_is_looked_for_after_another_error(ant, status):
    """Only a 404 says that the ID does not exist."""
    result = ant(*RETRIEVE, "prod", "--max-retries", "0", replies=[httpx.Response(status, json={}), page()])
    assert len(result.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500),
        httpx.Response(401),
        ConnectionResetError("no"),
        httpx.Response(200, text="<html>"),
        {"data": [{"name": "prod"}, 1]},
        page(("env_2; rm -rf", "prod"), ("$(date)", "prod")),
        page(("env_2", "production")),
    ],
    ids=["500", "401", "reset", "not JSON", "not environments", "invalid IDs", "another name"],
)
def test_the_error_has_no_hint_if_the_name_is_not_found(ant, reply):
    """The second request fails silently, and is not repeated."""
    result = ant(*RETRIEVE, "prod", replies=[NOT_FOUND, reply])
    alone = ant(*RETRIEVE, "env_1", replies=[NOT_FOUND])
    assert (result.exit, result.stderr) == (5, alone.stderr.replace("env_1", "prod"))
    assert (len(result.requests), result.waits) == (2, [])


def test_no_more_than_ten_pages_are_searched(ant):
    """An account may have any number of environments."""
    pages = [page(("env_1", "dev"), after=str(number)) for number in range(20)]
    assert len(ant(*RETRIEVE, "prod", replies=[NOT_FOUND, *pages]).requests) == 11


@pytest.mark.parametrize(("timeout", "seconds"), [("60", 2.0), ("0.5", 0.5)])
def test_the_environments_are_looked_up_in_two_seconds_at_most_and_unseen(clean_environ, timeout, seconds):
    """The error waits for this request, which nobody asked for. Afterwards the usual time limits apply again."""
    limits, waits = [], []

    class Recording(FakeAPI):
        def stream(self, _method, _url, _headers, _body, timeouts):
            limits.append(timeouts)
            return nullcontext(Response(200, "OK", {}, [json.dumps(page(("env_1", "prod"))).encode()]))

    class Watching(Observer):
        def waiting_for(self, what):
            waits.append(what)
            return nullcontext()

    runtime = make_runtime(clean_environ, transport=Recording())
    connection = load(runtime, Flags({"timeout": timeout})).connection
    with Client(connection, runtime, Watching()) as client:
        with pytest.raises(APIError) as raised, hints_on_404("prod", client, str):
            raise APIError("GET /", 404, "Not Found", b"", "")
        assert raised.value.line().endswith(" 'prod' is the name of env_1. Its command: env_1")
        assert (limits, waits) == ([Timeouts(seconds, seconds)], [])
        client.send(Request("GET", "/v1/environments/env_1", ()))
        assert limits[1:] == [Timeouts(float(timeout), 10 * float(timeout))]
        assert waits == ["GET /v1/environments/env_1"]
