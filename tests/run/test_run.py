"""Whole commands in this process: requests, output, messages, and the exit code."""

from __future__ import annotations

import errno
import re
from unittest.mock import Mock

import httpx
import pytest

from ant_cli import __version__
from ant_cli.errors import APIError
from ant_cli.main import main
from ant_cli.runtime.live_line import ERASE_LINE
from ant_cli.runtime.process import Terminated
from tests.conftest import Screen, make_runtime, needs_posix
from tests.helpers.streams import Head, Watched
from tests.helpers.words import ARCHIVE, CREATE, DELETE, KEY, LIST, NO_KEY, PRINTED, RETRIEVE, page

ERROR = {"type": "error", "error": {"type": "not_found_error", "message": "No such environment."}}


def failure(status, **headers):
    return httpx.Response(
        status, json=ERROR, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (OSError(24, "Too many open files"), "the operating system refused: Too many open files"),
        (
            OSError("a text without a number"),
            "the operating system refused: a text without a number",
        ),
        (MemoryError(), "there is not enough memory for this"),
    ],
)
def test_a_refusal_of_the_operating_system_is_an_error(ant, monkeypatch, problem, said):
    """It may come from anywhere: no file descriptor is left, for example."""
    monkeypatch.setattr("ant_cli.run.run", Mock(side_effect=problem))
    result = ant(*RETRIEVE)
    assert (result.exit, result.stderr) == (1, f"ant: {said}.\n")


def test_an_unexpected_exception_is_a_bug_with_the_line_that_raised_it(ant, monkeypatch):
    """Not the line that called it. The status is 1, and no traceback is shown."""

    def fail(*_: object) -> None:
        raise LookupError("nothing there")

    monkeypatch.setattr("ant_cli.run.run", lambda *_: fail())
    result = ant(*RETRIEVE)
    line = fail.__code__.co_firstlineno + 1
    what = f"LookupError at {__name__}:{line}: nothing there"
    assert result.exit == 1
    assert result.stderr == (
        f"ant: this is a bug in ant {__version__}: {what}\n"
        "Please report it with the command that you ran, but without your key.\n"
    )


def test_a_thread_that_the_system_refuses_is_an_error_and_no_bug(ant, monkeypatch):
    """A container may have too few. Another RuntimeError is a bug."""
    for text, is_bug in (("can't start new thread", False), ("can't start", True)):
        monkeypatch.setattr("ant_cli.run.run", Mock(side_effect=RuntimeError(text)))
        result = ant(*RETRIEVE)
        assert (result.exit, "this is a bug" in result.stderr) == (1, is_bug)
        assert ("ulimit -a" in result.stderr) is not is_bug


def test_a_log_in_place_of_stderr_is_told_an_error_from_a_note(clean_environ):
    """The worker's log has a level for each of its lines."""
    seen = []
    runtime = make_runtime(clean_environ, stdout=Screen(terminal=False))
    runtime.stderr.log = lambda text, is_error: seen.append((text.partition(" ")[0], is_error))
    runtime.say("Note: later")
    assert main(["beta:environments", "lisst"], runtime) == 2
    assert seen == [("Note:", False), ("ant:", True)]


def test_the_repr_of_an_error_has_no_body():
    """The log of asyncio shows it."""
    assert "hush" not in repr(APIError("GET /", 401, "Unauthorized", b"hush", "req_1"))


def test_every_request_has_the_headers_of_the_api(ant):
    """The headers give the version, beta, key, and the real name of the program."""
    request = ant(*RETRIEVE).request
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["anthropic-beta"] == "managed-agents-2026-04-01"
    assert request.headers["user-agent"] == f"ant-cli-python/{__version__}"
    assert str(request.url) == "https://api.anthropic.com/v1/environments/env_1?beta=true"


