"""Error messages: a terminal shows first what happened, and a log has one form for all tools."""

from __future__ import annotations

import errno
import json

import httpx
import pytest

from ant_cli.errors import APIError, NetworkError, UsageError
from tests.conftest import KEY_BY_PATTERN, Screen, make_runtime
from tests.helpers.streams import Head
from tests.helpers.words import KEY, LIST, NO_KEY, RETRIEVE, page

URL = "https://api.anthropic.com/v1/environments/env_1?beta=true"
NOT_FOUND = {
    "type": "error",
    "error": {"type": "not_found_error", "message": "No such environment."},
}


def refused(status, kind="authentication_error", **fields):
    body = {"type": "error", "error": {"type": kind, "message": "No."}, **fields}
    return httpx.Response(status, json=body, headers={"request-id": "req_1"})


def on_screen(error, *secrets):
    screen = Screen(terminal=True)
    runtime = make_runtime({"COLUMNS": "80"}, stderr=screen)
    for secret in secrets:
        runtime.redactor.register(secret)
    runtime.say(f"ant: {error.report(on_terminal=True)}")
    return screen.text().removesuffix("\n")


def test_a_terminal_shows_the_id_of_a_request_once(ant):
    """This holds even if the body contains it."""
    reply = refused(404, request_id="req_1", more="fields")
    done = ant(*RETRIEVE, replies=[reply], terminal=True, env={"NO_COLOR": "1"})
    assert done.stderr.count("req_1") == 1
    assert done.stderr.startswith("ant: 404 Not Found\n{")
    assert done.stderr.endswith(f'GET "{URL}"\n')


def test_a_network_error_starts_with_its_cause(ant):
    """It ends with a suggestion."""
    done = ant(
        *RETRIEVE, "--max-retries", "0", replies=[ConnectionRefusedError("Refused.")], terminal=True
    )
    assert done.exit == 8
    assert done.stderr.splitlines()[:2] == ["ant: refused.", f'GET "{URL}"']


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "environment_create_disabled",
            "The organization allows no new environments. Ask one of its admins.",
        ),
        (
            "environment_update_disabled",
            "The organization allows no changes of environments. Ask one of its admins.",
        ),
        ("organization_on_hold", "The organization is on hold. Ask one of its admins."),
        (
            "claude_code_key_creator_not_member",
            "The key's creator has left the organization. Use another key.",
        ),
        ("some_other_code", "has no permission for this.\nTo check: ant auth status"),
    ],
)
@pytest.mark.parametrize("in_details", [True, False])
def test_a_403_blames_the_key_only_if_its_code_does_not_blame_the_organization(
    ant, code, sentence, in_details
):
    """Another key would not help."""
    where = {"details": {"error_code": code}} if in_details else {"error_code": code}
    error = {"type": "permission_error", "message": "no", **where}
    done = ant(*LIST, replies=[httpx.Response(403, json={"type": "error", "error": error})])
    assert (done.exit, sentence in done.stderr) == (4, True)
    assert ("The key " in done.stderr) == ("has no permission" in sentence)


@pytest.mark.parametrize("status", [404, 500])
def test_a_404_of_a_base_url_that_ends_with_v1_says_so(ant, status):
    """The SDKs of others have it in theirs."""
    words = (*LIST, "--base-url", "https://ada:pw@gate.example/v1/", "--max-retries", "0")
    done = ant(*words, replies=[httpx.Response(status, text="no")])
    assert done.request.url.path == "/v1/v1/environments"
    assert ("Leave /v1 out of the base URL: each request adds it.\n" in done.stderr) == (
        status == 404
    )


@pytest.mark.parametrize(
    ("terminal", "status"), [(True, 401), (True, 403), (False, 401), (False, 403)]
)
def test_a_rejected_credential_is_named_with_its_source(ant, terminal, status):
    """It is often not the one that the user expects."""
    done = ant(*RETRIEVE, replies=[refused(status)], terminal=terminal)
    assert done.exit == 4
    assert "The key ...tery (from ANTHROPIC_API_KEY) " in done.stderr
    assert done.stderr.endswith("\nTo check: ant auth status\n")
    assert KEY not in done.stderr


