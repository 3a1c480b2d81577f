"""Error messages: what happened comes first at a terminal; a log has one form for every tool."""

from __future__ import annotations

import httpx
import pytest

from ant_cli.errors import APIError, NetworkError, UsageError
from ant_cli.output.messages import message_on_screen
from ant_cli.runtime.streams import Stderr
from tests.conftest import KEY, KEY_BY_PATTERN, Screen

RETRIEVE = ("beta:environments", "retrieve", "env_1")
URL = "https://api.anthropic.com/v1/environments/env_1?beta=true"
NOT_FOUND = {"type": "error", "error": {"type": "not_found_error", "message": "No such environment."}}


def refused(status, kind="authentication_error", **fields):
    body = {"type": "error", "error": {"type": kind, "message": "No."}, **fields}
    return httpx.Response(status, json=body, headers={"request-id": "req_1"})


def on_screen(error, *secrets, columns="80"):
    stderr = Stderr(Screen(terminal=True))
    for secret in secrets:
        stderr.register_secret(secret)
    return message_on_screen(f"ant: {error.report(on_terminal=True)}", stderr, {"COLUMNS": columns})


def test_a_terminal_shows_what_happened_before_the_request(ant):
    """The URL is for those who read on."""
    reply = httpx.Response(404, json=NOT_FOUND, headers={"request-id": "req_1"})
    done = ant(*RETRIEVE, replies=[reply], terminal=True)
    assert done.exit == 5
    assert done.stderr == f'ant: No such environment. (404 not_found_error)\nGET "{URL}"\nRequest ID: req_1\n'


def test_a_log_has_the_form_of_the_official_tool(ant):
    """Scripts that search logs find what they know."""
    done = ant(*RETRIEVE, replies=[httpx.Response(404, json=NOT_FOUND)])
    assert done.stderr.startswith(f'GET "{URL}": 404 Not Found\n{{\n  "type": "error",')


@pytest.mark.parametrize("flags", [(), ("--format-error", "json")])
def test_a_terminal_shows_the_id_of_a_request_once(ant, flags):
    """Also if the body contains it."""
    reply = refused(404, request_id="req_1", more="fields")
    done = ant(*RETRIEVE, *flags, replies=[reply], terminal=True, env={"NO_COLOR": "1"})
    assert done.stderr.count("req_1") == 1
    assert done.stderr.startswith("ant: 404 Not Found\n{")
    assert done.stderr.endswith(f'GET "{URL}"\n')


def test_a_network_error_begins_with_its_cause(ant):
    """And ends with what to do."""
    done = ant(*RETRIEVE, "--max-retries", "0", replies=[ConnectionRefusedError("Refused.")], terminal=True)
    assert done.exit == 8
    assert done.stderr.splitlines()[:2] == ["ant: refused.", f'GET "{URL}"']


@pytest.mark.parametrize(("terminal", "status"), [(True, 401), (True, 403), (False, 401), (False, 403)])
def test_a_refused_credential_is_named_with_its_source(ant, terminal, status):
    """Most often it is another one than the user thinks of."""
    done = ant(*RETRIEVE, replies=[refused(status)], terminal=terminal)
    assert done.exit == 4
    assert "The key ...tery (from ANTHROPIC_API_KEY) " in done.stderr
    assert done.stderr.endswith("\nTo check: ant auth status\n")
    assert KEY not in done.stderr


def test_a_refused_credential_of_a_flag_is_masked(ant):
    """Its last four characters tell it from another."""
    done = ant(*RETRIEVE, "--auth-token", KEY_BY_PATTERN, replies=[refused(401)], env={"ANTHROPIC_API_KEY": None})
    assert "The token sk-ant-...3a9c (from --auth-token) was not accepted." in done.stderr


def test_other_errors_do_not_name_the_credential(ant):
    """It is not their cause."""
    assert "auth status" not in ant(*RETRIEVE, replies=[refused(404)]).stderr


def test_lines_are_broken_between_words():
    """A terminal would break them anywhere."""
    shown = on_screen(UsageError("word " * 40 + "end.", "hint " * 30 + "end."))
    assert all(len(line) <= 80 for line in shown.split("\n"))
    assert shown.replace("\n", " ") == "ant: " + "word " * 40 + "end. " + "hint " * 30 + "end."


def test_a_command_of_a_hint_is_never_broken():
    """It is copied as a whole."""
    command = "ant beta:environments update env_011CZkZ9X2dpNyB7HsEFoRfW --config @environment.yaml --dry-run"
    assert on_screen(UsageError("no.", f"To see it: {command}")).split("\n") == ["ant: no.", "To see it:", command]
    install = "/opt/a/very/long/path/to/an/interpreter/bin/python3 -m pip install 'textual>=8' 'pydantic>=2.7,<3'"
    assert on_screen(UsageError("no.", f"To install it: {install}")).split("\n")[1:] == ["To install it:", install]
    assert on_screen(UsageError("no.", f"Its command:\n{command}")).split("\n")[1:] == ["Its command:", command]


def test_a_command_between_backquotes_is_not_broken():
    """It is copied as a whole, too."""
    meant = "`ant beta:environments:work list` or `ant profile list`?"
    shown = on_screen(UsageError(f"unknown command 'lst' for 'ant beta:environments'. Did you mean {meant}"))
    assert shown.split("\n")[1] == meant


def test_the_lines_of_an_indented_paragraph_are_indented_alike():
    """As a member of an error's JSON."""
    shown = on_screen(UsageError("no.", '  "message": ' + "word " * 30)).split("\n")[1:]
    assert len(shown) > 1
    assert all(line.startswith("  ") and len(line) <= 80 for line in shown)


def test_a_note_is_broken_between_words_at_a_terminal(ant):
    """A name in it is copied, as in an error."""
    words = ("--api-key", KEY_BY_PATTERN, "beta:environments", "list")
    page = {"data": [{"id": "env_1"}], "next_page": None}
    (note,) = ant(*words, replies=[page], env={"COLUMNS": "80"}).stderr.splitlines()
    assert len(note) > 80
    shown = ant(*words, replies=[page], terminal=True, env={"COLUMNS": "80"}).stderr.splitlines()
    assert " ".join(shown) == note
    assert max(map(len, shown)) <= 80


def test_a_debug_log_is_not_broken(ant):
    """Each line is what was sent or received."""
    shown = ant(*RETRIEVE, "--debug", replies=[{"name": "word " * 40}], terminal=True).stderr
    assert any(line.count("word") == 40 for line in shown.splitlines())


def test_a_secret_with_spaces_is_redacted_before_lines_are_broken():
    """A part of it on each of two lines would be recognized by nothing."""
    secret = "correct horse battery staple"
    shown = on_screen(UsageError(f"{'x' * 60} {secret}"), secret)
    assert "horse" not in shown
    assert "[redacted]" in shown


def test_control_characters_do_not_count_as_cells():
    """They are escaped before lines are measured."""
    shown = on_screen(UsageError("\x1b[2J" * 10 + " " + "y" * 60))
    assert "\x1b" not in shown
    assert all(len(line) <= 80 for line in shown.split("\n"))


def test_an_error_about_a_request_names_it_in_a_log():
    """In one line, as before."""
    error = NetworkError("refused.", request_line='GET "http://a/"')
    assert str(error) == 'GET "http://a/": refused.'
    assert str(APIError('GET "http://a/"', 404, "Not Found", b"", "req_1")) == (
        'GET "http://a/": 404 Not Found\nRequest ID: req_1'
    )
