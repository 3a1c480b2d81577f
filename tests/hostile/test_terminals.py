"""Terminals: control characters from a server are escaped there, but pipes get unchanged bytes."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stdout
from tests.conftest import Screen
from tests.helpers.servers import response
from tests.helpers.words import CREATE, DELETE, LINES, PRINTED, RETRIEVE

ATTACKS = {
    "a title": "\x1b]0;owned\x07",
    "the clipboard": "\x1b]52;c;cm0gLXJm\x1b\\",
    "an erased screen": "\x1b[2J\x1b[H",
    "a line that is overwritten": "bad\rgood",
    "a letter that is overwritten": "bad\b\b\bgood",
    "C1 controls": "\x9b2J\x9d0;owned\x9c",
    "reversed text": "\u202etxt.exe\u202c",
    "isolated text": "\u2066a\u2069\u061c\u200f",
    "a hidden part": "env_\u200b1\u2060\ufeff\u00ad",
    "tags": "env_\U000e0041\U000e007f",
    "line separators": "a\u2028b\u2029c",
    "delete": "a\x7fb",
}
COLOUR = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K")
"""The sequences that the program itself may send to a terminal."""
UNSEEN = set(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\ufeff\u2028\u2029\xad"
)


def unescaped(text: str) -> list[str]:
    """Return the characters of a text that would control or mislead a terminal."""
    text = COLOUR.sub("", text)
    return [
        character
        for character in text
        if character not in "\n\t"
        and (
            unicodedata.category(character) == "Cc"
            or character in UNSEEN
            or 0xE0000 <= ord(character) < 0xE0080
        )
    ]


def _item(text: str, **more: str) -> dict[str, str]:
    return {"type": "environment", "id": text, "name": text, text: text, **more}


EVERY_ATTACK = {text: text for text in ATTACKS.values()}


@pytest.mark.parametrize("name", PRINTED)
@pytest.mark.parametrize("escaped", [True, False])
def test_terminal_sequences_in_a_response_are_escaped_on_a_terminal(ant_over_socket, name, escaped):
    """This holds in every format, for one object and for a list, and in keys and values."""
    item, items = _item("env_1", **EVERY_ATTACK), [_item(text) for text in ATTACKS.values()]
    reply = response(item) if escaped else response(_unescaped(item))
    page = response({"data": items}) if escaped else response(_unescaped({"data": items}))
    for words, received in ((RETRIEVE, reply), (DELETE, reply), (LINES, page)):
        result = ant_over_socket(received, words=words, more=("--format", name), terminal=True)
        assert (result.exit, unescaped(result.stdout), bool(result.stdout)) == (0, [], True)


def _unescaped(item: dict[str, Any]) -> bytes:
    """Return JSON in which only the necessary characters are escaped."""
    import json

    return json.dumps(item, ensure_ascii=False).encode()


@pytest.mark.parametrize("attack", ATTACKS)
def test_raw_output_of_a_string_escapes_terminal_sequences(ant_over_socket, attack):
    """`-r` drops the quotes, not the escapes."""
    result = ant_over_socket(
        response({"name": ATTACKS[attack]}), more=("--transform", "name", "-r"), terminal=True
    )
    assert (result.exit, unescaped(result.stdout)) == (0, [])


@pytest.mark.parametrize("name", PRINTED)
def test_error_messages_and_the_debug_log_escape_terminal_sequences(ant_over_socket, name):
    """The body, the message and the request ID of an error are covered."""
    text = " ".join(ATTACKS.values())
    header = text.encode("ascii", "ignore").decode().translate(dict.fromkeys(b"\r\n\0"))
    body = _unescaped({"type": "error", "message": text, **EVERY_ATTACK})
    reply = response(body, f"x-request: {header}\x9b", status="404 Not \x9bFound")
    result = ant_over_socket(reply, more=("--format-error", name, "--debug"), terminal=True)
    assert (result.exit in (5, 8), unescaped(result.stderr + result.stdout)) == (True, [])


def test_the_excerpt_of_a_response_that_is_not_json_escapes_terminal_sequences(ant_over_socket):
    """The error quotes the beginning of the response."""
    result = ant_over_socket(
        response(b"<html>\x1b[2J\xc2\x9b\xe2\x80\xae", status="502 Bad"), terminal=True
    )
    assert (result.exit, unescaped(result.stderr)) == (7, [])


@pytest.mark.parametrize("name", PRINTED)
def test_control_characters_on_stderr_are_escaped_in_a_pipe(ant_over_socket, name):
    """A log may be printed on a terminal later, and no program reads stderr as data."""
    text = " ".join(ATTACKS.values())
    body = _unescaped({"type": "error", "message": text, **EVERY_ATTACK})
    result = ant_over_socket(
        response(body, status="404 Not \x9bFound"), more=("--format-error", name, "--debug")
    )
    assert (result.exit in (5, 8), unescaped(result.stderr)) == (True, [])
    html = ant_over_socket(response(f"<html>{text}".encode(), status="502 Bad"))
    assert (html.exit, unescaped(html.stderr)) == (7, [])


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [((*CREATE[:-1], "\x1b]0;x\x07\u202e", "--dry-run"), 0), ((*RETRIEVE[:-1], "\x1b[2J"), 2)],
)
def test_control_characters_in_arguments_are_escaped_in_messages(ant_over_socket, words, exit_code):
    """Arguments may come from a file or from another program."""
    result = ant_over_socket(words=words, terminal=True)
    assert (result.exit, unescaped(result.stdout + result.stderr)) == (exit_code, [])


@pytest.mark.parametrize("attack", ATTACKS)
def test_stdout_in_a_pipe_has_the_received_bytes_unchanged(ant_over_socket, attack):
    """Programs need the unchanged data."""
    body = _unescaped({"name": ATTACKS[attack]})
    assert ant_over_socket(response(body), more=("--format", "raw")).stdout.encode() == body + b"\n"
    bare = ant_over_socket(response(body), more=("--transform", "name", "-r")).stdout
    assert bare == ATTACKS[attack] + "\n"


@given(st.text())
def test_escaping_leaves_no_control_characters_and_keeps_other_text(text):
    """Text without control characters is unchanged."""
    shown = escape_controls(text)
    assert unescaped(shown) == []
    if not unescaped(text):
        assert COLOUR.sub("", shown) == COLOUR.sub("", text) or "\x1b" in text


def test_bytes_that_are_not_utf_8_are_escaped_on_a_terminal_and_unchanged_in_a_pipe():
    """A terminal would show them as something else, or not at all."""
    for terminal, shown in ((True, rb"a\xffb"), (False, b"a\xffb")):
        screen = Screen(terminal=terminal)
        Stdout(screen).write(b"a\xffb")
        assert screen.getvalue() == shown
