"""The token exchange: its request, and the effect of each possible response."""

from __future__ import annotations

import itertools
import json
import os
import re
from functools import partial
from types import SimpleNamespace

import httpx
import pytest

from ant_cli.http import token_exchange
from ant_cli.settings.access_tokens import AccessToken
from ant_cli.settings.federation import FederationRule
from tests.conftest import needs_posix
from tests.helpers.federation import ASSERTION, OBJECT, SIGNATURE, grant, paths
from tests.helpers.servers import Act, ScriptedServer, response
from tests.helpers.system_verifier import server_context
from tests.helpers.words import CREATE, KEY, LIST, RETRIEVE

EXCHANGE, GET = "/v1/oauth/token", "/v1/environments/env_1"


def test_an_identity_token_is_exchanged_for_an_access_token_that_the_request_has(federated):
    """The exchange has exactly the fields, the order and the headers of the official SDKs."""
    result = federated(
        *RETRIEVE, replies=[grant(), OBJECT], env={"ANTHROPIC_SERVICE_ACCOUNT_ID": "svac_1"}
    )
    assert (result.exit, result.json, result.stderr) == (0, OBJECT, "")
    exchange, request = result.requests
    assert (exchange.method, str(exchange.url)) == ("POST", f"https://api.anthropic.com{EXCHANGE}")
    assert list(json.loads(exchange.content).items()) == [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", ASSERTION),
        ("federation_rule_id", "fdrl_1"),
        ("organization_id", "org-1"),
        ("service_account_id", "svac_1"),
    ]
    headers = dict(exchange.headers)
    assert headers.pop("user-agent").startswith("ant-cli-python/")
    assert headers.pop("content-length") == str(len(exchange.content))
    assert headers == {
        "host": "api.anthropic.com",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "anthropic-beta": "oauth-2025-04-20,oidc-federation-2026-04-01",
        "content-type": "application/json",
    }
    assert request.url.path == GET
    assert request.headers["authorization"] == f"Bearer {KEY}-1"
    assert request.headers["anthropic-beta"] == "managed-agents-2026-04-01,oauth-2025-04-20"
    assert "x-api-key" not in request.headers


def test_the_headers_for_a_gateway_are_in_the_exchange_too(federated):
    """The token endpoint is behind the same gateway."""
    env = {"ANTHROPIC_CUSTOM_HEADERS": "x-team: data\naccept: other"}
    exchange, request = federated(*RETRIEVE, replies=[grant(), OBJECT], env=env).requests
    assert [each.headers["x-team"] for each in (exchange, request)] == ["data", "data"]
    assert exchange.headers["accept"] == "application/json"


def test_an_identity_token_is_sent_to_a_server_that_the_verifier_of_the_system_trusts(
    federated, system_verifier
):
    """On Windows and macOS, the system verifies the certificate, by the name of the server."""
    replies = (response(grant()), response(OBJECT))
    with ScriptedServer(*replies, tls=server_context("127.0.0.1")) as server:
        result = federated(*RETRIEVE, "--base-url", server.url, network=True)
    assert (result.exit, result.json) == (0, OBJECT)
    assert [line.split()[1] for line in server.lines] == [EXCHANGE, f"{GET}?beta=true"]
    assert set(system_verifier.names) == {"127.0.0.1"}


def test_a_workspace_is_part_of_the_exchange_and_not_a_header(federated):
    """The access token is limited to that workspace, and a request can't choose another one."""
    result = federated(*RETRIEVE, "--workspace-id", "wrkspc_1", replies=[grant(), OBJECT])
    exchange, request = result.requests
    assert list(json.loads(exchange.content))[-1] == "workspace_id"
    assert json.loads(exchange.content)["workspace_id"] == "wrkspc_1"
    assert "anthropic-workspace-id" not in request.headers


