"""Secrets of one request: a canary replaces the key in every place, through every command and fault.

No pattern matches the canary, so it is hidden only if it was registered as a secret. The fixtures assert that it
is shown nowhere, which is half of each test.
"""

from __future__ import annotations

import base64
import json
from contextlib import closing
from urllib.parse import quote

import pytest

from ant_cli.errors import APIError
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Operation
from ant_cli.runtime.redaction import REDACTED
from ant_cli.runtime.redactor import LONGEST_SHOWN
from ant_cli.runtime.streams import Stderr
from ant_cli.settings.loading import load
from ant_cli.worker.exporter import cached, find_page
from ant_cli.worker.work_api import WorkAPI
from tests.conftest import KEY_BY_PATTERN, Screen, flags_of, make_runtime
from tests.helpers.runs import OK
from tests.helpers.servers import Act, Reply, ScriptedServer, error, response
from tests.helpers.words import CREATE, KEY, LINES, LIST, NO_KEY, RETRIEVE

SPECIAL = 'can"ary/\\+%& =9'
"""A password that every notation escapes in its own way."""


# Every place


SENT = [
    ({}, ()),
    ({**NO_KEY, "ANTHROPIC_AUTH_TOKEN": KEY}, ()),
    (NO_KEY, ("--api-key", KEY)),
    (NO_KEY, (f"--auth-token={KEY}",)),
    ({"ANTHROPIC_AUTH_TOKEN": KEY + "-b"}, ()),
    ({"ANTHROPIC_API_KEY": f" {KEY}\n"}, ()),
    ({}, ("--workspace-id", KEY)),
    ({}, ("--beta", KEY)),
]
"""Places from which a key is sent, on purpose or by mistake."""
REFUSED = [
    ({"ANTHROPIC_API_KEY": f"{KEY}\nx"}, (), 2),
    ({"ANTHROPIC_API_KEY": f"{KEY}ü"}, (), 2),
    ({}, ("--api-kye", KEY), 2),
    ({}, (f"--{KEY}",), 2),
    ({}, (KEY,), 2),
    ({}, ("--format", KEY), 2),
    ({}, ("--format-error", KEY), 2),
    ({}, ("--max-retries", KEY), 2),
    ({}, ("--timeout", KEY), 2),
    ({}, ("--transform", KEY + ".[["), 2),
    ({}, ("--workspace-id", KEY + "\n\nx"), 2),
    ({}, ("--profile", KEY), 4),
    ({}, ("--file", f"/nope/{KEY}"), 2),
    ({"ANTHROPIC_PROFILE": KEY}, (), 4),
    (NO_KEY, ("--api-kye", KEY_BY_PATTERN), 2),
    (NO_KEY, (KEY_BY_PATTERN,), 2),
]
"""Places in which a key can't be used, and the exit code."""


@pytest.mark.parametrize(("env", "words"), SENT, ids=range(len(SENT)))  # a test's ID is printed
@pytest.mark.parametrize(
    ("reply", "status"),
    [(OK, 0), (error(f"401 {KEY}"), 4), ((Act.RESET,), 8)],
    ids=["200", "401", "reset"],
)
def test_a_key_that_is_sent_is_printed_nowhere_whatever_the_server_does(
    ant_over_socket, env, words, reply, status
):
    """It is in the request, and the debug log shows the request without it."""
    result = ant_over_socket(reply, env=env, more=(*words, "--debug"))
    assert result.exit == status
    assert KEY.encode() in result.requests[0]
    assert REDACTED in result.stderr


