import os
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from werkzeug.test import Client

import ant_cli.emulator
from ant_cli.emulator import Emulator, UnusableDatabase, store
from ant_cli.emulator.call import FILES_ARE_REPLACED
from ant_cli.emulator.errors import Disconnected
from ant_cli.emulator.store import CHANGES, SCHEMA_VERSION, Store
from tests.conftest import needs_posix
from tests.helpers.words import LIST

from .api import ENVIRONMENTS, HEADERS, Api, message


def change(database, statement):
    connection = sqlite3.connect(database)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_environments_and_work_are_kept_across_a_restart(database):
    """Another emulator with the same file has every environment and every item."""
    emulator = Emulator(database)
    api = Api(emulator)
    queue = api.create_queue()
    work = api.enqueue(queue)[0]
    before = (api.retrieve(queue), api.item(queue, work))
    emulator.close()
    emulator = Emulator(str(database))
    assert (Api(emulator).retrieve(queue), Api(emulator).item(queue, work)) == before
    emulator.close()


def test_a_database_is_made_with_the_folders_that_it_is_in(tmp_path):
    """A new user has no folder for state yet."""
    database = tmp_path / "state" / "ant" / "emulator.db"
    with closing(Emulator(database)) as emulator:
        assert Api(emulator).create()
    assert database.is_file()


def test_no_statement_has_numbered_places():
    """Python 3.14 rejects them if the values are a sequence, and 3.11 does not even warn."""
    package = Path(ant_cli.emulator.__file__).parent
    numbered = re.compile(r"\?[0-9]")
    assert [path.name for path in package.glob("*.py") if numbered.search(path.read_text())] == []


def test_a_database_in_a_file_is_read_while_somebody_writes(database):
    """A long write, such as of thousands of items, would keep all workers waiting."""
    with (
        closing(Emulator(database)) as emulator,
        emulator._store.write(),
        emulator._store.read() as reader,
    ):
        assert tuple(reader.one("SELECT count(*) FROM environments")) == (0,)


def test_the_database_is_in_wal_mode_and_has_a_schema_version(database):
    """In WAL mode, readers never wait for a writer. A commit does not wait for the disk."""
    with closing(Emulator(database)) as emulator, emulator._store.read() as reader:
        assert tuple(reader.one("PRAGMA synchronous")) == (1,)
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            f"PRAGMA user_version = {SCHEMA_VERSION + 1}",
            f"version {SCHEMA_VERSION + 1}, of a newer ant: update",
        ),
        ("PRAGMA user_version = 1", "of ant 0.1, which is too old"),
        ("PRAGMA application_id = 0", "not a database of this emulator"),
    ],
)
def test_an_unknown_schema_is_rejected(database, statement, reason):
    """A file of a later version or another program is unchanged, and the error says why."""
    Emulator(database).close()
    change(database, statement)
    before = database.read_bytes()
    with pytest.raises(UnusableDatabase, match=reason):
        Emulator(database)
    assert database.read_bytes() == before