def test_a_temporary_error_is_tried_three_times(ant):
    """There are two retries, about half a second and a second apart, with jitter."""
    result = ant(*RETRIEVE, replies=[failure(500)] * 3)
    assert (result.exit, len(result.requests)) == (7, 3)
    assert [request.headers["x-stainless-retry-count"] for request in result.requests] == [
        "0",
        "1",
        "2",
    ]
    first, second = result.waits
    assert 0.375 <= first <= 0.5
    assert 0.75 <= second <= 1.0


@pytest.mark.parametrize(
    ("status", "text", "shown", "code"),
    [
        (429, "61", "wait 61 s", 7),
        (503, "86400", "wait 86,400 s before", 7),
        (529, "Fri, 01 Jan 2100 00:00:00 GMT", " s before the next request", 7),
        (409, "3600", "wait 3,600 s", 6),
    ],
)
def test_a_retry_after_of_more_than_a_minute_is_reported_and_not_waited_for(
    ant, status, text, shown, code
):
    """An earlier retry would fail, and nobody wants a command that hangs for an hour."""
    result = ant(*RETRIEVE, replies=[failure(status, retry_after=text, x_should_retry="true")])
    assert (result.exit, result.waits, len(result.requests)) == (code, [], 1)
    assert "The server asks to wait" in result.stderr
    assert shown in result.stderr


def test_a_long_wait_is_announced(ant):
    """Without a message, a wait of more than two seconds would look like a hang."""
    result = ant(*RETRIEVE, replies=[failure(429, retry_after="30"), {}])
    assert result.stderr == "Note: 429 Too Many Requests. Retry 1 of 2 in 30 s.\n"
    result = ant(
        *RETRIEVE, "--max-retries", "4", replies=[*[ConnectionRefusedError("Refused.")] * 4, {}]
    )
    assert re.fullmatch(r"Note: refused\. Retry 4 of 4 in [34] s\.\n", result.stderr)


@pytest.mark.parametrize(
    ("status", "headers", "waits", "code"),
    [
        (429, {"retry_after": "60"}, [60.0], 0),
        (429, {"retry_after": "0"}, [0.0], 0),
        (503, {"retry_after_ms": "2500", "retry_after": "9"}, [2.5], 0),
        (503, {"retry_after_ms": "soon", "retry_after": "9"}, [9.0], 0),
        (503, {"retry_after": "-9"}, [0.0], 0),
        (400, {"x_should_retry": "true", "retry_after": "1"}, [1.0], 0),
        (503, {"x_should_retry": "false", "retry_after": "1"}, [], 7),
        (400, {"retry_after": "1"}, [], 1),
        (200, {"x_should_retry": "true"}, [], 0),
        (200, {"retry_after": "3600"}, [], 0),
    ],
)
def test_the_server_says_whether_and_when_a_failed_request_is_sent_again(
    ant, status, headers, waits, code
):
    """Its delay is used as it is, up to a minute. A result is a result, whatever its headers say."""
    first = failure(status, **headers)
    if status == 200:
        first = httpx.Response(200, json={}, headers=first.headers)
    result = ant(*RETRIEVE, replies=[first, {}])
    assert (result.exit, result.waits, len(result.requests)) == (code, waits, len(waits) + 1)


@pytest.mark.parametrize("lost", [ConnectionResetError("reset"), failure(500), failure(408)])
@pytest.mark.parametrize("after", [ConnectionRefusedError("refused"), failure(409)])
def test_a_change_stays_in_doubt_however_its_later_attempts_fail(ant, lost, after):
    """The first one may have been carried out. Those after it were certainly not."""
    result = ant(*ARCHIVE, "env_1", replies=[lost, after, after])
    assert result.stderr.endswith(f"before you repeat it: {LOOK[DELETE]}\n")
    again = ant(*ARCHIVE, "env_1", replies=[after] * 3)
    assert "may have succeeded" not in again.stderr


def test_the_wait_for_a_retry_is_shown_until_it_is_over(ant):
    """The countdown is on the last line of the terminal, and nothing of it remains."""
    screen = Watched("Retry 1 of 2 in ")
    shown = []
    result = ant(
        *RETRIEVE,
        replies=[failure(503, retry_after="30"), {}],
        stderr=screen,
        sleep=lambda _: shown.append(screen.shown.wait(10)),
    )
    assert (result.exit, shown) == (0, [True])
    assert result.stderr.endswith(ERASE_LINE)