def test_the_exchange_uses_the_path_and_the_user_of_the_base_url(federated):
    """A gateway in front of the API treats both requests the same."""
    url = "https://u:gateway-password@gw.example/anthropic"
    result = federated(*RETRIEVE, "--base-url", url, replies=[grant(), OBJECT])
    exchange = result.requests[0]
    assert str(exchange.url) == f"https://gw.example/anthropic{EXCHANGE}"
    assert exchange.headers["authorization"] == "Basic dTpnYXRld2F5LXBhc3N3b3Jk"


def test_a_federation_can_be_given_by_flags_alone(ant, token_file, clock):
    """The flags are those of the official tool."""
    flags = (
        "--federation-rule",
        "fdrl_2",
        "--organization-id",
        "org-2",
        "--identity-token-file",
        str(token_file),
    )
    result = ant(
        *RETRIEVE, *flags, "--service-account-id", "svac_2", replies=[grant(), OBJECT], now=clock
    )
    assert result.exit == 0
    sent = json.loads(result.requests[0].content)
    assert (sent["federation_rule_id"], sent["organization_id"]) == ("fdrl_2", "org-2")
    assert sent["service_account_id"] == "svac_2"


def test_a_dry_run_exchanges_nothing_and_shows_the_place_of_the_token(federated, folder):
    """It sends no request and writes no file."""
    result = federated(*RETRIEVE, "--dry-run", replies=[])
    assert (result.exit, result.requests) == (0, [])
    assert "authorization: Bearer [redacted]" in result.stdout
    assert not folder.exists()


DEBUGGED = """\
> POST https://api.anthropic.com/v1/oauth/token
> accept: application/json
> accept-encoding: gzip
> anthropic-beta: oauth-2025-04-20,oidc-federation-2026-04-01
> content-type: application/json
> user-agent: ant-cli-python/VERSION
>
> {"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"[redacted]",\
"federation_rule_id":"fdrl_1","organization_id":"org-1"}
< 200 OK
< content-type: application/json
< content-length: 82
<
< {"access_token":"[redacted]","token_type":"Bearer","expires_in":3600}
"""


def test_the_debug_log_hides_the_identity_token_and_the_access_token(federated):
    """All other parts of the exchange are shown."""
    result = federated(*RETRIEVE, "--debug", replies=[grant(), OBJECT])
    sent = result.stderr[result.stderr.index("> POST") : result.stderr.index("> GET")]
    assert re.sub(r"/[\d.]+\n", "/VERSION\n", sent) == DEBUGGED


@pytest.mark.parametrize(
    "words", [("auth", "token"), ("auth", "print-credentials"), RETRIEVE], ids=" ".join
)
def test_an_error_of_the_token_endpoint_is_shown_with_its_reason(federated, words):
    """This holds for every command that needs a token."""
    busy = {"type": "error", "error": {"type": "overloaded_error", "message": "come back later"}}
    result = federated(*words, "--max-retries", "0", replies=[httpx.Response(529, json=busy)])
    assert result.exit == 7
    assert "come back later" in result.stderr


def test_auth_token_prints_the_access_token_that_requests_would_have(federated):
    """Other tools can use it, even if it comes from the cache."""
    for replies in ([grant(access_token="for-another-tool")], []):
        result = federated("auth", "token", replies=replies)
        assert (result.exit, result.stdout) == (0, "for-another-tool\n")


def test_the_emulator_in_the_process_needs_no_exchange(federated):
    """It accepts any credential, or none."""
    result = federated("--base-url", "local::memory:", *LIST, replies=[])
    assert (result.exit, result.requests) == (0, [])


# The identity token


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "can't be read: no such file or directory."),
        (b"", "is empty."),
        (b" \r\n", "is empty."),
        (b"x" * 16_385, "can't be read: it is larger than 16,384 bytes."),
        (b"a.b.c\nd.e.f", "contains a character that no token has."),
        (b"a.b.\x1b[2J", "contains a character that no token has."),
        (b"a.b.\xff\xfe", "contains a character that no token has."),
        (b"two words", "contains a character that no token has."),
    ],
)
def test_an_invalid_identity_token_is_never_sent(federated, token_file, content, problem):
    """The message names the file, and the exit code is that of a missing credential."""
    token_file.unlink()
    if content is not None:
        token_file.write_bytes(content)
    result = federated(*RETRIEVE, replies=[])
    assert (result.exit, result.requests) == (4, [])
    assert f"ant: the identity token in {token_file} {problem}" in result.stderr


