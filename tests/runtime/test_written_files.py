"""Which paths may be written, and as what."""

from __future__ import annotations

import os

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


@needs_posix("permissions")
@pytest.mark.parametrize("row", [SAVED_PLAN, EXPORTED, EMULATOR_LOG, DATABASE])
def test_a_file_that_nobody_may_write_is_not_written_even_by_root(tmp_path, row):
    """Its mode says that nobody should."""
    path = tmp_path / "file"
    path.touch(mode=0o444)
    with pytest.raises(UsageError, match="it is read-only"):
        check_destination(str(path), row)