@pytest.mark.parametrize(
    ("flags", "repeated"),
    [
        (("--base-url", "http://ada:pass-word@h:1"), " --base-url http://h:1"),
        (("--profile", "p", "--workspace-id", "w"), " --profile p --workspace-id w"),
        (("--api-key", "key-of-a-flag", "--timeout", "9"), ""),
    ],
)
def test_a_suggested_command_goes_where_the_failed_one_went(ant, flags, repeated):
    """Secrets are left out, and what does not choose a server or an account."""
    ant("profile", "create", "p")
    ant("profile", "set", "api_key", "--profile", "p", stdin="sk-ant-of-the-profile")
    result = ant(*DELETE, *flags, replies=[httpx.Response(200, content=b"{]")])
    assert result.stderr.endswith(f"before you repeat it: {LOOK[DELETE]}{repeated}\n")
    assert "pass-word" not in result.stderr


@pytest.mark.parametrize(
    ("words", "length", "kind"),
    [
        (RETRIEVE, None, None),
        (DELETE, None, None),
        ((*ARCHIVE, "env_1"), "0", None),
        (CREATE, "12", "application/json"),
    ],
)
def test_a_request_says_how_long_its_body_is(ant, words, length, kind):
    """A POST without a body has the length 0. Without it, some gateways wait for a body."""
    headers = ant(*words, replies=[{}]).request.headers
    assert (headers.get("content-length"), headers.get("content-type")) == (length, kind)


@pytest.mark.parametrize(
    ("url", "is_usable"),
    [
        ("http://api.example.", True),
        ("http://[::1]:9", True),
        ("http://api..example", False),
        (f"http://{'a' * 64}.example", False),
        (f"http://{'a' * 63}.example", True),
        ("http://ada:a%40b@api.example:81/gate", True),
    ],
)
def test_a_host_name_has_the_form_that_a_system_can_look_up(ant, url, is_usable):
    """Others are usage errors, before anything is sent."""
    result = ant(*RETRIEVE, "--base-url", url, replies=[{}])
    assert (result.exit, len(result.requests)) == ((0, 1) if is_usable else (2, 0))
    if is_usable:
        host = url.removeprefix("http://ada:a%40b@").removeprefix("http://").partition("/")[0]
        assert result.request.headers["host"] == host


def test_a_suggested_command_is_for_the_emulator_if_the_change_was(ant):
    """The API has no such environment."""
    result = ant("--local", *CREATE, stdout=Head(0, errno.ENOSPC))
    assert result.stderr.endswith(f"To check: {LOOK[CREATE]} --local\n")


def test_a_question_names_the_server_without_the_user_of_its_url(ant):
    """A person may share the screen."""
    asked = []
    ant(
        *DELETE,
        "--base-url",
        "http://ada:pass-word@h:1/gate",
        terminal=True,
        ask=lambda question: asked.append(question) or "n",
    )
    assert asked == ["Delete env_1 at http://h:1/gate? This can't be undone. [y/N] "]


@pytest.mark.parametrize(
    ("url", "is_shown"), [("https://api.example", True), ("http://127.0.0.1:1", False)]
)
def test_a_debug_log_names_the_certificate_authorities_of_https(ant, url, is_shown):
    """Without TLS, no authority is asked."""
    result = ant(*RETRIEVE, "--debug", "--base-url", url, replies=[{}])
    assert ("* certificate authorities: " in result.stderr) is is_shown
    assert f"> GET {url}/v1/environments/env_1?beta=true\n" in result.stderr


def test_the_emulator_in_this_process_takes_every_credential_without_hints(ant):
    """It knows no accounts, so nothing about a credential explains its errors."""
    key = {"ANTHROPIC_API_KEY": None, "ANTHROPIC_ENVIRONMENT_KEY": "env-key-1"}
    for words in (LIST, ("beta:environments:work", "list", "env_1")):
        result = ant("--local", *words, env=key)
        assert "The API takes" not in result.stderr
    assert ant("--local", *LIST, env=key).exit == 0