def test_an_identity_token_may_have_16_kib(federated, token_file):
    """The limit is that of the official SDKs."""
    token_file.write_text("x" * 16_384)
    result = federated(*RETRIEVE, replies=[grant(), OBJECT])
    assert json.loads(result.requests[0].content)["assertion"] == "x" * 16_384


@needs_posix("variables of any bytes")
def test_an_identity_token_in_a_variable_that_is_no_text_is_never_sent(federated):
    """Python represents these bytes as lone surrogates."""
    env = {"ANTHROPIC_IDENTITY_TOKEN_FILE": None, "ANTHROPIC_IDENTITY_TOKEN": "a.b.\udcff"}
    result = federated(*RETRIEVE, env=env, replies=[])
    assert (result.exit, result.requests) == (4, [])
    assert "contains a character that no token has." in result.stderr


def test_white_space_around_an_identity_token_is_removed(federated, token_file):
    """Files end with a line break, which some tools write in the form of Windows."""
    token_file.write_text(f"\n {ASSERTION}\r\n")
    result = federated(*RETRIEVE, replies=[grant(), OBJECT])
    assert json.loads(result.requests[0].content)["assertion"] == ASSERTION


@needs_posix("links")
def test_an_identity_token_file_may_be_a_link(federated, token_file, monkeypatch):
    """Kubernetes mounts tokens as links, which it replaces, to files of another user."""
    monkeypatch.setattr("ant_cli.runtime.trusted_files.is_foreign", lambda _: True)
    token_file.rename(token_file.with_name("..data"))
    token_file.symlink_to("..data")
    assert federated(*RETRIEVE, replies=[grant(), OBJECT]).exit == 0


@needs_posix("named pipes")
def test_a_pipe_in_place_of_the_identity_token_file_is_rejected_at_once(federated, token_file):
    """Reading a pipe without a writer would never end, and a later exchange could not read it again."""
    token_file.unlink()
    os.mkfifo(token_file)
    result = federated(*RETRIEVE, replies=[])
    assert result.exit == 4
    assert f"{token_file} can't be read: it is a pipe or a device, not a file." in result.stderr


@pytest.mark.parametrize(
    "url", ["http://api.example", "http://10.0.0.1:8080", "http://localhost.example"]
)
def test_an_identity_token_is_not_sent_without_encryption(federated, url):
    """Anybody on the network path could use it to log in."""
    refusal = federated(*RETRIEVE, "--base-url", url).refusal
    assert refusal == (
        f"ant: an identity token is not sent to {url}, since others could read it on the way.\n"
        "Use a base URL that begins with https://.\n"
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
def test_an_identity_token_is_sent_to_loopback_without_encryption(federated, url):
    """Nobody else can read it on loopback."""
    assert federated(*RETRIEVE, "--base-url", url, replies=[grant(), OBJECT]).exit == 0


# Rejections


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_grant", "error_description": "the subject does not match"},
        {
            "type": "error",
            "error": {"type": "invalid_grant", "message": "the subject does not match"},
        },
    ],
)
def test_the_error_of_a_rejected_exchange_has_the_reason_of_the_server(
    federated, folder, status, body
):
    """The error formats of OAuth and of the API are understood. Nothing is cached, and the request is not sent."""
    reply = httpx.Response(status, json=body, headers={"request-id": "req_7"})
    result = federated(*RETRIEVE, replies=[reply])
    assert (result.exit, paths(result), result.waits) == (4, [EXCHANGE], [])
    assert result.stderr == (
        f'ant: POST "https://api.anthropic.com{EXCHANGE}": the identity token was not accepted: {status} '
        f"{reply.reason_phrase} (invalid_grant: the subject does not match).\n"
        "Does federation rule fdrl_1 (from ANTHROPIC_FEDERATION_RULE_ID) match this token? "
        "The console lists exchanges under Workload identity.\n"
        "Is the token new? Many can be exchanged only once, and expire after some minutes.\n"
        "A rule for several workspaces needs --workspace-id.\nRequest ID: req_7\n"
    )
    assert not list(folder.glob("*"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "invalid_grant", "error_description": "It is\n too old."}, "It is too old"),
        ({"error": "invalid_grant"}, ""),
        ({"error_description": "too old"}, "too old"),
        ({"error": {"type": "invalid_grant", "message": ""}}, ""),
        ({"error": "invalid_grant", "error_description": 7}, ""),
    ],
)
def test_the_reason_of_a_rejected_exchange_is_one_line_of_what_the_server_says(
    federated, body, reason
):
    """The full stop of the server is left out, because the error has its own."""
    said = ": ".join(filter(None, ["invalid_grant" if "error" in body else "", reason]))
    result = federated(*RETRIEVE, replies=[httpx.Response(400, json=body)])
    assert f"was not accepted: 400 Bad Request ({said}).\n" in result.stderr