def test_a_rejected_credential_of_a_flag_is_masked(ant):
    """Its last four characters identify it."""
    done = ant(*RETRIEVE, "--auth-token", KEY_BY_PATTERN, replies=[refused(401)], env=NO_KEY)
    assert "The token sk-ant-...3a9c (from --auth-token) was not accepted." in done.stderr


def test_other_errors_do_not_name_the_credential(ant):
    """The credential is not their cause."""
    done = ant(*RETRIEVE, replies=[refused(404)])
    assert (done.exit, "auth status" in done.stderr) == (5, False)


def test_lines_are_broken_between_words():
    """A terminal would break them at any character."""
    shown = on_screen(UsageError("word " * 40 + "end.", "hint " * 30 + "end."))
    assert all(len(line) <= 80 for line in shown.split("\n"))
    assert shown.replace("\n", " ") == "ant: " + "word " * 40 + "end. " + "hint " * 30 + "end."


def test_a_command_of_a_hint_is_never_broken():
    """Users copy it as a whole."""
    command = "ant beta:environments update env_011CZkZ9X2dpNyB7HsEFoRfW --config @environment.yaml --dry-run"
    assert on_screen(UsageError("no.", f"To see it: {command}")).split("\n") == [
        "ant: no.",
        "To see it:",
        command,
    ]
    install = "/opt/a/very/long/path/to/an/interpreter/bin/python3 -m pip install 'textual>=8' 'pydantic>=2.7,<3'"
    assert on_screen(UsageError("no.", f"To install it: {install}")).split("\n")[1:] == [
        "To install it:",
        install,
    ]
    assert on_screen(UsageError("no.", f"Its command:\n{command}")).split("\n")[1:] == [
        "Its command:",
        command,
    ]


def test_a_command_between_backquotes_is_not_broken():
    """Users copy it as a whole, too."""
    meant = "`ant beta:environments:work list` or `ant profile list`?"
    shown = on_screen(
        UsageError(f"unknown command 'lst' for 'ant beta:environments'. Did you mean {meant}")
    )
    assert shown.split("\n")[1] == meant


def test_every_line_of_an_indented_paragraph_is_indented():
    """An example is a member of an error's JSON."""
    shown = on_screen(UsageError("no.", '  "message": ' + "word " * 30)).split("\n")[1:]
    assert len(shown) > 1
    assert all(line.startswith("  ") and len(line) <= 80 for line in shown)


def test_a_note_is_broken_between_words_at_a_terminal(ant):
    """A name in it is not broken, so that users can copy it, as in an error."""
    words = ("--api-key", KEY_BY_PATTERN, *LIST)
    listed = page({"id": "env_1"})
    (note,) = ant(*words, replies=[listed], env={"COLUMNS": "80"}).stderr.splitlines()
    assert len(note) > 80
    shown = ant(*words, replies=[listed], terminal=True, env={"COLUMNS": "80"}).stderr.splitlines()
    assert " ".join(shown) == note
    assert max(map(len, shown)) <= 80


def test_a_debug_log_is_not_broken(ant):
    """Each line is what was sent or received."""
    shown = ant(*RETRIEVE, "--debug", replies=[{"name": "word " * 40}], terminal=True).stderr
    assert any(line.count("word") == 40 for line in shown.splitlines())


def test_a_secret_with_spaces_is_redacted_before_lines_are_broken():
    """Redaction would not recognize the parts on two lines."""
    secret = "correct horse battery staple"
    shown = on_screen(UsageError(f"{'x' * 60} {secret}"), secret)
    assert "horse" not in shown
    assert "[redacted]" in shown