def test_blanks_before_a_response_are_no_reason_to_reject_it(ant):
    """Some gateways send them while they wait."""
    result = ant(*RETRIEVE, replies=[httpx.Response(200, content=b"\r\n" * 200 + b'{"id":"x"}')])
    assert (result.exit, result.json) == (0, {"id": "x"})


def test_a_redirect_with_the_body_of_an_error_is_a_redirect(ant):
    """The base URL is wrong, whatever the page of the redirect says."""
    moved = httpx.Response(302, headers={"location": "/login"}, json=ERROR)
    assert '302 Found, a redirect to "/login".' in ant(*RETRIEVE, replies=[moved]).stderr


@pytest.mark.parametrize(
    ("flags", "objects", "title"),
    [
        ((), ({"archived_at": None},), False),
        (("--include-archived",), ({"archived_at": None},), True),
        (("--include-archived=false",), ({"archived_at": None},), False),
        ((), ({"archived_at": None}, {"archived_at": "2026-01-01T00:00:00Z"}), True),
    ],
)
def test_the_column_of_archived_items_is_shown_if_they_were_asked_for(ant, flags, objects, title):
    """Also if the first page has none: a later one may."""
    items = [{"id": "env_1", "type": "environment", "name": "n", **each} for each in objects]
    result = ant(*LIST, *flags, replies=[page(*items)], terminal=True, env={"COLUMNS": "200"})
    assert ("ARCHIVED" in result.stdout) is title


LOOK = {
    CREATE: "ant beta:environments list --transform '{id,name}' --format jsonl",
    DELETE: "ant beta:environments retrieve env_1",
    (*ARCHIVE, "env_1"): "ant beta:environments retrieve env_1",
    RETRIEVE: "",
}


@pytest.mark.parametrize("words", LOOK, ids=lambda words: words[1])
def test_a_change_whose_response_can_not_be_printed_is_not_to_be_repeated(ant, words):
    """The error says what is known about the change, and how to look. A read has changed nothing."""
    look = LOOK[words]
    full = ant(*words, stdout=Head(0, errno.ENOSPC), replies=[{"id": "env_1"}])
    made = f"The server made the change anyway. To check: {look}\n" if look else ""
    assert full.exit == 1
    assert full.stderr.partition("no space left on device.\n")[2] == made
    for body in (b"{]", b"<p>busy</p>"):
        broken = ant(*words, replies=[httpx.Response(200, content=body)])
        known = f"This command may have succeeded. Check before you repeat it: {look}\n"
        assert broken.exit == 1
        assert broken.stderr.endswith(known) is (look != "")
        assert ("may have succeeded" in broken.stderr) is (look != "")


def test_a_failed_precondition_is_not_retried_even_if_the_server_asks_for_it(ant):
    """The next attempt would have the same precondition."""
    assert len(ant(*RETRIEVE, replies=[failure(412, x_should_retry="true"), {}]).requests) == 1


def test_a_workspace_has_no_space_around_it(ant):
    """A header can't have space around its value."""
    assert (
        ant(*RETRIEVE, "--workspace-id", " wrkspc_1 ").request.headers["anthropic-workspace-id"]
        == "wrkspc_1"
    )


def test_a_token_has_precedence_over_the_user_of_the_base_url(ant):
    """Both would be the header `authorization`. A key is another header."""
    words = (*RETRIEVE, "--base-url", "http://ada:pass-word@h")
    request = ant(*words, "--auth-token", "token-1").request
    assert request.headers.get_list("authorization") == ["Bearer token-1"]
    request = ant(*words).request
    assert request.headers.get_list("authorization") == ["Basic YWRhOnBhc3Mtd29yZA=="]
    assert request.headers["x-api-key"] == KEY