def test_a_secret_of_the_user_that_a_server_echoes_is_not_shown_in_part(federated):
    """A long reason is cut, perhaps in the middle of a secret."""
    error = {"error": "invalid_grant", "error_description": f"{'x' * 470} correct-horse-battery-2"}
    env = {"ANTHROPIC_CUSTOM_HEADERS": "x-gateway-key: correct-horse-battery-2"}
    result = federated(*RETRIEVE, env=env, replies=[httpx.Response(400, json=error)])
    assert "x" * 100 in result.stderr
    assert "correct" not in result.stderr


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b"[" * 100_000, b'{"error": 7}', b'{"error": {"type": []}}', b""]
)
def test_a_rejected_exchange_without_a_reason_is_reported_by_its_status(federated, body):
    """No part of such a body is shown."""
    result = federated(*RETRIEVE, replies=[httpx.Response(401, content=body)])
    assert result.exit == 4
    assert "the identity token was not accepted: 401 Unauthorized.\n" in result.stderr


@pytest.mark.parametrize(
    "echo",
    [
        ASSERTION,
        SIGNATURE,
        f"%22{SIGNATURE}%22",
        SIGNATURE.encode().hex(),
        "x" * 480 + SIGNATURE,
        f"{ASSERTION[:-4]}...",
        f"'{SIGNATURE[:16]}'",
    ],
)
def test_an_identity_token_that_a_server_echoes_is_not_shown(federated, echo):
    """This includes parts of it, other notations, and messages that the server or the program truncates."""
    error = {
        "error": "invalid_grant",
        "error_description": f"bad assertion {echo}\x1b[2J\nant: done",
    }
    result = federated(*RETRIEVE, replies=[httpx.Response(400, json=error)])
    assert result.exit == 4
    assert SIGNATURE.encode().hex() not in result.stderr
    assert SIGNATURE[:12] not in result.stderr
    assert "\x1b" not in result.stderr
    assert "\nant: done" not in result.stderr


@pytest.mark.parametrize("replies", [[grant()], []])
def test_an_access_token_that_a_server_echoes_is_not_shown(federated, replies):
    """It may be new or from the cache. Every run of these tests checks that."""
    if not replies:
        federated(*RETRIEVE, replies=[grant(), OBJECT])
    echo = httpx.Response(
        400, json={"error": {"type": "x", "message": f"bad header: Bearer {KEY}-1"}}
    )
    result = federated(*RETRIEVE, replies=[*replies, echo])
    assert result.exit == 1
    assert "bad header: Bearer [redacted]" in result.stderr


def test_a_long_identity_token_is_redacted(federated, token_file):
    """With many claims, a token is longer than secrets that are searched for in every notation."""
    payload = "abcdefgh" * 1500
    token_file.write_text(f"eyJhbGciOiJSUzI1NiJ9.{payload}.{SIGNATURE}")
    error = {
        "error": "invalid_grant",
        "error_description": f"{token_file.read_text()} and {SIGNATURE.upper()}",
    }
    result = federated(*RETRIEVE, "--debug", replies=[httpx.Response(400, json=error)])
    assert result.exit == 4
    assert payload[:100] not in result.stderr
    assert SIGNATURE.upper() not in result.stderr


