"""Which folder a session gets, and whether it has its own. tests/worker/test_sessions.py runs sessions in them."""

from __future__ import annotations

import pytest

from ant_cli.errors import AntError
from ant_cli.settings.worker_options import SessionOptions, read_options
from ant_cli.worker.sdk_session import session_folder
from tests.conftest import flags_of
from tests.worker.conftest import poll_options

IDS = {"session_id": "session_1", "work_id": "work_1", "environment_id": "env_1"}


def options(environ=None, **flags):
    given = flags_of("beta:worker", "run", **IDS | flags)
    return read_options(SessionOptions, given, environ or {}, "beta:worker run")


@pytest.mark.parametrize(
    ("given", "has_folders"),
    [
        ({}, False),
        ({"concurrency": "2"}, True),
        ({"session_folders": "true"}, True),
        ({"concurrency": "2", "session_folders": "false"}, False),
    ],
)
def test_sessions_have_their_own_folders_if_several_may_run_at_once(given, has_folders):
    """A session that runs alone finds what was prepared in the folder. A flag decides otherwise."""
    assert poll_options(**given).has_session_folders is has_folders


def test_a_worker_tells_its_handlers_by_a_variable_and_a_flag_decides(tmp_path):
    """This is how `ant beta:worker run` knows, which runs one session in a process."""
    variable = {"ANT_WORKER_SESSION_FOLDERS": "true", "ANT_WORKER_WORKDIR": str(tmp_path)}
    assert session_folder(options(variable)) == tmp_path / "session_1"
    assert session_folder(options(variable, session_folders="false")) == tmp_path
    assert session_folder(options(variable | {"ANT_WORKER_SESSION_FOLDERS": "false"})) == tmp_path


@pytest.mark.parametrize("session_id", ["../x", "..", "a/b", "a-b", "ä", "a\nb", "a.b", "a b"])
def test_an_id_with_other_characters_names_no_folder(session_id, tmp_path):
    """A server that sends it could otherwise choose where a session writes."""
    chosen = {"workdir": str(tmp_path / "work"), "session_folders": "true"}
    (tmp_path / "work").mkdir()
    given = options(**chosen).replaced(session_id=session_id)
    with pytest.raises(AntError, match="can't name a folder: it has other characters") as raised:
        session_folder(given)
    assert raised.value.exit_code == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["work"]
    assert session_folder(given.replaced(session_folders=False)) == tmp_path / "work"


def test_a_folder_that_can_not_be_created_is_no_failure_of_the_item(tmp_path):
    """The folder of all sessions is missing, or is a file."""
    given = options(workdir=str(tmp_path / "no"), session_folders="true")
    with pytest.raises(AntError, match="can't be created: no such file") as raised:
        session_folder(given)
    assert raised.value.exit_code == 75
    (tmp_path / "no").touch()
    with pytest.raises(AntError, match="can't be created: not a directory"):
        session_folder(given)