def test_the_user_of_the_base_url_is_shown_as_its_header(ant):
    """The secret is not shown."""
    result = ant(*RETRIEVE, "--base-url", "http://ada:pass-word@h", "--dry-run")
    assert "authorization: Basic [redacted]\n" in result.stdout
    assert "pass-word" not in result.stdout


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((*ARCHIVE, "--", "-x"), "ant beta:environments retrieve --environment-id -x"),
        (
            ("beta:environments:work", "stop", "--environment-id", "-e", "--", "--work"),
            "ant beta:environments:work retrieve --environment-id -e --work-id --work",
        ),
    ],
)
def test_a_suggested_command_works_with_an_id_that_looks_like_a_flag(ant, words, command):
    """The value of a flag may begin with a hyphen."""
    result = ant(*words, replies=[TimeoutError()] * 3)
    assert result.stderr.endswith(f"Check before you repeat it: {command}\n")
    assert ant(*command.split()[1:]).exit == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--format-error", "jsonl"), '{"type":"error","error":{'),
        (("--format-error", "yaml"), "  message: No such environment."),
        (("--transform-error", "error.type"), '"not_found_error"'),
        (("--transform-error", "nope"), "null"),
    ],
)
def test_the_error_body_is_on_stdout_if_a_flag_asks_for_it(ant, words, text):
    """D1. The status and the request's ID stay on stderr."""
    result = ant(*RETRIEVE, *words, replies=[failure(404, request_id="req_1")])
    assert (result.exit, text in result.stdout) == (5, True)
    assert result.stderr.startswith('GET "')
    assert result.stderr.endswith(": 404 Not Found\nRequest ID: req_1\n")


@pytest.mark.parametrize("output_format", PRINTED)
@pytest.mark.parametrize(
    "words", [LIST, ("beta:environments:work", "stop", "--environment-id", "e", "w")]
)
def test_no_content_prints_nothing(ant, words, output_format):
    """D6: a 204 is a success without a result or a page."""
    result = ant(*words, "--format", output_format, replies=[httpx.Response(204)])
    assert (result.exit, result.stdout, result.stderr) == (0, "", "")


# Lists


@pytest.mark.parametrize(
    ("limit", "printed", "requests"), [("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("-1", 3, 3)]
)
def test_max_items_stops_before_a_page_that_is_not_needed(ant, limit, printed, requests):
    """-1 prints all items, and 0 prints none."""
    pages = [page("a", after="2"), page("b", after="3"), page("c")]
    result = ant(*LIST, "--max-items", limit, "--format", "jsonl", replies=pages)
    assert (result.exit, result.stdout.count("\n"), len(result.requests)) == (0, printed, requests)


def test_slurp_makes_one_array(ant):
    """All items are in one JSON value. An empty list is an empty array."""
    result = ant(*LIST, "--slurp", replies=[page("a", after="2"), page("b")])
    assert result.json == ["a", "b"]
    assert ant(*LIST, "--slurp").stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "listed", "note"),
    [
        (LIST, page(), "No environments.\n"),
        ((*LIST, "--format", "jsonl"), page(), "No environments.\n"),
        ((*LIST, "--format", "table", "--slurp"), page(), "No environments.\n"),
        (
            (*LIST, "--filter", "name==b"),
            page({"id": "env_1", "name": "a"}),
            "No environments match --filter.\n",
        ),
        ((*LIST, "--max-items", "0"), None, ""),  # nothing was requested, so nothing is known
        (("beta:environments:work", "list", "env_1"), page(), "No work items.\n"),
    ],
)
def test_a_list_that_prints_nothing_says_so_at_a_terminal(ant, words, listed, note):
    """After an empty screen, nobody would know whether the command has worked."""
    done = ant(*words, terminal=True, replies=[listed])
    assert (done.exit, done.stdout, done.stderr) == (0, "", note)
    assert ant(*words, replies=[listed]).stderr == ""