# Faults


ECHO = {"type": "error", "error": {"type": "api_error", "message": SIGNATURE}}
REFUSED = ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        *((httpx.Response(status, json=ECHO), str(status)) for status in (429, 500, 503, 529)),
        (REFUSED, "connection refused"),
    ],
)
def test_an_exchange_is_retried_when_the_server_has_a_problem(federated, problem, said):
    """It is retried like any request. Without retries left, the exit code is that of the error."""
    assert federated(*RETRIEVE, replies=[problem, grant(), OBJECT]).exit == 0
    result = federated(*RETRIEVE, "--organization-id", "other", replies=[problem] * 3)
    expected = (8, []) if problem is REFUSED else (7, [EXCHANGE] * 3)
    assert (result.exit, paths(result), len(result.waits)) == (*expected, 2)
    assert f'POST "https://api.anthropic.com{EXCHANGE}": {said}' in result.stderr


def test_a_long_wait_for_another_exchange_is_announced(federated):
    """The note is the same as before any other request."""
    busy = httpx.Response(503, headers={"retry-after": "30"})
    result = federated(*RETRIEVE, replies=[busy, grant(), OBJECT])
    assert (result.exit, result.waits) == (0, [30.0])
    assert result.stderr == "Note: 503 Service Unavailable. Retry 1 of 2 in 30 s.\n"


def test_an_exchange_that_would_have_to_wait_too_long_says_so(federated):
    """The exchange is not repeated."""
    busy = httpx.Response(429, headers={"retry-after": "3600"}, json=ECHO)
    result = federated(*RETRIEVE, replies=[busy])
    assert (result.exit, paths(result), result.waits) == (7, [EXCHANGE], [])
    assert "\nThe server asks to wait 3,600 s before the next request.\n" in result.stderr


def test_max_retries_applies_to_exchanges_too(federated):
    """Exchanges and other requests have the same limit."""
    result = federated(*RETRIEVE, "--max-retries", "0", replies=[httpx.Response(500)])
    assert (result.exit, len(result.requests)) == (7, 1)


def test_a_create_whose_exchange_failed_was_not_carried_out(federated):
    """The error does not tell the user to check whether an environment was created."""
    lost = ConnectionResetError(104, "Connection reset by peer")
    for replies in ([lost] * 3, [httpx.Response(500)] * 3, [{}], [httpx.Response(302)]):
        result = federated(*CREATE, replies=replies)
        assert result.exit in (4, 7, 8)
        assert "may have succeeded" not in result.stderr


def test_an_interrupt_during_the_exchange_of_a_create_leaves_nothing_to_check(federated):
    """Nothing was created yet."""
    result = federated(*CREATE, replies=[KeyboardInterrupt()])
    assert (result.exit, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        *(
            ({"access_token": token}, "it has no access_token that can be sent")
            for token in (
                None,
                "",
                7,
                f"{KEY}\r\nx-evil: 1",
                f"{KEY}\x1b[2J",
                f"{KEY} twice",
                f"{KEY}\u00e9",
            )
        ),
        *(({"token_type": kind}, "its token_type is not Bearer") for kind in ("mac", ["Bearer"])),
        *(
            ({"expires_in": seconds}, "its expires_in is not a number of seconds up to a year")
            for seconds in (0, -3600, 10**12, 10**400, "3600", True, {})
        ),
    ],
)
def test_a_response_without_a_usable_token_is_rejected(federated, folder, fields, problem):
    """Nothing of it is shown, sent or cached."""
    result = federated(*RETRIEVE, replies=[grant(**fields)])
    assert (result.exit, paths(result)) == (4, [EXCHANGE])
    assert result.stderr == f"ant: the response to the token exchange can't be used: {problem}.\n"
    assert not list(folder.glob("*"))


