"""Texts that come in, and those that go out: limits, encodings, commands of CI, and lines of a terminal."""

from __future__ import annotations

import io
import os
import string
from contextlib import suppress
from unittest.mock import Mock

import pytest

from ant_cli.errors import UsageError
from ant_cli.runtime import reading, storage
from ant_cli.runtime.redaction import may_be_key, redact, strip_userinfo, url_secrets
from ant_cli.runtime.sanitize import (
    collapse_space,
    escape_breaks,
    escape_commands,
    escape_controls,
    markdown_code,
    picture_breaks,
)
from ant_cli.runtime.screen import padding, terminal_size, truncate, wrap, wrap_message
from ant_cli.runtime.storage import append, locked
from tests.conftest import needs_posix

# Reading


def test_a_text_of_exactly_the_limit_is_read_and_a_longer_one_is_rejected(monkeypatch):
    """The limit is inclusive."""
    monkeypatch.setattr(reading, "INPUT_LIMIT", 10)
    monkeypatch.setattr(reading, "_PART", 3)
    assert reading.read_limited(io.BytesIO(b"x" * 10), "stdin") == b"x" * 10
    with pytest.raises(UsageError, match="stdin is longer than"):
        reading.read_limited(io.BytesIO(b"x" * 11), "stdin")


def test_more_than_100_mb_are_not_read():
    """A pipe that never ends would fill the memory."""
    endless = Mock(isatty=lambda: False, read=Mock(return_value=b"x" * 1_000_000))
    with pytest.raises(UsageError, match="stdin is longer than 100 MB, which is the limit"):
        reading.read_limited(endless, "stdin")
    assert endless.read.call_count == 101


def test_at_a_terminal_one_ctrl_d_ends_the_input():
    """Another read would wait for a second one."""
    keyboard = Mock(isatty=lambda: True, read=Mock(side_effect=[b"typed", AssertionError]))
    assert reading.read_limited(keyboard, "stdin") == b"typed"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\xfea\x00", "f is text in UTF-16, which must be UTF-8."),
        (b"\xfe\xff\x00a", "f is text in UTF-16, which must be UTF-8."),
        (b"ab\xe9c", "f is not text in UTF-8: byte 3 is 0xe9."),
    ],
)
def test_what_is_no_utf_8_is_rejected_with_the_reason(data, problem):
    """A byte order mark of UTF-8 is no part of the text."""
    with pytest.raises(UsageError) as caught:
        reading.decode(data, "f")
    assert caught.value.message == problem
    assert reading.decode(b"\xef\xbb\xbfa\xc3\xa9", "f") == "a\u00e9"
    assert reading.decode(b"a\0b", "f") == "a\0b"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "--file: the name of the file is missing."),
        ("none", "can't be read"),
        ("a\0b", "can't be read"),
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_its_flag_and_a_hint(path, problem):
    """The hint of the caller says what was meant."""
    with pytest.raises(UsageError, match=r"^--file: ") as caught:
        reading.read_file(path, "--file", "a hint")
    assert (problem in caught.value.message, caught.value.hint) == (True, "a hint")


def test_a_file_that_is_too_long_is_named_with_its_flag(tmp_path, monkeypatch):
    """A command may read several files."""
    monkeypatch.setattr(reading, "INPUT_LIMIT", 10)
    (tmp_path / "long").write_bytes(b"x" * 11)
    with pytest.raises(UsageError, match=r"^--file: long is longer than"):
        reading.read_file("long", "--file")


# Locks


def test_the_lock_of_a_run_that_failed_is_removed(tmp_path):
    """The folder stays clean, and the next run does not wait."""
    with suppress(KeyError), locked(tmp_path / "file"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "file", lambda: pytest.fail("it waits")):
        pass


@needs_posix("unlinking an open file")
def test_a_lock_whose_file_was_removed_before_it_was_taken_is_taken_again(tmp_path, monkeypatch):
    """The process that removed it was the last one. The next one would make another file, and not wait."""
    name = tmp_path / "file.lock"
    take, turns = storage.take_lock, [name.unlink]

    def take_late(lock):
        if turns:
            turns.pop()()
        return take(lock)

    monkeypatch.setattr(storage, "take_lock", take_late)
    with locked(tmp_path / "file") as lock:
        assert os.path.samestat(os.fstat(lock.fileno()), name.stat())
    assert list(tmp_path.iterdir()) == []


def test_what_a_full_disk_took_only_in_part_is_an_error(tmp_path, monkeypatch):
    """A name that is not written whole would be lost."""
    monkeypatch.setattr(storage.os, "write", lambda _descriptor, data: len(data) - 1)
    with locked(tmp_path / "file") as lock, pytest.raises(OSError, match="space"):
        append(lock, b"name")