def test_a_file_that_a_newer_ant_upgrades_under_a_running_emulator_is_left_alone(database):
    """Requests get a 503 that says what to do, also if they only read, and streams that are open end."""
    with closing(Emulator(database)) as emulator:
        api = Api(emulator)
        queue = api.create_queue()
        session = api("POST", "/_emulator/sessions", {"environment_id": queue}).json["id"]
        stream = Client(emulator).get(
            f"/v1/sessions/{session}/events/stream", headers=HEADERS, buffered=False
        )
        assert b"ping" in next(stream.response)
        change(database, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        for method, path, body in (
            ("POST", ENVIRONMENTS, {"name": "new"}),
            ("GET", f"{ENVIRONMENTS}/{queue}", None),
            ("GET", "/healthz", None),
        ):
            response = api(method, path, body)
            assert "a newer ant has opened it. Stop this emulator" in message(response, 503)
            assert response.headers["x-should-retry"] == "false"
        with pytest.raises(Disconnected, match="a newer ant has opened it"):
            next(stream.response)
        with pytest.raises(UnusableDatabase), emulator._store.write():
            pytest.fail("a transaction began")
        # an upgrade also replaces the files, and then the server has to stop
        replaced = Client(emulator).get(
            "/healthz", environ_overrides={FILES_ARE_REPLACED: lambda: True}
        )
        assert "The files of this emulator were replaced" in message(replaced, 503)


def tables(database):
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        return {
            name: " ".join(sql.split()).replace(" )", ")").replace("( ", "(").replace(" ,", ",")
            for name, sql in connection.execute(query)
        }


@pytest.fixture(
    params=sorted((Path(__file__).parent / "released").glob("*.sql")), ids=lambda path: path.stem
)
def released(request, tmp_path):
    """Return an emulator's file of a released version, for each: two environments, four items, a session."""
    path = tmp_path / "released.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text("utf-8"))
    return path


def continued(api, session):
    """Send the result that a session waits for, and return the events of the rest of its turn."""
    path = f"/v1/sessions/{session}/events"
    call = api("GET", path, types="agent.tool_use", order="desc").json["data"][0]["id"]
    result = {"type": "user.tool_result", "tool_use_id": call}
    assert api("POST", path, {"events": [result]}).status_code == 200
    api("POST", "/_emulator/clock", {"advance_ms": 200})
    return api("GET", path).json["data"]


def test_a_file_of_a_released_version_is_brought_up_to_date_with_all_that_is_in_it(
    released, database
):
    """Several processes may open it at once. Its tables are those of a new file, and its work continues."""
    with ThreadPoolExecutor(4) as pool:
        emulators = list(pool.map(Emulator, [released] * 4))
    api = Api(emulators[0])
    environments = api("GET", ENVIRONMENTS, include_archived="true").json["data"]
    assert [each["name"] for each in environments] == ["queue", "old ü"]
    queue = environments[0]["id"]
    assert (api.stats(queue)["depth"], api.stats(queue)["pending"]) == (2, 1)
    api.begin(queue, api.poll(queue)["id"])
    _, session = [api.poll(queue)["data"]["id"] for _ in range(2)]
    assert api("GET", f"/v1/sessions/{session}/events").json["data"][2]["type"] == "agent.tool_use"
    assert (api.stats(queue)["depth"], api.stats(queue)["pending"]) == (0, 2)
    events = continued(api, session)
    assert events[-1]["stop_reason"] == {"type": "end_turn"}
    for emulator in (*emulators, Emulator(database)):
        emulator.close()
    assert tables(released) == tables(database)


@pytest.mark.parametrize(
    "words", [LIST, ("emulator", "start", "--detach", "--port", "0")], ids=" ".join
)
def test_a_file_that_is_brought_up_to_date_is_noted_once_even_by_a_list(released, ant, words):
    """The version that made it can't open it any more."""
    env = {"ANTHROPIC_BASE_URL": f"local:{released}", "ANT_EMULATOR_DATABASE": str(released)}
    try:
        first, second = (ant(*words, env=env, network=True).stderr for _ in range(2))
    finally:
        ant("emulator", "stop", "--all", env=env)
    note = f"Note: {released} was brought up to date. The older ant that made it can't open it any more.\n"
    assert (first.count(note), second.count(note)) == (1, 0)
    # it is new
    assert ant(*LIST, env={"ANTHROPIC_BASE_URL": "local::memory:"}, network=True).stderr == ""


def test_a_file_whose_change_to_a_new_version_fails_stays_as_it_was(released, monkeypatch):
    """The change is one transaction."""
    script = released.with_name("changes.sql")
    script.write_text(CHANGES.read_text("utf-8") + "\nCREATE TABLE work (x);")
    before = tables(released)
    monkeypatch.setattr("ant_cli.emulator.store.CHANGES", script)
    with pytest.raises(UnusableDatabase, match="work already exists"):
        Emulator(released)
    assert tables(released) == before


def test_an_update_adds_the_fields_that_an_older_version_did_not_store(database):
    """So a new field needs no version of the schema, which would lock out the older `ant`."""
    with closing(Emulator(database)) as emulator:
        environment_id = Api(emulator).create()
    change(database, "UPDATE environments SET document = json_remove(document, '$.scope')")
    with closing(Emulator(database)) as emulator:
        client, path = Client(emulator), f"{ENVIRONMENTS}/{environment_id}"
        assert "scope" not in client.get(path, headers=HEADERS).json
        assert client.post(path, headers=HEADERS, json={}).json["scope"] == "organization"
        assert client.get(path, headers=HEADERS).json["scope"] == "organization"


@needs_posix("symbolic links")
@pytest.mark.parametrize("content", [None, b""], ids=["dangling", "empty"])
def test_a_link_to_no_database_is_rejected_and_nothing_is_made_of_its_target(
    database, tmp_path, content
):
    """Somebody else's repository may bring it. A link to a database is followed."""
    target, link = tmp_path / "target", tmp_path / "link.db"
    link.symlink_to(target)
    if content is not None:
        target.write_bytes(content)
    with pytest.raises(
        UnusableDatabase, match=r"link.db is a symbolic link, and not to a database\."
    ):
        Emulator(link)
    assert target.exists() == (content is not None)
    assert not target.exists() or target.read_bytes() == b""
    Emulator(database).close()
    link.unlink()
    link.symlink_to(database)
    Emulator(link).close()


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE TRIGGER slow BEFORE INSERT ON environments BEGIN {ENDLESS}; END",
        f"CREATE VIEW work_count AS {ENDLESS}",
    ],
)
def test_a_file_with_a_query_of_somebody_else_in_it_is_rejected(database, statement):
    """The query might never end, and no signal would interrupt it."""
    Emulator(database).close()
    change(database, statement)
    with pytest.raises(
        UnusableDatabase, match="has triggers or views that are not this emulator's"
    ):
        Emulator(database)


