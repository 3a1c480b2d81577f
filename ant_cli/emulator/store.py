"""Storage: one SQLite file in WAL mode, every request one transaction; and the times and identifiers in it.

A response is sent after its commit, and a commit in WAL mode survives if the process is killed at any moment. With
`synchronous=NORMAL`, it does not wait for the disk, so a power cut may lose the last commits (but never the file).
That is the right choice for an emulator, and makes it fast.

A transaction that writes begins with BEGIN IMMEDIATE, so the data that it reads does not change before it commits,
in any process that shares the file. Within a process, a lock serializes the threads, which is cheaper and fairer
than SQLite's own waiting.
"""

import base64
import os
import sqlite3
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ant_cli.emulator.errors import UnusableDatabase

IN_MEMORY = ":memory:"
BUSY_SECONDS = 30.0
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

LEASE_SECONDS = 300

MICROSECONDS_PER_MS = 1_000
MICROSECONDS_PER_SECOND = 1_000_000

Clock = Callable[[], int]
"""Returns the microseconds since 1970, UTC."""


def rfc3339(moment: int | None) -> str | None:
    """Return `moment` as an RFC 3339 timestamp with all six digits of the microseconds; None if it is None."""
    if moment is None:
        return None
    return f"{_utc(moment).isoformat(timespec='microseconds')}Z"


def http_date(second: int) -> str:
    """Return a time in seconds since 1970 as the `date` header of a response."""
    # in English in every locale
    day, month, number, time_of_day, year = _utc(second * MICROSECONDS_PER_SECOND).ctime().split()
    return f"{day}, {int(number):02} {month} {year} {time_of_day} GMT"


def _utc(moment: int) -> datetime:
    """Return a time without its zone. Not by `time.gmtime`, which on Windows ends with the year 3000."""
    return _EPOCH + timedelta(microseconds=moment)


_EPOCH = datetime(1970, 1, 1)  # without a zone: its texts get a Z


# Identifiers and tokens: random, or the same in each run if the emulator has a seed


ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHARACTERS = "".join(ALPHABET[byte % len(ALPHABET)] for byte in range(256)).encode()
"""The character of an identifier for each random byte."""
TOKEN_PREFIX = "sk-ant-sst01-"  # noqa: S105 - only the prefix


