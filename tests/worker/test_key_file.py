"""The file of an environment's key: a worker reads it again when the server rejects the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ant_cli.worker.key_file import KeyFile
from tests.helpers.servers import error
from tests.helpers.work_server import WorkServer

OLD, NEW = "correct-horse-battery", "correct-horse-staple"


@pytest.fixture
def path(tmp_path):
    """A file with the new key."""
    found = tmp_path / "key"
    found.write_text(f"{NEW}\n")
    found.chmod(0o600)
    return found


def test_a_rejected_key_is_replaced_by_the_one_in_the_file(path):
    """All requests after it use that, and it is read only once."""
    used = []
    keys = KeyFile(str(path), OLD, used.append)
    assert keys.current().secret == OLD
    assert keys.renew(OLD)
    path.write_text("another-one\n")
    assert keys.renew(OLD)
    assert (keys.current().secret, used) == (NEW, [NEW])


def test_a_file_that_is_the_same_or_can_not_be_read_gives_no_other_key(path):
    """The request has failed then."""
    keys = KeyFile(str(path), NEW, pytest.fail)
    assert not keys.renew(NEW)
    path.unlink()
    assert not keys.renew(NEW)
    path.mkdir()
    assert not keys.renew(NEW)


@pytest.mark.parametrize(
    ("text", "mode"),
    [("", 0o600), (" \n", 0o600), (NEW, 0o604), ("sk-ant-api03-of-an-operator", 0o600)],
    ids=["empty", "blank", "open to others", "an API key"],
)
def test_a_file_that_is_being_replaced_is_read_again_for_the_next_request(path, text, mode):
    """Until then, requests fail. A file that others can read, or that has an API key, is not used."""
    path.write_text(text)
    path.chmod(mode)
    used = []
    keys = KeyFile(str(path), OLD, used.append)
    assert not keys.renew(OLD)
    assert (keys.current().secret, used) == (OLD, [])
    path.chmod(0o600)
    path.write_text(NEW)
    assert keys.renew(OLD)
    assert (keys.current().secret, used) == (NEW, [NEW])


def test_a_key_that_was_replaced_can_come_back(path):
    """Somebody may undo the replacement."""
    used = []
    keys = KeyFile(str(path), OLD, used.append)
    assert keys.renew(OLD)
    path.write_text(OLD)
    assert keys.renew(NEW)
    assert (keys.current().secret, used) == (OLD, [NEW, OLD])


def test_a_rejected_api_key_is_not_replaced_by_an_environment_key(path):
    """It is the one for metadata."""
    assert not KeyFile(str(path), OLD, pytest.fail).renew("sk-ant-api03-for-metadata")


def test_a_pipe_is_not_read_again(tmp_path):
    """It would block the worker, since nobody writes to it any more."""
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    assert not KeyFile(str(fifo), OLD, pytest.fail).renew(OLD)


class NewKey(WorkServer):
    """Accepts the old key for the first request, and only the new one afterwards."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def _script(self, request):
        if len(self.requests) == 1:
            self._path.write_text(f"{NEW}\n")
        elif OLD.encode() in request:
            return (error("401 Unauthorized", "authentication_error"),)
        return super()._script(request)


def test_a_key_can_be_replaced_while_a_worker_runs(start, script, path):
    """Its handlers get the new one. The log shows neither."""
    path.write_text(f"{OLD}\n")
    with NewKey(path) as server:
        handler = [script('echo "$ANTHROPIC_ENVIRONMENT_KEY" > seen')]
        options = ("--environment-key-file", str(path), "--max-items", "1")
        env = {"ANTHROPIC_ENVIRONMENT_KEY": ""}
        worker = start("--base-url", server.url, *options, handler=handler, env=env)
        assert worker.end() == 0, "".join(worker.lines)
    assert len(worker.events("the environment's key was read again from its file")) == 1
    assert NEW not in "".join(worker.lines)
    assert Path("seen").read_text() == f"{NEW}\n"
