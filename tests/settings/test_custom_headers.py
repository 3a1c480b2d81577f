"""ANTHROPIC_CUSTOM_HEADERS: headers for a gateway, in every request."""

from __future__ import annotations

import pytest

from tests.helpers.words import KEY, LIST, UPDATE, page

GATEWAY = "gateway-canary-9"


def with_headers(text):
    return {"ANTHROPIC_CUSTOM_HEADERS": text}


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("X-Team: data", {"x-team": "data"}),
        ("X-Team: data\nx-gateway-key:k\n", {"x-team": "data", "x-gateway-key": "k"}),
        (" X-Team :  data  \r\n\r\nx-empty:\n", {"x-team": "data", "x-empty": ""}),
        ("x-url: https://h/?a=b:c", {"x-url": "https://h/?a=b:c"}),
        ("Authorization: Bearer gateway", {"authorization": "Bearer gateway", "x-api-key": KEY}),
        ("", {"x-api-key": KEY}),
    ],
)
def test_each_line_is_a_header_of_every_request(ant, text, headers):
    """A page of a list is a request like any other."""
    pages = [page(after="p"), page()]
    for request in ant(*LIST, env=with_headers(text), replies=pages).requests:
        assert {name: request.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("X-API-Key", KEY),
        ("user-agent", "ant-cli-python"),
        ("Anthropic-Version", "2023-06-01"),
        ("anthropic-beta", "managed-agents-2026-04-01"),
        ("Accept", "application/json"),
        ("Host", "127.0.0.1"),
        ("content-length", "2"),
        ("content-type", "application/json"),
    ],
)
def test_a_header_that_the_program_sets_wins(ant, name, sent):
    """A gateway's header can't replace the credential, or break the request."""
    words = (*UPDATE, "--base-url", "http://127.0.0.1:9")
    done = ant(*words, env=with_headers(f"{name}: other\nx-team: data"))
    assert done.request.headers[name].startswith(sent)
    note = (
        f"Note: ANTHROPIC_CUSTOM_HEADERS: {name.lower()} is not sent, because ant sets its own.\n"
    )
    assert done.stderr.count(note) == 1
    assert "x-team" not in done.stderr


@pytest.mark.parametrize("name", ["connection", "transfer-encoding", "expect", "upgrade"])
def test_a_header_of_the_connection_is_left_to_the_transport(ant, name):
    """Otherwise the server would wait for a body that never comes."""
    done = ant(*LIST, env=with_headers(f"{name}: chunked"))
    assert (done.exit, "chunked" in done.request.headers.get(name, "")) == (0, False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GATEWAY, "line 1"),
        (f"x-a: b\n{GATEWAY}", "line 2"),
        (f"\n\n{GATEWAY}", "line 3"),
        (f"x a: {GATEWAY}", "line 1"),
        (f": {GATEWAY}", "line 1"),
        (f"x-a: b\n\nx-b: {GATEWAY}\x01", "line 3"),
        (f"x-a: {GATEWAY}\u00e9", "line 1"),
    ],
)
def test_a_line_that_is_not_a_header_is_rejected_without_showing_it(ant, text, line):
    """Nothing is sent."""
    refusal = ant(*LIST, env=with_headers(text)).refusal
    assert "ANTHROPIC_CUSTOM_HEADERS" in refusal
    assert line in refusal
    assert GATEWAY not in refusal


@pytest.mark.parametrize(
    "header", [f"x-gateway: {GATEWAY}", f"cookie: a={GATEWAY}", f"x-auth: Bearer {GATEWAY}"]
)
@pytest.mark.parametrize("more", [("--debug",), ("--dry-run",), ("--max-retries", "0")])
def test_the_values_are_secrets(ant, header, more):
    """A gateway may expect a key in any header, and may echo it."""
    error = ConnectionRefusedError(f"no {GATEWAY}")
    result = ant(*LIST, *more, env=with_headers(header), replies=[error] * 3)
    assert GATEWAY not in result.stdout + result.stderr
    assert (result.stdout != "") == (more == ("--dry-run",))


def test_a_dry_run_names_the_headers(ant):
    """Only their values are hidden, even short ones."""
    result = ant(*LIST, "--dry-run", env=with_headers("X-Team: data"))
    assert "\nx-team: [redacted]\n" in result.stdout
    assert "x-team: data" in ant(*LIST, "--debug", env=with_headers("X-Team: data")).stderr


@pytest.mark.parametrize(("word", "is_hidden"), [("abcdefgh", True), ("abcdefg", False)])
def test_a_word_of_eight_characters_may_be_a_key_and_a_shorter_one_is_a_word(ant, word, is_hidden):
    """A name of an environment may be `staging`, and messages would be hard to read."""
    refused = ConnectionRefusedError(f"no {word}")
    for text in (f"x-a: {word}", f"x-a: {word}\nx-c: d", f"x-a: b\nx-c: d; e={word},f"):
        result = ant(*LIST, env=with_headers(text), replies=[refused] * 3)
        assert (word in result.stderr) is not is_hidden