@needs_posix("permissions")
def test_the_database_files_are_private_to_the_user(database):
    """They have tokens: the mode is 0700 for the folder and 0600 for the files, whatever the umask is."""
    before = os.umask(0o022)
    try:
        emulator = Emulator(database)
        Api(emulator).create()
        modes = {
            path.name: path.stat().st_mode & 0o777
            for path in (database.parent, *database.parent.iterdir())
        }
        emulator.close()
    finally:
        os.umask(before)
    assert modes == {
        "state": 0o700,
        "emulator.db": 0o600,
        "emulator.db-wal": 0o600,
        "emulator.db-shm": 0o600,
    }


def test_foreign_databases_text_files_and_folders_are_rejected_and_unchanged(tmp_path):
    """They may belong to another program."""
    foreign = tmp_path / "foreign.db"
    change(foreign, "CREATE TABLE mine (x)")
    text = tmp_path / "text"
    text.write_text("This is not a database, whatever its name may say. " * 50)
    for path, reason in (
        (foreign, "is not a database of this emulator"),
        (text, "cannot be used: file is not a database"),
        (tmp_path, "cannot be opened: unable to open database file"),
        (text / "below.db", r"cannot be opened: [\w ]+"),
    ):
        with pytest.raises(UnusableDatabase, match=rf"{path.name} {reason}\.$"):
            Emulator(path)


def test_a_database_that_stays_locked_is_not_used(database, monkeypatch):
    """Another program holds the lock."""
    monkeypatch.setattr(store, "wait_for", lambda *_: None)
    with pytest.raises(UnusableDatabase, match=r"cannot be used: database is locked\.$"):
        Emulator(database)


def test_many_emulators_can_create_the_same_database_at_once(database):
    """The first one creates the tables, and all of them find the tables."""
    with ThreadPoolExecutor(8) as pool:
        emulators = list(pool.map(lambda _: Emulator(database), range(8)))
        created = list(
            pool.map(lambda number: Api(emulators[number]).create(f"e{number}"), range(8))
        )
    listed = Api(emulators[0])("GET", ENVIRONMENTS).json["data"]
    assert sorted(environment["id"] for environment in listed) == sorted(created)
    for emulator in emulators:
        emulator.close()


def test_nothing_is_left_of_a_deleted_environment_and_after_a_reset(api, emulator):
    """So a file that is used for years does not grow."""

    def fill():
        queue = api.create_queue()
        api("POST", "/_emulator/sessions", {"environment_id": queue})
        polled = api(
            "GET",
            f"{ENVIRONMENTS}/{queue}/work/poll",
            headers=HEADERS | {"anthropic-worker-id": "w1"},
        )
        api.act(queue, polled.json["id"], "stop", {"force": True})
        api("POST", "/_emulator/faults", {"status": 500, "path_contains": "none"})
        return queue

    def rows():
        with emulator._store.read() as reader:
            names = [
                name
                for (name,) in reader.all("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            counts = {name: reader.one(f"SELECT count(*) FROM {name}")[0] for name in names}
        return {name for name, count in counts.items() if count} - {"sqlite_sequence", "clock"}

    queue = fill()
    assert rows() == {"environments", "work", "queues", "workers", "sessions", "events", "faults"}
    api("DELETE", f"{ENVIRONMENTS}/{queue}")
    assert rows() == {"faults"}
    fill()
    api("POST", "/_emulator/reset")
    assert rows() == set()


def test_faults_that_have_happened_do_not_add_up(api, emulator):
    """A new fault replaces the row of a fault that has happened."""
    for _ in range(3):
        api("POST", "/_emulator/faults", {"status": 503})
        assert api("GET", ENVIRONMENTS).status_code == 503
    with emulator._store.read() as reader:
        assert tuple(reader.one("SELECT count(*) FROM faults")) == (1,)


def test_threads_may_share_a_database_in_memory(emulator):
    """A database in memory has one connection, and the requests take turns. No file is made."""
    api = Api(emulator)
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda number: api.create(f"e{number}"), range(40)))
        names = list(pool.map(lambda environment_id: api.retrieve(environment_id)["name"], created))
    assert names == [f"e{number}" for number in range(40)]
    assert not Path(":memory:").exists()