@pytest.mark.parametrize(("flags", "is_shown"), [((), False), (("--include-archived",), True)])
def test_a_terminal_shows_when_environments_were_archived_if_archived_ones_were_requested(
    ant, flags, is_shown
):
    """Later pages may have some, also if the first has none."""
    listed = page({"id": "env_1", "type": "environment", "name": "a", "archived_at": None})
    done = ant(*LIST, *flags, terminal=True, replies=[listed])
    assert ("ARCHIVED" in done.stdout) is is_shown


ENVIRONMENT = {
    "id": "env_011CZkZ9X2dpNyB7HsEFoR01",
    "type": "environment",
    "name": "a",
    "config": {"type": "cloud", "networking": {"type": "unrestricted"}},
    "created_at": "2026-03-14T11:30:00Z",
}


@pytest.mark.parametrize(
    ("flags", "pages", "is_shown"),
    [
        ((), [page(ENVIRONMENT)], True),
        ((), [page(ENVIRONMENT, after="p"), page(ENVIRONMENT)], False),
        (("--max-items", "1"), [page(ENVIRONMENT, after="p")], True),
        (("--slurp",), [page(ENVIRONMENT, after="p"), page(ENVIRONMENT)], True),
    ],
)
def test_a_table_reserves_room_only_if_another_page_will_be_printed(ant, flags, pages, is_shown):
    """On 80 cells, the network has room beside a short name, but not beside the room for a longer one."""
    done = ant(*LIST, *flags, terminal=True, replies=pages, env={"COLUMNS": "80"})
    assert ("NETWORK" in done.stdout) is is_shown


# Settings of a run


def test_a_dry_run_shows_the_request_and_sends_nothing(ant):
    """It shows the method, URL, headers and body, without the key, which is not needed."""
    assert ant(*CREATE, "--dry-run", env=NO_KEY).exit == 0
    result = ant(*CREATE, "--dry-run")
    assert result.requests == []
    assert result.stdout.startswith("POST https://api.anthropic.com/v1/environments?beta=true\n")
    assert "x-api-key: [redacted]\n" in result.stdout
    assert result.stdout.endswith('\n\n{\n  "name": "n"\n}\n')
    long = "x" * 20_000
    assert f'"description": "{long}"' in ant(*CREATE, "--description", long, "--dry-run").stdout


def test_debug_shows_both_sides_without_secrets(ant):
    """The key, and the secret of a work item, are hidden in the log. The result is complete."""
    words = ("beta:environments:work", "poll", "env_1", "--debug")
    result = ant(*words, replies=[{"id": "work_1", "secret": "whsec-\\u0041-5"}])
    assert "GET https://api.anthropic.com/v1/environments/env_1/work/poll" in result.stderr
    assert "x-api-key: [redacted]" in result.stderr
    assert "200 OK" in result.stderr
    assert "whsec" not in result.stderr
    assert "whsec" in result.stdout


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--format-error", "jsno"), ["--format-error", "Did you mean 'json'?"]),
        (("--timeout", "soon"), ["--timeout", "30s or 1m30s"]),
        (("--timeout", "0"), ["--timeout"]),
        (("--max-retries", "-1"), ["--max-retries"]),
        (("--max-items", "x"), ["--max-items"]),
        (("--max-items", "9" * 19), ["--max-items", "18 digits"]),
        (("--max-items", "-2"), ["--max-items", "-1 for all"]),
        pytest.param(
            ("-transfrom=id",),
            ["'-transfrom'", "Did you mean: ant beta:environments list --transform=id"],
            marks=needs_posix("the quotes of sh"),
        ),
        pytest.param(
            ("--name", "x"),
            ["'--name'", """Did you mean: ant beta:environments list --filter 'name=="x"'"""],
            marks=needs_posix("the quotes of sh"),
        ),
        (("--transform", "a.#(b"), ["--transform", "GJSON"]),
        (("--transform-error", "a.#(b"), ["--transform-error", "GJSON"]),
        (("--columns", "#("), ["--columns '#('", "For example: --columns id,name,config.type"]),
        (("--columns", ","), ["--columns", "For example: --columns id,name,config.type"]),
        (("--debug=maybe",), ["--debug"]),
        (("--local", "--base-url", "http://h"), ["--local and --base-url"]),
        (("--local", "--base-url", "local:other.db"), ["--local and --base-url"]),
        (("--api-key", "a\nb"), ["--api-key"]),
    ],
)
def test_an_invalid_setting_is_rejected(ant, words, parts):
    """The exit code is 2, nothing is sent, and the message says what to write."""
    refusal = ant(*LIST, *words).refusal
    assert all(part in refusal for part in parts)