@pytest.mark.parametrize(("env", "words", "status"), REFUSED, ids=range(len(REFUSED)))
def test_a_usage_error_about_an_argument_does_not_quote_a_key_in_it(
    ant_over_socket, env, words, status
):
    """Nothing is sent."""
    result = ant_over_socket(env=env, more=(*words, "--debug"))
    assert (result.exit, result.requests) == (status, [])
    assert result.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, ("--api-key", "{}")),
        ({}, ("--api-key={}",)),
        ({}, ("--api-key", " {} ")),
        ({}, ("--api-key= {} ",)),
        ({}, ("--auth-token", "{}")),
        ({}, ("--auth-token={}",)),
        ({"ANTHROPIC_API_KEY": "{}"}, ()),
        ({"ANTHROPIC_AUTH_TOKEN": "{}"}, ()),
        ({}, ("--base-url", "http://ada:{}@127.0.0.1:1")),
        *(
            ({name: "http://ada:{}@proxy.invalid:3128"}, ())
            for lower in ("http_proxy", "https_proxy", "all_proxy")
            for name in (lower, lower.upper())
        ),
        ({"ANTHROPIC_BASE_URL": "http://ada:{}@127.0.0.1:1"}, ()),
    ],
    ids=str,
)
def test_a_secret_is_registered_before_the_first_error_can_quote_it(ant, env, words):
    """The stray argument repeats the secret, and is rejected before settings are resolved."""
    secret = "hunter2plain"
    given = {name: text.format(secret) for name, text in env.items()}
    refusal = ant(
        *LIST, *(word.format(secret) for word in words), secret, env=NO_KEY | given
    ).refusal
    assert secret not in refusal
    assert f"unexpected argument '{REDACTED}'" in refusal


SECRET_LOOKALIKES = (
    *("--apikey {}", "--apikey={}", "--api_key={}", "--authtoken {}", "--apikye={}", "--token={}"),
    *(
        "--password {}",
        "-apikey={}",
        "—api-key={}",
        "--api-key:{}",
        "apikey={}",
        "ANTHROPIC_API_KEY={}",
    ),
    *("x-api-key:{}",),
)
"""Mistyped forms of --api-key."""


@pytest.mark.parametrize("typed", SECRET_LOOKALIKES)
@pytest.mark.parametrize(
    "command",
    [
        "{} beta:environments list",
        "beta:environments {} list",
        "beta:environments list {}",
        "auth status {}",
    ],
)
def test_the_value_of_a_mistyped_key_flag_is_not_shown(ant, typed, command):
    """Other people may read a log with the error."""
    result = ant(*command.format(typed.format("hunter2plain")).split())
    assert (result.exit, result.requests) == (2, [])
    assert "hunter2plain" not in result.stdout + result.stderr


def test_metadata_named_like_a_secret_is_shown(ant):
    """It is data. A dry run is useless for checking input that it hides."""
    result = ant(*CREATE, "--metadata", "key: plain-value", "--dry-run")
    assert '"key": "plain-value"' in result.stdout


def test_the_longer_of_two_overlapping_secrets_is_redacted_completely(ant):
    """If the shorter one were replaced first, part of the longer one would be printed."""
    env = {"ANTHROPIC_API_KEY": "abcd1234", "ANTHROPIC_AUTH_TOKEN": "abcd1234-more"}
    result = ant(*LIST, "abcd1234-more", env=env)
    assert result.exit == 2
    assert "more" not in result.stderr
    assert f"'{REDACTED}'" in result.stderr


@pytest.mark.parametrize("password", ["p@ssword", "p@ss@word"])
def test_a_password_with_an_at_sign_is_removed_from_a_base_url_completely(ant, password):
    """In a URL, the last @ before the path ends the password."""
    result = ant(*RETRIEVE, "--base-url", f"http://ada:{password}@host.invalid", "--dry-run")
    assert result.exit == 0
    assert result.stdout.startswith("GET http://host.invalid/v1/environments/env_1?beta=true\n")
    assert "ss" + password[-4:] not in result.stdout + result.stderr


def test_a_password_with_a_slash_is_not_shown_by_auth_status(ant):
    """The URL can't be used like that, but another one is: its owner forgot to escape the slash."""
    done = ant(
        "auth",
        "status",
        "--base-url",
        "http://h:8080/@team",
        env={"ANTHROPIC_BASE_URL": "http://ada:p4ss/w0rd@h"},
    )
    assert "Base URL    http://h:8080/@team (--base-url)\n" in done.stdout
    assert "shadows ANTHROPIC_BASE_URL: http://h\n" in done.stdout