def delete_and_fail(emulator):
    with emulator._store.write() as transaction:
        transaction.run("DELETE FROM environments")
        raise ZeroDivisionError


def test_a_failed_transaction_is_rolled_back(database):
    """After an exception in the middle of a transaction, the store is unchanged and works."""
    emulator = Emulator(database)
    api = Api(emulator)
    api.create("a")
    with pytest.raises(ZeroDivisionError):
        delete_and_fail(emulator)
    assert len(api("GET", ENVIRONMENTS).json["data"]) == 1
    emulator.close()


def test_a_read_only_database_is_rejected_without_waiting(tmp_path, monkeypatch):
    """Waiting helps only with a lock: an empty read-only file will never become a database."""
    connect = sqlite3.connect
    path = tmp_path / "empty.db"
    path.touch()
    monkeypatch.setattr(
        sqlite3, "connect", lambda _, **more: connect(f"{path.as_uri()}?mode=ro", uri=True, **more)
    )
    monkeypatch.setattr(time, "sleep", pytest.fail)
    with pytest.raises(UnusableDatabase, match="readonly"):
        Emulator(path)


def test_a_request_that_outlasts_the_emulator_leaves_no_connection_open(database, monkeypatch):
    """A poll may still be held when the server stops. It gets its response from a connection of its own."""
    opened = []
    connect = sqlite3.connect

    def note(*words, **named):
        opened.append(connect(*words, **named))
        return opened[-1]

    monkeypatch.setattr("ant_cli.emulator.store.sqlite3.connect", note)
    emulator = Emulator(database)
    emulator.close()
    assert Api(emulator)("GET", ENVIRONMENTS).status_code == 200
    assert len(opened) > 1
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_while_one_process_writes_no_other_one_begins_to(database):
    """What it has read would no longer be so when it commits."""
    with (
        closing(Store(database)) as store,
        closing(sqlite3.connect(database, timeout=0)) as other,
        store.write(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_the_time_of_a_transaction_does_not_change_during_it():
    """All that it writes has the same time."""
    with closing(Store(":memory:", clock=count().__next__)) as store, store.write() as transaction:
        assert transaction.now == transaction.now


@pytest.mark.parametrize("marks", [(0x616E7465, SCHEMA_VERSION), (0x616E7465, 2), (0, 7), (9, 0)])
def test_a_file_with_a_version_and_no_tables_is_foreign(tmp_path, marks):
    """It is no new file, whatever its version is: each request would fail, as if it might have succeeded."""
    path = tmp_path / "emulator.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {marks[0]}")
        connection.execute(f"PRAGMA user_version = {marks[1]}")
    before = path.read_bytes()
    with pytest.raises(UnusableDatabase, match="is not a database of this emulator"):
        Emulator(path)
    assert path.read_bytes() == before


def test_a_connection_that_is_used_while_the_emulator_is_closed_is_closed_after_it(database):
    """With the last one, SQLite removes its log."""
    emulator = Emulator(database)
    Api(emulator).create()
    log = database.with_name(f"{database.name}-wal")
    with emulator._store.write():
        emulator.close()
        assert log.exists()
    assert not log.exists()


def test_many_requests_that_wait_look_less_often(monkeypatch):
    """So that they leave time for others. None forgets the others."""
    slept, waiting = [], [object()] * 100
    monkeypatch.setattr(store, "_WAITING", waiting)
    monkeypatch.setattr(store.time, "sleep", slept.append)
    found = iter([None, "x"])
    assert store.wait_for(lambda: next(found), 60) == "x"
    assert (slept, len(waiting)) == ([101 / 2_000], 100)