class Identifiers:
    """Makes identifiers and tokens.

    With a seed, each kind has a sequence of its own. So the requests of a worker that polls meanwhile don't change
    the IDs of what a test creates.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._sequences: dict[str, Any] = {}

    def new_id(self, prefix: str) -> str:
        """Return a fresh identifier: `env_01` and 22 random characters for the prefix `env`."""
        return f"{prefix}_01{self._random(prefix, 22).translate(CHARACTERS).decode()}"

    def new_token(self) -> str:
        """Return a fresh sessions token."""
        return TOKEN_PREFIX + base64.urlsafe_b64encode(self._random("token", 24)).decode()

    def restart(self) -> None:
        """Begin again, as after a start."""
        self._sequences.clear()

    def _random(self, kind: str, count: int) -> bytes:
        if self._seed is None:
            return os.urandom(count)
        import random  # late: few emulators have a seed

        fresh = random.Random(f"{self._seed} {kind}")  # noqa: S311 - it is meant to be known
        return bytes(self._sequences.setdefault(kind, fresh).randbytes(count))


# Transactions


_LOADER: Any = __spec__.loader
"""Reads a file of the package, which may be in a zip."""
SCHEMA = Path(__file__).with_name("schema.sql")
"""The tables of a new database. All changes, one after the other, would take 5 ms of a command with `--local`."""
SCHEMA_VERSION = 6
"""The version of that file. A database of an older one is brought up to it when it is opened."""
CHANGES = Path(__file__).with_name("changes.sql")
"""How a database of an older version is brought up to date."""
FIRST_VERSION = 2
"""The first version in that file."""
APPLICATION_ID = 0x616E7465  # "ante"
SQL_MARKS = """SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_master)
               FROM pragma_application_id, pragma_user_version"""
"""One query, because another process may just be creating the tables."""

Row = Mapping[str, Any]
"""A row of a query: its values by the names of its columns."""

T = TypeVar("T")

LOOK_AGAIN_SECONDS = 0.025
"""How often a waiting request looks into the database, unless many wait."""
LOOKS_PER_SECOND = 2_000
"""How often all waiting requests of the process may look, so that hundreds of streams leave time for others."""
_WAITING: list[object] = []
"""The requests that wait, of which only the number matters."""


SQL_MOMENT = "SELECT offset, frozen_at, EXISTS (SELECT 1 FROM faults WHERE times > 0) FROM clock"


class Moment(NamedTuple):
    """The time of a transaction, whether there are faults then, and whether the clock stands still."""

    now: int
    has_faults: bool
    is_frozen: bool


class Transaction:
    """One request's view of the database, at one moment."""

    def __init__(self, store: "Store", connection: sqlite3.Connection) -> None:
        self.clock = store.clock
        self.ids = store.ids
        self.strict_streams = store.strict_streams
        self._connection = connection
        self._moment: Moment | None = None

    @property
    def now(self) -> int:
        """The time of the transaction: the clock's, plus the offset in the database, or when it was stopped."""
        return self.moment.now

    @property
    def moment(self) -> Moment:
        """When the transaction takes place. One query: with many clients, each costs a change of threads."""
        # not by cached_property, whose lock would let all threads wait for the query
        if self._moment is None:
            offset, frozen_at, has_faults = self.one(SQL_MOMENT)
            now = self.clock() + offset if frozen_at is None else frozen_at
            self._moment = Moment(int(now), bool(has_faults), frozen_at is not None)
        return self._moment

    def one(self, sql: str, *values: object) -> Any:
        """Return the first `Row`, or None."""
        return self._connection.execute(sql, values).fetchone()

    def all(self, sql: str, *values: object) -> list[Row]:
        """Return every row."""
        return self._connection.execute(sql, values).fetchall()

    def add(self, table: str, **columns: object) -> Any:
        """Add a row, and return it with its defaults."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        query = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING *"  # noqa: S608 - names of columns
        return self.one(query, *columns.values())

    def change(self, table: str, row: Row, **columns: object) -> Row:
        """Write these columns of a row, and return the changed row. Fewer columns are fewer indexes to write."""
        names = " = ?, ".join(columns)
        self.run(
            f"UPDATE {table} SET {names} = ? WHERE sequence = ?",  # noqa: S608 - as above
            *columns.values(),
            row["sequence"],
        )
        return dict(row) | columns

    def run(self, sql: str, *values: object) -> int:
        """Change rows, and return their number."""
        return self._connection.execute(sql, values).rowcount


def wait_for(look: Callable[[], T | None], seconds: float) -> T | None:
    """Look for something until it is there or `seconds` have passed, and return it.

    Nothing announces it: it may come from another process on the file, or be a lease that runs out.
    """
    deadline = time.monotonic() + seconds
    _WAITING.append(look)
    try:
        while (found := look()) is None and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, max(LOOK_AGAIN_SECONDS, len(_WAITING) / LOOKS_PER_SECOND)))
    finally:
        _WAITING.remove(look)
    return found


class Store:
    """The database, shared by threads and by processes."""

    def __init__(
        self,
        database: str | Path,
        clock: Clock | None = None,
        *,
        lease_seconds: int = LEASE_SECONDS,
        strict_streams: bool = False,
        seed: int | str | None = None,
    ) -> None:
        self.ids = Identifiers(seed)
        self.clock = clock or (lambda: time.time_ns() // 1_000)
        self.lease_seconds = lease_seconds
        """How long a lease lasts, unless its worker asks for a shorter one."""
        self.strict_streams = strict_streams
        """Whether a stream has only the events after its opening, as in the real API."""
        self.was_older = False
        """Whether the file was one of an older version, which can't open it any more."""
        self._database = str(database)
        self._turn = allocate_lock()
        # A database in memory is one connection, which only one thread at a time may use, even for reading.
        in_memory = self._database == IN_MEMORY
        self._reading: AbstractContextManager[object] = self._turn if in_memory else nullcontext()
        self._idle = [self._open()]
        self._is_closed = False

    def read(self) -> AbstractContextManager[Transaction]:
        """Begin to read. Each query is a separate transaction, because no reader needs consistent queries."""
        return self._transaction(self._reading, writes=False)

    def write(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction during which nobody else writes. An exception rolls it back."""
        return self._transaction(self._turn, writes=True)

    @contextmanager
    def _transaction(
        self, turn: AbstractContextManager[object], *, writes: bool
    ) -> Iterator[Transaction]:
        """Use a connection that nobody else uses. There are as many as concurrent requests."""
        with turn:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open()
            try:
                if writes:
                    connection.execute("BEGIN IMMEDIATE")
                with connection:  # commits what was begun, or rolls it back
                    self._check_version(connection)
                    yield Transaction(self, connection)
            finally:
                self._idle.append(connection)
                if self._is_closed:
                    self.close()

    def _check_version(self, connection: sqlite3.Connection) -> None:
        """Check that no newer ant has brought the file up to date since it was opened."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise UnusableDatabase(
                f"{self._database} has schema version {version} by now: a newer ant has opened it. "
                "Stop this emulator, and start it with that one."
            )

    def close(self) -> None:
        """Close the connections. A later request opens one for itself, unless the database was in memory."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def _open(self) -> sqlite3.Connection:
        try:
            self._create_file()
            connection = sqlite3.connect(
                self._database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            reason = str(getattr(error, "strerror", None) or error).lower()
            raise UnusableDatabase(f"{self._database} cannot be opened: {reason}.") from error
        connection.row_factory = sqlite3.Row
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create_file(self) -> None:
        """Create the file so that others can't read it: it has tokens. SQLite's auxiliary files get its mode.

        A link may lead to a database, but no file is made of it: somebody else may have put it there.
        """
        if self._database == IN_MEMORY:
            return
        path = Path(self._database)
        if path.is_symlink() and not (path.exists() and path.stat().st_size):
            raise UnusableDatabase(f"{path} is a symbolic link, and not to a database.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        try:
            application, version, has_tables = connection.execute(SQL_MARKS).fetchone()
            if not _has_own_statements_only(connection):
                raise UnusableDatabase(
                    f"{self._database} has triggers or views that are not this emulator's."
                )
            is_new = not has_tables and application == version == 0
            is_own = has_tables and application == APPLICATION_ID
            if is_new or (is_own and FIRST_VERSION <= version < SCHEMA_VERSION):
                self.was_older |= 0 < _bring_up_to_date(connection) < SCHEMA_VERSION
                is_own, version = True, SCHEMA_VERSION
            connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.DatabaseError as error:
            raise UnusableDatabase(f"{self._database} cannot be used: {error}.") from error
        if not is_own:
            raise UnusableDatabase(f"{self._database} is not a database of this emulator.")
        if version != SCHEMA_VERSION:
            what = (
                "a newer ant: update this one"
                if version > SCHEMA_VERSION
                else "ant 0.1, which is too old"
            )
            raise UnusableDatabase(f"{self._database} has schema version {version}, of {what}.")


def _read_statements(path: Path) -> str:
    content: bytes = _LOADER.get_data(str(path))
    return content.decode()


def _has_own_statements_only(connection: sqlite3.Connection) -> bool:
    """Whether a file has only the triggers of the schema, and no views: others may never end.

    Other expressions in a schema, such as constraints, always end, because they have no queries in them.
    """
    schema = _read_statements(SCHEMA)
    found = connection.execute("SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'view')")
    return all(sql in schema for (sql,) in found)


def _bring_up_to_date(connection: sqlite3.Connection) -> int:
    """Create the tables, or change those of an older version, in one transaction, unless another process is faster.

    If that fails, the connection is closed. Returns the version that was found, 0 for a new file.
    """
    if not wait_for(lambda: _wal_is_on(connection), BUSY_SECONDS):
        raise sqlite3.OperationalError("database is locked")
    connection.execute("BEGIN IMMEDIATE")
    found: int
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    statement = ""
    for line in _statements_after(found).splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):  # a trigger has semicolons in it
            connection.execute(statement)
            statement = ""
    connection.execute("COMMIT")
    return found


def _statements_after(version: int) -> str:
    """Return the statements for a database of a version; 0 is a new one."""
    if version == 0:
        return _read_statements(SCHEMA)
    return _read_statements(CHANGES).partition(f"PRAGMA user_version = {version};")[2]


def _wal_is_on(connection: sqlite3.Connection) -> bool | None:
    """Turn WAL on; None while the file is locked. SQLite does not wait for two processes that do this at once."""
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in LOCKED:
            raise
        return None
    return True