@pytest.mark.parametrize("password", ["p4ss/w0rd", "p4ss?w0rd", "p4ss#w0rd", "p4ss%2Fw0rd"])
def test_a_password_in_a_url_is_redacted_elsewhere_even_if_it_is_not_escaped(ant, password):
    """A user who forgot to escape it may also have pasted it into another argument."""
    result = ant(*RETRIEVE, password, "--base-url", f"http://ada:{password}@h")
    assert result.exit == 2
    assert f"'{REDACTED}'" in result.stderr


def test_a_dry_run_redacts_a_key_in_the_body(ant):
    """A key in metadata is sent unchanged, and printed nowhere."""
    words = (*CREATE, "--metadata", f"{{a: {KEY}}}")
    result = ant(*words, "--dry-run")
    assert (result.exit, result.requests) == (0, [])
    assert f'"a": "{REDACTED}"' in result.stdout
    assert ant(*words).body["metadata"] == {"a": KEY}


@pytest.mark.parametrize(
    "name", ["Set-Cookie", "set-cookie2", "x-session-token", "www-authorization", "x-api-key"]
)
def test_the_debug_log_redacts_headers_that_hold_secrets(ant_over_socket, name):
    """A session cookie is as powerful as a key, and can't be registered in advance."""
    result = ant_over_socket(
        response({"id": "x"}, f"{name}: session=not-a-known-secret"), more=("--debug",)
    )
    assert (result.exit, "not-a-known-secret" in result.stderr) == (0, False)
    assert f"{name.lower()}: {REDACTED}" in result.stderr.lower()


@pytest.mark.parametrize(
    "where", ["http://ada:{}@127.0.0.1:{{port}}", "http://{}@127.0.0.1:{{port}}"]
)
@pytest.mark.parametrize("secret", [KEY, SPECIAL], ids=["key", "special"])
@pytest.mark.parametrize("more", [(), ("--debug",), ("--dry-run",)])
def test_the_password_of_the_base_url_is_printed_nowhere(ant_over_socket, where, secret, more):
    """It is sent as basic authorization, and is redacted if a server echoes it."""
    url = where.format(quote(secret, safe=""))
    echo = base64.b64encode(f"ada:{secret}".encode()).decode()
    result = ant_over_socket(
        response({"a": secret, "b": echo}, f"x-echo: {echo}", status="404 Not Found"),
        url=url,
        more=more,
    )
    shown = result.stdout + result.stderr
    spellings = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], echo)
    assert not any(spelling in shown for spelling in spellings)
    if "--dry-run" not in more:
        assert b"\r\nauthorization: basic " in result.requests[0].lower()


@pytest.mark.parametrize(
    "base_url", ["http://ada:{}@", "ftp://ada:{}@host", "http://ada:{}@h:99999", "http://a:{}@[h"]
)
def test_the_password_of_an_invalid_base_url_is_not_printed(ant_over_socket, base_url):
    """The message names the flag, not the address."""
    assert ant_over_socket(url=base_url.format("p4ssw0rd")).exit == 2
    assert "p4ssw0rd" not in ant_over_socket(url=base_url.format("p4ssw0rd")).stderr


ECHOES = {
    "status words": error(f"403 No {KEY}"),
    "request ID": response({}, f"request-id: {KEY}", status="404 Not Found"),
    "header": response({}, f"x-key: {KEY}", f"set-cookie: session={KEY}", status="404 Not Found"),
    "body": response(
        {"type": "error", "error": {"message": f"bad key {KEY}"}}, status="401 Unauthorized"
    ),
    "body in base64": response(
        {"m": base64.b64encode(f"x:{KEY}".encode()).decode()}, status="400 Bad"
    ),
    "cut-off excerpt": response(b"x" * 490 + KEY.encode(), status="502 Bad Gateway"),
    "redirect": response(b"", f"location: http://{KEY}@h/?k={KEY}", status="302 Found"),
    "content encoding": response(b"", f"content-encoding: {KEY}"),
    "malformed header": (b"HTTP/1.1 200 OK\r\nx " + KEY.encode() + b"\r\n\r\n", Act.CLOSE),
    "cursor": response({"data": [], "next_page": KEY, "type": "error"}),
    "cursor that returns": response({"data": [], "next_page": KEY}),
    "error with 200": response({"type": "error", "message": KEY}),
}


