"""Which paths may be written, and as what."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from ant_cli.errors import UsageError
from ant_cli.runtime import written_files
from ant_cli.runtime.written_files import (
    DATABASE,
    EMULATOR_LOG,
    EXPORTED,
    SAVED_PLAN,
    Destination,
    check_destination,
    is_own,
)
from tests.conftest import needs_posix


@needs_posix("one number for each file")
@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize(
    ("row", "is_stream"),
    [(SAVED_PLAN, True), (EMULATOR_LOG, True), (EXPORTED, False), (DATABASE, False)],
)
def test_a_file_to_which_a_stream_is_redirected_is_written_as_that_stream(
    tmp_path, monkeypatch, stream, row, is_stream
):
    """`--save-plan /dev/stdout > FILE` must not replace the file. The other stream may be closed."""
    path = tmp_path / "file"
    path.write_text("of others")
    facts, real = path.stat(), os.fstat

    def fstat(descriptor):
        if descriptor not in (1, 2):
            return real(descriptor)
        if descriptor == stream:
            return facts
        raise OSError("closed")

    monkeypatch.setattr(written_files.os, "fstat", fstat)
    expected = Destination(str(path), "stream", stream) if is_stream else (str(path), "file", None)
    assert check_destination(str(path), row) == expected


@needs_posix("links")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_is_followed_to_the_file_that_is_written(tmp_path, is_there):
    """Otherwise the link would be replaced by the file."""
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    if is_there:
        target.touch()
    expected = Destination(str(target), "file" if is_there else "new")
    assert check_destination(str(link), SAVED_PLAN) == expected


@pytest.mark.parametrize(
    ("row", "content", "is_accepted"),
    [
        (SAVED_PLAN, "", True),
        (SAVED_PLAN, '{\n  "version": 1,\n  "paths": []}', True),
        (SAVED_PLAN, '{"version": 1, "resources": {}}', False),
        (SAVED_PLAN, 'x {"version": 1, "paths": []}', False),
        (EXPORTED, "anything", True),
        (EMULATOR_LOG, "anything", True),
        (DATABASE, "anything", True),
    ],
)
def test_a_file_is_replaced_only_if_it_is_empty_or_an_earlier_one_of_its_kind(
    tmp_path, row, content, is_accepted
):
    """One that is appended to, or read first, is looked at later."""
    path = tmp_path / "file"
    path.write_text(content)
    if is_accepted:
        assert check_destination(str(path), row).state == "file"
        return
    with pytest.raises(UsageError, match=f"it exists, and is not {row.may_replace}"):
        check_destination(str(path), row)


@pytest.mark.parametrize(
    ("line", "is_log"),
    [
        ("2026-09-21T14:13:20Z GET /v1/environments", True),
        ("Note: the emulator is empty.", True),
        ("ant: the port is taken.", True),
        ("The emulator accepts any key.", True),
        ("", True),
        ("my notes\nant: x", False),
        (" ant: x", False),
        ("2026-09-21", False),
    ],
)
def test_a_log_of_the_emulator_begins_as_its_lines_do(tmp_path, line, is_log):
    """A full log is replaced, but no other file is."""
    path = tmp_path / "log"
    path.write_text(line)
    assert is_own(str(path), EMULATOR_LOG) is is_log


def make_socket(path):
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))


KINDS = {
    "a folder": Path.mkdir,
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a socket": make_socket,
}


@needs_posix("pipes and devices with names")
@pytest.mark.parametrize("row", [EXPORTED, DATABASE])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_not_replaced_and_the_message_says_what_it_is(row, kind):
    """The path may be a mistake."""
    KINDS[kind](Path("there"))
    with pytest.raises(UsageError, match=f"there: it is {kind}\\.$") as caught:
        check_destination("there", row)
    assert caught.value.hint == f"Name another place: {row.name}"


def test_a_name_that_no_file_can_have_is_rejected():
    """The name may come from a settings file."""
    with pytest.raises(UsageError, match="embedded null byte"):
        check_destination("a\0b", EXPORTED)


@needs_posix("permissions")
@pytest.mark.parametrize("row", [SAVED_PLAN, EXPORTED, EMULATOR_LOG, DATABASE])
def test_a_file_that_nobody_may_write_is_not_written_even_by_root(tmp_path, row):
    """Its mode says that nobody should."""
    path = tmp_path / "file"
    path.touch(mode=0o444)
    with pytest.raises(UsageError, match="it is read-only"):
        check_destination(str(path), row)