@pytest.mark.parametrize("fields", [{"expires_in": None}, {}], ids=["null", "missing"])
def test_a_token_without_an_end_serves_one_run_and_is_not_cached(federated, folder, fields):
    """Nobody knows how long it lasts (D42)."""
    token = {"access_token": f"{KEY}-1", "token_type": "Bearer", **fields}
    for _ in range(2):
        result = federated(*RETRIEVE, replies=[token, OBJECT])
        assert (result.exit, paths(result)[0], len(result.requests)) == (0, EXCHANGE, 2)
    assert not list(folder.glob("*.json"))


@pytest.mark.parametrize("kind", ["bearer", "BEARER", None])
def test_the_token_type_is_case_insensitive_and_may_be_missing(federated, kind):
    """The official SDKs accept the same."""
    assert federated(*RETRIEVE, replies=[grant(token_type=kind), OBJECT]).exit == 0


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (httpx.Response(200, content=b"[]"), "it has no access_token"),
        (httpx.Response(200, content=b'{"access_token": "x'), "it has no access_token"),
        (httpx.Response(200, content=b'{"expires_in": 60}'), "it has no access_token"),
        (
            httpx.Response(200, content=b'{"access_token": "x", "expires_in": NaN}'),
            "it has no access_token that can",
        ),
        (httpx.Response(200, content=b"<html>log in</html>"), "HTML or XML"),
        (httpx.Response(200, content=b""), "empty"),
        (httpx.Response(204), "it has no access_token"),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), "a redirect"),
        (httpx.Response(200, content=b" " * 1_000_001), "is larger than 1 MB"),
    ],
)
def test_a_response_without_the_form_of_a_grant_is_rejected(federated, reply, problem):
    """A proxy or a login page may respond in place of the API. A redirect is not followed."""
    result = federated(*RETRIEVE, replies=[reply])
    assert (result.exit, len(result.requests)) == (4, 1)
    assert problem in result.stderr
    assert ("Check the base URL." in result.stderr) is (problem in ("HTML or XML", "a redirect"))