ERROR_FORMATS = ("json", "yaml", "table", "pretty", "raw")


@pytest.mark.parametrize(
    ("name", "words", "error_format"),
    [
        *((name, words, "json") for name in ECHOES for words in (RETRIEVE, LINES, CREATE)),
        *(("body", RETRIEVE, error_format) for error_format in ERROR_FORMATS[1:]),
    ],
)
def test_a_key_that_a_server_echoes_is_redacted_on_stderr(
    ant_over_socket, name, words, error_format
):
    """This holds with and without the debug log."""
    echo, more = ECHOES[name], ("--format-error", error_format)
    if name == "cursor that returns":
        words = LINES  # in other commands it would be a result
    for debug in ((), ("--debug",)):
        result = ant_over_socket(echo, words=words, more=(*more, *debug))
        assert result.requests
        assert result.exit or words is not RETRIEVE or "cursor" in name
        assert KEY[:-3] not in result.stderr + (result.stdout if result.exit else "")


@pytest.mark.parametrize("more", [(), ("--debug",)])
@pytest.mark.parametrize("filler", [b"x", b" ", b"+"])
def test_no_part_of_a_key_is_shown_where_a_long_body_is_truncated(ant_over_socket, more, filler):
    """Nobody reads a megabyte of an error, and searching more text for secrets would take long."""
    before = LONGEST_SHOWN - len(KEY) // 2
    result = ant_over_socket(
        response(filler * before + KEY.encode() * 2, status="400 Bad"), more=more
    )
    assert KEY[:6] not in result.stderr
    assert ("(the beginning of 1,000,0" in result.stderr) == bool(more)


@pytest.mark.parametrize("more", [(), ("--debug",)])
def test_a_body_with_too_many_secrets_is_not_shown(ant_over_socket, more):
    """A server may send any number of them, and searching for each would take minutes."""
    items = [{"id": f"item {number}", "secret": [f"hidden-{number}"]} for number in range(20_000)]
    result = ant_over_socket(response({"items": items}, status="400 Bad"), more=more)
    assert "[redacted: it contains 20,000 secrets]" in result.stderr
    assert "hidden-" not in result.stderr


def test_later_texts_are_searched_for_the_latest_secrets_of_responses():
    """A worker that logs its traffic sees a secret for each item, and must not become slower with each of them."""
    screen = Screen(terminal=False)
    stderr = Stderr(screen)
    for number in range(100):
        stderr.redactor.redact_body(b'{"secret": "hidden-%02d"}' % number)
    stderr.write("hidden-99 hidden-51 hidden-00")
    assert screen.text() == f"{REDACTED} {REDACTED} hidden-00"


@pytest.mark.parametrize(
    "more", [(), ("--debug",), ("--format-error", "yaml"), ("--transform-error", "item.secret")]
)
def test_the_secret_of_a_work_item_is_printed_on_stdout_only(ant_over_socket, more):
    """A worker reads it from there."""
    item = {
        "id": "work_1",
        "secret": "work-secret-1",
        "data": {"secret": {"token": "work-secret-2"}},
    }
    result = ant_over_socket(response(item), more=more)
    assert json.loads(result.stdout) == item
    assert "work-secret" not in result.stderr
    failed = ant_over_socket(response({"item": item}, status="409 Conflict"), more=more)
    assert "work-secret" not in failed.stderr + failed.stdout


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
@pytest.mark.parametrize(
    "reply", [OK, error("500 Broken"), (Act.RESET,), response(b"<p>")], ids=lambda r: repr(r)[:20]
)
def test_no_command_prints_the_key_that_it_sends(ant_over_socket, operation: Operation, reply):
    """This holds for every response."""
    words = [
        word for param in operation.params if param.required for word in (param.flag, "{a: b}")
    ]
    result = ant_over_socket(
        reply, words=(*operation.command.split(), *words), more=("--debug", "--max-retries", "1")
    )
    assert f"x-api-key: {KEY}".encode() in result.requests[0]
    assert f"x-api-key: {REDACTED}" in result.stderr