def test_control_characters_do_not_count_as_cells():
    """They are escaped before lines are measured."""
    shown = on_screen(UsageError("\x1b[2J" * 10 + " " + "y" * 60))
    assert "\x1b" not in shown
    assert all(len(line) <= 80 for line in shown.split("\n"))


def test_the_error_of_a_request_names_the_request_in_a_log():
    """A log has both on one line."""
    error = NetworkError("refused.", request_line='GET "http://a/"')
    assert str(error) == 'GET "http://a/": refused.'
    assert str(APIError('GET "http://a/"', 404, "Not Found", b"", "req_1")) == (
        'GET "http://a/": 404 Not Found\nRequest ID: req_1'
    )


BODY = {"type": "error", "error": {"type": "bad", "message": "no"}}
BODY_LINE = '{"type":"error","error":{"type":"bad","message":"no"}}\n'
LINE = 'GET "https://api.anthropic.com/v1/environments/env_1?beta=true"'


@pytest.mark.parametrize(
    ("flags", "body", "printed"),
    [
        (("--format-error", "jsonl"), BODY, BODY_LINE),
        (("--transform-error", "error.message"), BODY, '"no"\n'),
        (("--transform-error", "error.message", "-r"), BODY, "no\n"),
        (("--transform-error", "error", "-r", "--format-error", "jsonl"), {"error": [1]}, "[1]\n"),
        (("--format-error", "yaml"), "<p>busy\n now</p>", "<p>busy now</p>\n"),
        (("--format-error", "jsonl", "-r"), '"no"', "no\n"),
        (("--format-error", "yaml"), "", ""),
    ],
)
def test_the_body_of_an_error_is_printed_once_where_a_flag_asks_for_it(ant, flags, body, printed):
    """On stdout; on stderr if stdout can't be written. Without such a flag it is on stderr."""
    text = body if isinstance(body, str) else json.dumps(body)
    replies = [httpx.Response(400, text=text)]
    asked = ant(*RETRIEVE, *flags, replies=replies)
    assert (asked.stdout, asked.stderr) == (printed, f"{LINE}: 400 Bad Request\n")
    shown = ant(*RETRIEVE, *flags, replies=replies, terminal=True, env={"NO_COLOR": "1"})
    assert (shown.stdout, shown.stderr) == (printed, f"ant: 400 Bad Request\n{LINE}\n")
    if printed:
        for stdout in (Head(0), Head(0, errno.ENOSPC)):
            lost = ant(*RETRIEVE, *flags, replies=replies, stdout=stdout)
            assert (lost.exit, lost.stderr) == (1, f"{LINE}: 400 Bad Request\n{printed}")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({}, "no (400 bad)"),
        ({"details": {}}, "no (400 bad)"),
        ({"error_code": "worse"}, "no (400 worse)"),
        ({"error_code": "worse", "details": {"error_code": "worse"}}, "no (400 worse)"),
        ({"error_code": "worse", "details": {"error_code": "other"}}, None),
        ({"error_code": 5}, None),
        ({"error_code": None}, None),
        ({"details": {"field": "name"}}, None),
        ({"param": "name"}, None),
    ],
)
def test_an_error_is_one_sentence_at_a_terminal_unless_it_has_more_to_say(ant, error, sentence):
    """Nothing that the server sent is lost."""
    for more in ({}, {"request_id": "req_1"}):
        body = {"type": "error", "error": {"type": "bad", "message": "no", **error}, **more}
        stderr = ant(*RETRIEVE, replies=[httpx.Response(400, json=body)], terminal=True).stderr
        assert ("{" not in stderr) is (sentence is not None)
        assert stderr.startswith(f"ant: {sentence or '400 Bad Request'}\n")
    body = {"type": "error", "error": {"type": "bad", "message": "no"}, "documentation": "u"}
    assert (
        "documentation"
        in ant(*RETRIEVE, replies=[httpx.Response(400, json=body)], terminal=True).stderr
    )