@pytest.mark.parametrize("end", [Act.STALL, Act.DRIP])
def test_a_response_to_an_exchange_that_never_ends_is_given_up(federated, monkeypatch, end):
    """The limit applies to the whole response, even if bytes keep arriving, and whatever `--timeout` is."""
    monkeypatch.setattr(token_exchange, "_TIMEOUT_S", 0.5)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{"
    with ScriptedServer((head, end)) as server:
        result = federated(*RETRIEVE, "--base-url", server.url, "--max-retries", "0", network=True)
    assert result.exit == 8
    assert "no complete response within 0.5 s" in result.stderr
    assert "To wait longer" not in result.stderr  # it would not help


def test_the_message_about_a_time_limit_names_the_flag_that_extends_it(federated):
    """This holds for every other request, too."""
    with ScriptedServer((b"", Act.STALL)) as server:
        words = ("--base-url", server.url, "--max-retries", "0", "--timeout", "0.2")
        result = federated(*RETRIEVE, *words, network=True)
    assert result.exit == 8
    assert "no response within 0.2 s.\nTo wait longer: --timeout SECONDS.\n" in result.stderr
    assert [line.split()[1] for line in server.lines] == [EXCHANGE]


def test_an_exchange_works_over_a_real_connection(federated):
    """It uses sockets of the system, like the run of a user."""
    with ScriptedServer(response(grant()), response(OBJECT)) as server:
        result = federated(*RETRIEVE, "--base-url", server.url, network=True)
    assert (result.exit, result.json) == (0, OBJECT)
    assert server.lines == [f"POST {EXCHANGE} HTTP/1.1", f"GET {GET}?beta=true HTTP/1.1"]


# Representations

RULE = FederationRule("fdrl_1", "org-1", ASSERTION, "", "svac_1", "wrkspc_1", "--federation-rule")


def test_the_repr_of_a_federation_rule_or_an_access_token_shows_no_secret():
    """A traceback in a log, or a failed assertion, shows it."""
    assert (SIGNATURE in f"{RULE!r} {RULE}", "fdrl_1" in repr(RULE)) == (False, True)
    token = repr(AccessToken(KEY, 1790000000.0, 1780000000.0))
    assert (KEY in token, "1790000000.0" in token) == (False, True)


def test_the_pause_before_an_exchange_is_repeated_is_announced(federated):
    """The pause before any other request is announced, too."""
    busy = httpx.Response(429, headers={"retry-after": "7"}, json={})
    result = federated(*RETRIEVE, replies=[busy, grant(), OBJECT])
    assert (result.exit, result.waits) == (0, [7])
    assert "Retry 1 of 2" in result.stderr


def test_an_exchange_for_which_the_server_asks_to_wait_long_says_how_long(federated):
    busy = httpx.Response(429, headers={"retry-after": "3600"}, json={})
    result = federated(*RETRIEVE, replies=[busy])
    assert (result.exit, result.waits) == (7, [])
    assert "The server asks to wait 3,600 s before the next request.\n" in result.stderr


def test_a_login_page_in_place_of_a_token_is_reported_with_the_request(federated):
    """A proxy may ask for a password first."""
    result = federated(*RETRIEVE, replies=[httpx.Response(200, content=b"<html>log in</html>")])
    assert result.stderr == (
        f'ant: POST "https://api.anthropic.com{EXCHANGE}": '
        "200 OK, but the response is HTML or XML, not JSON in UTF-8.\n"
        "Something other than the API may have responded, such as a proxy. Check the base URL.\n"
    )


def test_a_long_reason_of_a_rejected_exchange_is_shortened(federated):
    error = {"error": "invalid_grant", "error_description": "no " * 2000}
    result = federated(*RETRIEVE, replies=[httpx.Response(400, json=error)])
    assert "(invalid_grant: no no " in result.stderr
    assert len(result.stderr) < 1200


def test_an_exchange_has_half_a_minute_whatever_the_time_limit_of_requests_is(
    federated, monkeypatch
):
    """The official SDKs have the same limit. By the test's clock, each byte takes ten seconds."""
    clock = SimpleNamespace(monotonic=partial(next, itertools.count(0, 10)))
    monkeypatch.setattr("ant_cli.http.transport.time", clock)
    with ScriptedServer((b"HTTP/1.1 200 ", Act.DRIP)) as server:
        words = ("--base-url", server.url, "--max-retries", "0", "--timeout", "300")
        result = federated(*RETRIEVE, *words, network=True)
    assert result.exit == 8
    assert result.stderr.endswith(": no complete response within 30 s.\n")


@pytest.mark.parametrize(
    ("betas", "sent"),
    [
        ("a", "a,oauth-2025-04-20"),
        ("a, b", "a,b,oauth-2025-04-20"),
        ("a,,b,", "a,b,oauth-2025-04-20"),
        ("", "oauth-2025-04-20"),
        ("oauth-2025-04-20-x", "oauth-2025-04-20-x,oauth-2025-04-20"),
        ("oauth-2025-04-20", "oauth-2025-04-20"),
        ("a, oauth-2025-04-20", "a, oauth-2025-04-20"),
    ],
)
def test_the_beta_version_that_tokens_need_is_added_to_those_of_a_flag(federated, betas, sent):
    """The version is added only if the flag does not have it already."""
    result = federated(*RETRIEVE, "--beta", betas, replies=[grant(), OBJECT])
    assert result.requests[1].headers["anthropic-beta"] == sent


@pytest.mark.parametrize("position", [440, 455, 470])
def test_a_secret_in_a_reason_that_is_shortened_is_not_shown_in_part(federated, position):
    """A part of a secret would not be recognized and redacted."""
    secret = "gateway-canary-0123456789-abcdefgh"
    description = "no " * (position // 3) + secret + " no" * 50
    error = {"error": "invalid_grant", "error_description": description}
    env = {"ANTHROPIC_CUSTOM_HEADERS": f"x-gateway: {secret}"}
    result = federated(*RETRIEVE, replies=[httpx.Response(400, json=error)], env=env)
    assert (result.exit, "gateway" in result.stderr) == (4, False)