def test_the_report_of_an_unexpected_exception_redacts_the_key(ant):
    """The text of an unexpected exception may contain anything."""
    bug = ValueError(f"no {KEY} and no {base64.b64encode(KEY.encode()).decode()}")
    result = ant(*RETRIEVE, replies=[bug])
    assert (result.exit, result.stdout) == (1, "")
    assert "this is a bug" in result.stderr
    report_it = "Please report it with the command that you ran, but without your key."
    assert result.stderr.endswith(f": no {REDACTED} and no {REDACTED}\n{report_it}\n")


# Ways out other than stderr


@pytest.mark.parametrize("more", [(), ("--format", "json"), ("--format", "yaml")])
@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, ("--workspace-id", KEY)),
        ({}, ("--base-url", f"http://127.0.0.1:1/{KEY}")),
        ({"ANTHROPIC_BASE_URL": f"http://127.0.0.1:1/{KEY_BY_PATTERN}"}, ()),
        ({"ANTHROPIC_WORKSPACE_ID": KEY_BY_PATTERN}, ()),
        (NO_KEY, ("--federation-rule", KEY_BY_PATTERN, "--identity-token-file", KEY_BY_PATTERN)),
    ],
    ids=range(5),
)
def test_auth_status_masks_a_key_wherever_it_was_typed(ant, env, words, more):
    """The fixture asserts that no key is shown."""
    assert REDACTED in ant("auth", "status", *words, *more, env=env).stdout


def test_a_key_in_the_status_line_of_a_response_is_not_in_the_error_that_the_client_raises(
    clean_environ,
):
    """An error may go anywhere: into a report of `apply`, or the exporter's pages."""
    with ScriptedServer(error(f"418 {KEY}")) as server:
        runtime = make_runtime(clean_environ, stderr=Screen(terminal=False))
        connection = load(runtime, flags_of(base_url=f"{server.url}/{KEY_BY_PATTERN}")).connection
        with closing(WorkAPI(connection, runtime, "env_1", "")) as api:
            page = find_page({"env_1": cached(api.stats, 5.0)}, "/stats/env_1")
            with pytest.raises(APIError) as caught:
                api.stats()
    assert page is not None
    assert json.loads(page.body) == {"error": f"418 {REDACTED}"}
    assert KEY_BY_PATTERN not in caught.value.full_message


class EchoingAPI(ScriptedServer):
    """An API without environments, which repeats the key wherever it can."""

    def __init__(self) -> None:
        super().__init__(OK)

    def _script(self, request: bytes) -> Reply:
        if request.startswith(b"POST"):
            return (error(f"400 No {KEY}"),)
        echo = f"anthropic-organization-id: {KEY}"
        return (response({"data": [], "next_page": None}, echo),)


def test_a_key_in_the_error_of_a_step_is_redacted_in_the_report_of_apply(
    ant, tmp_path, monkeypatch
):
    """The report is for scripts, and often in the log of a pipeline."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "a.yaml").write_text("config: {type: cloud}\n")
    with EchoingAPI() as server:
        words = ("--base-url", server.url, "--format", "json")
        done = ant("apply", "--yes", "environments", *words, network=True)
        assert done.exit == 1
        assert f"400 No {REDACTED}" in done.json["resources"][0]["error"]
        done = ant(
            "apply", "environments", "--dry-run", "--save-plan", "plan.json", *words, network=True
        )
    assert done.exit == 0
    plan = (tmp_path / "plan.json").read_text()
    assert KEY not in plan
    assert json.loads(plan)["origin"]["organization_id"] == REDACTED


def test_a_key_in_a_file_is_redacted_in_what_apply_shows(ant, tmp_path, monkeypatch):
    """It is in the plan, and in the line for the step."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "a.yaml").write_text(f"name: {KEY}\nconfig: {{type: cloud}}\n")
    with EchoingAPI() as server:
        words = ("apply", "environments", "--base-url", server.url)
        for more in (("--dry-run",), ("--dry-run", "--format", "json"), ("--yes",)):
            assert REDACTED in ant(*words, *more, network=True).stdout