@pytest.mark.parametrize(
    "words", [("--version",), ("-v",), ("-version",), ("--local", "--version")]
)
def test_the_version_is_printed(ant, words):
    """It is one line on stdout."""
    result = ant(*words)
    assert (result.exit, result.stdout, result.stderr) == (0, f"ant {__version__}\n", "")


def test_an_id_that_does_not_fit_into_a_url_is_rejected(ant):
    """The message names the ID, because the base URL is valid."""
    refusal = ant("beta:environments", "retrieve", "x" * 100_000).refusal
    assert refusal == "ant: the ID, or another value, is too long for a URL.\n"


@pytest.mark.parametrize(("signal", "status"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_an_interrupt_during_a_change_says_that_the_outcome_is_unknown(ant, signal, status):
    """The environment may have been created."""
    result = ant(*CREATE, replies=[signal])
    assert (result.exit, result.stdout) == (status, "")
    assert "may have succeeded" in result.stderr
    assert ant(*RETRIEVE, replies=[signal]).stderr == ""


def test_an_interrupt_before_a_retry_says_that_a_response_was_lost(ant):
    """A failed attempt may have been carried out; a rejected one was not."""

    def interrupt(_seconds):
        raise KeyboardInterrupt

    result = ant(*DELETE, replies=[failure(500)], sleep=interrupt)
    assert (result.exit, "may have succeeded" in result.stderr) == (130, True)
    assert ant(*DELETE, replies=[failure(429)], sleep=interrupt).stderr == ""


@needs_posix("the quotes of sh")
@pytest.mark.parametrize("retries", ["0", "1"])
def test_the_hint_about_an_unknown_outcome_has_the_command_that_shows_whether_the_change_was_made(
    ant, retries
):
    """It may also have been made by an earlier attempt."""
    result = ant(*CREATE, "--max-retries", retries, replies=[failure(500, retry_after="0")] * 2)
    hint = result.stderr.splitlines()[-1]
    assert len(result.requests) == int(retries) + 1
    assert hint == (
        "This command may have succeeded. "
        "Check before you repeat it: ant beta:environments list --transform '{id,name}' --format jsonl"
    )


def test_an_empty_array_is_a_result(ant):
    """The array itself is visible on the screen."""
    done = ant(*LIST, "--slurp", "--format", "json", terminal=True, env={"NO_COLOR": "1"})
    assert (done.stdout, done.stderr) == ("[]\n", "")


# Questions


@pytest.mark.parametrize("name", ["delete", "archive"])
@pytest.mark.parametrize(
    ("reply", "sent"), [("y", 1), ("Yes\n", 1), ("", 0), ("n", 0), ("env_1", 0)]
)
def test_delete_and_archive_ask_at_a_terminal(ant, name, reply, sent):
    """Neither can be undone. Only yes means yes."""
    questions = []

    def ask(question):
        questions.append(question)
        return reply

    result = ant("beta:environments", name, "env_1", terminal=True, ask=ask)
    question = (
        f"{name.capitalize()} env_1 at https://api.anthropic.com? This can't be undone. [y/N] "
    )
    assert questions == [question]
    assert (len(result.requests), result.exit) == (sent, 0 if sent else 2)
    assert ("To skip the question: --yes" in result.stderr) is not bool(sent)


@pytest.mark.parametrize(
    ("flags", "variables", "used"),
    [
        ((), {"ANTHROPIC_API_KEY": ""}, " with profile 'p'"),
        (("--profile", "p"), {"ANTHROPIC_API_KEY": "key"}, " with profile 'p'"),
        ((), {"ANTHROPIC_API_KEY": "key"}, ""),
        (("--auth-token", "token"), {"ANTHROPIC_API_KEY": ""}, ""),
    ],
)
def test_a_question_names_the_profile_only_if_it_was_chosen_or_has_the_credential(
    ant, flags, variables, used
):
    """As in the plan of `ant apply`: a key in a variable may be of another account than the active profile."""
    ant("profile", "create", "p")
    ant("profile", "set", "api_key", stdin="sk-ant-of-the-profile")
    questions = []
    ant(
        *DELETE,
        *flags,
        env=variables,
        terminal=True,
        ask=lambda question: questions.append(question) or "n",
    )
    assert f".com{used}? This" in questions[0]


def test_the_end_of_input_at_a_question_means_no(ant):
    """Ctrl-D ends the input, too. The next output starts on a new line."""

    def ask(_question):
        raise EOFError

    assert ant(*DELETE, terminal=True, ask=ask).refusal.startswith("\nant: nothing was sent.\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_was_done_is_said_where_people_read_the_result(ant, is_terminal):
    """A script reads stdout and the exit status, even if stderr is a terminal."""
    streams = {
        "stdout": Screen(terminal=is_terminal),
        "stderr": Screen(terminal=not is_terminal),
    }
    result = ant(*DELETE, "--yes", **streams)
    assert ("Deleted env_1." in result.stderr) is is_terminal


def test_delete_does_not_ask_with_yes_or_without_a_person(ant):
    """Nobody can answer if stdin or stderr is not a terminal, as in a loop or a pipeline."""

    def ask(_question):
        raise AssertionError

    assert len(ant(*DELETE, "--yes", terminal=True, ask=ask).requests) == 1
    assert len(ant(*DELETE, terminal=False, ask=ask).requests) == 1
    assert len(ant(*DELETE, terminal=True).requests) == 1
    dry = ant(*DELETE, "--dry-run", terminal=True, ask=ask)
    assert (dry.exit, dry.requests) == (0, [])


def test_a_limit_is_noted_as_the_size_of_a_page(ant):
    """Every page is fetched anyway, which is not what most people mean."""
    listed = page({"id": "env_1", "name": "a" * 40, "config": {"type": "cloud"}})
    listing = (*LIST, "--limit", "3")
    assert (
        "--max-items 3\nends the list.\n" in ant(*listing, replies=[listed], terminal=True).stderr
    )
    assert "--max-items 3 ends the list.\n" in ant(*listing, replies=[listed]).stderr
    assert ant(*listing, "--max-items", "3", replies=[listed]).stderr == ""


def test_a_narrow_screen_notes_the_columns_that_it_has_no_room_for(ant):
    """The user may choose others."""
    listed = page(
        {"id": "env_1", "type": "environment", "name": "a" * 40, "config": {"type": "cloud"}}
    )
    assert (
        "Note: there is no room for"
        in ant(*LIST, terminal=True, env={"COLUMNS": "40"}, replies=[listed]).stderr
    )


@needs_posix("arguments that are bytes")
@pytest.mark.parametrize(
    ("arg", "sent"), [("\udcc3\udcbc", "\u00fc"), ("a\udcc3\udcbc\u00fc", "a\u00fc\u00fc")]
)
def test_an_argument_is_read_as_utf_8_whatever_the_encoding_of_the_locale_is(ant, arg, sent):
    """Python decodes the bytes by the locale."""
    assert ant(*CREATE[:3], arg).body == {"name": sent}


@needs_posix("arguments that are bytes")
def test_an_argument_that_is_not_utf_8_is_rejected(ant):
    """Otherwise, another text would be sent."""
    refusal = ant(*CREATE[:3], "caf\udce9").refusal
    assert refusal.startswith("ant: the argument caf")
    assert refusal.endswith(" is not text in UTF-8.\n")