# What a log or a terminal would take as something else


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\u003a:error::x"),
        ("a\n::error::x\n\t ::debug::y", "a\n\\u003a:error::x\n\t \\u003a:debug::y"),
        ("a ::error::x", "a ::error::x"),
        ("std::vector", "std::vector"),
        ("##[error]x", "\\u0023#[error]x"),
        ("a ##vso[task]x ##[b]", "a \\u0023#vso[task]x \\u0023#[b]"),
        ("## heading", "## heading"),
        ("#[derive]", "#[derive]"),
    ],
)
def test_only_what_is_a_command_of_ci_is_escaped_in_each_line(text, shown):
    """GitHub takes one at the beginning of a line, and Azure anywhere."""
    assert escape_commands(text) == shown


ESCAPED = (
    *(0x00, 0x08, 0x0B, 0x1F, 0x7F, 0x9F),  # controls, without the tab and the line feed
    *(0xAD, 0xAD, 0x61C, 0x61C, 0x180E, 0x180E, 0x200B, 0x200B, 0x200E, 0x200F),
    *(0x2028, 0x202E, 0x2060, 0x2069, 0xD800, 0xDFFF, 0xFEFF, 0xFEFF, 0xFFF9, 0xFFFB),
    *(0xE0000, 0xE007F),  # tags
)
"""The first and the last character of each range that is escaped."""


def test_exactly_the_characters_that_control_a_terminal_or_are_not_seen_are_escaped():
    """Other characters, such as those that join emoji or Arabic letters, are part of a text."""
    ranges = zip(ESCAPED[::2], ESCAPED[1::2], strict=True)
    expected = {code for first, last in ranges for code in range(first, last + 1)}
    codes = (*range(0x3000), *range(0xD700, 0x10000), *range(0xDFF00, 0xE0200))
    assert {code for code in codes if escape_controls(chr(code)) != chr(code)} == expected
    shown = {code: escape_controls(chr(code)) for code in expected}
    assert all(text.isprintable() or code < 0x20 for code, text in shown.items())
    assert [shown[code] for code in (0x1B, 0x9B, 0x202E, 0xDCFF)] == [
        *("\u241b", "\\u009b", "\\u202e", "\\udcff")
    ]
    assert shown[0xE0041] == "\\udb40\\udc41"


def test_each_way_to_keep_a_text_on_one_line_escapes_control_characters_too():
    """They differ in what becomes of breaks."""
    text = "a\n\tb\x1b \u202e\r"
    assert escape_controls(text) == "a\n\tb\u241b \\u202e\u240d"
    assert escape_breaks(text) == "a\\n\\tb\u241b \\u202e\u240d"
    assert picture_breaks(text) == "a\u240a\u2409b\u241b \\u202e\u240d"
    assert collapse_space(text) == "a b\u241b \\u202e"
    assert markdown_code("a_b\n@c") == "<code>a&#95;b&#92;n&#64;c</code>"


def test_code_in_markdown_has_no_sign_that_markdown_could_read():
    """A page shows each sign as it is. A dash and a slash have no meaning within a line."""
    for sign in set(string.punctuation) - set("-/"):
        assert markdown_code(sign) == f"<code>&#{ord(sign)};</code>"


# The lines of a terminal


@pytest.mark.parametrize(
    ("environ", "size"),
    [
        ({}, (80, 24)),
        ({"COLUMNS": "100", "LINES": "50"}, (100, 50)),
        ({"COLUMNS": "0", "LINES": ""}, (80, 24)),
        ({"COLUMNS": "wide", "LINES": "-1"}, (80, 24)),
        ({"COLUMNS": "1234567"}, (80, 24)),
        ({"COLUMNS": "\u00b2\u0660"}, (80, 24)),
    ],
)
def test_the_size_of_a_screen_is_that_of_the_variables_or_a_usual_one(environ, size):
    """A stream of a test has none."""
    assert terminal_size(Mock(descriptor=-1), environ) == size


def test_the_variables_win_over_the_size_of_the_terminal(monkeypatch):
    """A terminal that says zero has not said it."""
    monkeypatch.setattr("os.get_terminal_size", lambda _descriptor: (120, 0))
    assert terminal_size(Mock(descriptor=1), {}) == (120, 24)
    assert terminal_size(Mock(descriptor=1), {"COLUMNS": "90", "LINES": "30"}) == (90, 30)


def test_words_are_not_broken_and_a_long_one_has_its_own_line():
    """Not an empty one before it."""
    assert wrap("abcdefgh ij kl", 5) == ["abcdefgh", "ij kl"]
    assert wrap("ab cd ef", 5) == ["ab cd", "ef"]
    assert wrap("ab cd", 5) == ["ab cd"]
    assert wrap("", 5) == [""]


def test_a_message_keeps_its_paragraphs_their_indents_and_commands_in_one_piece():
    """Who copies a command copies a line."""
    text = "To see it, run `ant auth status` here.\n  an indented line of text\nTry: ant a b c d e f g h i j"
    assert wrap_message(text, 16).splitlines() == [
        "To see it, run",
        "`ant auth status`",
        "here.",
        "  an indented",
        "  line of text",
        "Try:",
        "ant a b c d e f g h i j",
    ]
    for command in ("ant a b c d e f g h i j", "/usr/bin/python3 -m pip install a b c"):
        assert wrap_message(f"{command}\nOr: {command}", 16).splitlines() == [
            command,
            "Or:",
            command,
        ]
    assert wrap_message("/usr/bin/editor a b c", 16).splitlines() == ["/usr/bin/editor", "a b c"]
    assert wrap_message("an elegant a b c", 14).splitlines() == ["an elegant a b", "c"]


def test_columns_are_padded_to_their_width_and_never_less_than_nothing():
    """A wide character fills two cells. Text from right to left is kept in its place."""
    assert padding("ab", 4) == "  "
    assert padding("abcdef", 4) == ""
    assert padding("\u6f22", 4) == "  "
    for letter_or_digit in ("\u05d0", "\u0627", "\u0661"):
        assert padding(letter_or_digit, 3) == "\u200e  "


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc\u2026"),
        ("ab  cdef", 5, "ab\u2026"),
        ("\u6f22\u5b57", 4, "\u6f22\u5b57"),
        ("\u6f22\u5b57\u6f22", 5, "\u6f22\u5b57\u2026"),
        ("\u6f22\u5b57\u6f22", 4, "\u6f22\u2026"),
        ("\u00e9  \u00e9\u00e9", 4, "\u00e9\u2026"),
        ("a", 1, "a"),
        ("ab", 1, "\u2026"),
        ("ab", 0, ""),
        ("", 0, ""),
        ("ab", -1, ""),
    ],
)
def test_a_text_that_is_cut_fits_with_its_mark_and_has_no_space_before_it(text, width, shown):
    """A wide character that does not fit is left out."""
    assert truncate(text, width) == shown


def test_lines_are_broken_by_the_cells_that_words_fill():
    """A wide character fills two cells. A word that is too long gets a line of its own."""
    assert wrap("\u6f22 \u5b57 ab", 5) == ["\u6f22 \u5b57", "ab"]
    assert wrap("\u6f22 \u5b57 ab", 4) == ["\u6f22", "\u5b57", "ab"]
    assert wrap("abcdefgh i j", 3) == ["abcdefgh", "i j"]


# Secrets


@pytest.mark.parametrize(
    ("url", "secrets", "shown"),
    [
        ("https://ada:p%40ss@h/x", ["p%40ss", "p@ss"], "https://h/x"),
        ("https://token@h", ["token", "token"], "https://h"),
        ("https://h/a@b", [], "https://h/a@b"),
        ("https://h:8080/a@b", [], "https://h:8080/a@b"),
        ("http://u:a/b@h, http://v:c@i", ["a/b", "a/b"], "http://h, http://i"),
        ("//u:p@h", ["p", "p"], "//h"),
        (" \nhttps://u:p@h", ["p", "p"], " \nhttps://h"),
        ("git+https://u:p@h", ["p", "p"], "git+https://h"),
        ("ada@example.com", [], "ada@example.com"),
    ],
)
def test_the_password_of_a_url_is_a_secret_or_else_its_user(url, secrets, shown):
    """An @ in a path ends no password."""
    assert url_secrets(url) == secrets
    assert strip_userinfo(url) == shown


def test_secrets_that_overlap_or_are_parts_of_others_are_hidden_whole():
    """Whatever order they were registered in."""
    for secrets in (["abcdef", "cdefgh"], ["cdefgh", "abcdef"]):
        assert redact("<abcdefgh>", secrets) == "<[redacted]>"
    for secrets in (["abcdefgh", "cdef"], ["cdef", "abcdefgh"]):
        assert redact("<abcdefgh> cdef", secrets) == "<[redacted]> [redacted]"
    assert redact("abcd abc", ["abcd", "abc"]) == "[redacted] abc", (
        "three characters are too common"
    )


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("format", False),
        ("base-url", False),
        ("auth_token2", False),
        ("env:name", False),
        ("x7", False),
        ("a1b2", True),
        ("abc12", True),
        ("name=", True),
        ("abcdefghijklmno", False),
        ("abcdefghijklmnop", True),
    ],
)
def test_a_misplaced_word_may_be_a_key_if_it_is_long_or_not_made_of_words(text, is_key):
    """It is hidden in messages then."""
    assert may_be_key(text) is is_key
