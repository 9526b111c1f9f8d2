"""PostgreSQL: several processes, on several machines, share one database. From Debian: 15 in Debian 12, 17 in Debian 13."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, LiteralString

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from kiosk.central.store.batches import without_nul
from kiosk.central.store.engine import PAGE, Asked, Row, StoreFailed, Trouble
from kiosk.central.store.waits import Server, Waits, end, last, server_of, something_to_read, without

MOST_CONNECTIONS: Final = 8
"""Of a process; each costs the server some 10 MB."""

WITHIN: Final = 10.0
"""Seconds for a connection, and for a statement that waits for another's lock."""

AGAIN_WITHIN: Final = 5.0
"""Seconds for which the pool itself tries again, ever more seldom; then whoever asks next makes it try at once."""

LATELY: Final = 1.0
"""Seconds for which a connection that was used needs no proof that somebody is at its other end."""

HANGS_AFTER: Final = 10.0
"""Seconds after which a connection that somebody waits for may be one to a machine that hangs."""

USUALLY: Final = {
    "target_session_attrs": "read-write",
    "application_name": "yizhan",
    "connect_timeout": "2",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What the connection string says where it says nothing: a machine that fell silent is left within seconds, not minutes."""

ALONE: Final = 0x79697A68
"""The number of the advisory lock that whoever publishes holds (`yizh`)."""


JOBS: Final = 0x79697A6A
"""The number of the advisory lock that the session holds which runs the jobs (`yizj`)."""

NOTICED: Final = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
"""After some ten seconds the server ends a session whose machine fell silent, and its locks with it."""


class PostgresWords:
    """What PostgreSQL calls things."""

    name: Final = "postgresql"
    tables: Final = (
        "(SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = current_schema()::regnamespace) found"
    )
    locked: Final = " FOR UPDATE"
    months: Final = True

    def among(self, column: str) -> str:
        """Whether a column is one of those in a list."""
        return f"{column} = ANY(?)"

    def wanted(self, table: str, columns: Sequence[str]) -> str:  # noqa: ARG002  the table's own types are taken for all
        """Rows of a table's columns."""
        return f"json_populate_recordset(NULL::{table}, ?)"

    def field(self, name: str) -> str:
        """A field of the JSON in `body`, in which PostgreSQL would stumble over an escaped NUL."""
        return rf"(replace(body, '\u0000', '\ufffd')::json ->> '{name}')"

    def listed(self, column: str) -> str:
        """The different values of a group."""
        return f"string_agg(DISTINCT {column}, ',')"


class Session:
    """A connection of its own, for what holds as long as a connection does; made anew when it broke."""

    def __init__(self, dsn: Callable[[], str], waits: Waits) -> None:
        self._dsn, self._waits = dsn, waits
        self._guard = threading.Lock()
        self._connection: Connection[Row] | None = None
        self._has_lock, self._listened_at = False, -math.inf

    def locked(self) -> bool:
        """Whether it has the lock of whoever runs the jobs. Raises psycopg.Error, and has it no longer."""
        with self._used() as connection:
            if self._has_lock:
                connection.execute("SELECT 1")
            else:
                found = connection.execute(f"SELECT pg_try_advisory_lock({JOBS})".encode()).fetchone()
                self._has_lock = bool(found and found[0])
            return self._has_lock

    def heard(self, within: float) -> bool:
        """Whether it is told of a publication within that many seconds, or may have missed one. Raises psycopg.Error."""
        with self._used() as connection:
            if time.monotonic() - self._listened_at < HANGS_AFTER:
                return any(connection.notifies(timeout=within, stop_after=1))
            connection.execute("LISTEN publications")  # again: a server that hangs says no less than one without news
            self._listened_at = time.monotonic()
            return True

    @contextmanager
    def _used(self) -> Iterator[Connection[Row]]:
        with self._guard:
            new = self._connection is None
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(self._dsn(), autocommit=True)
                with self._waits.on(self._connection):
                    if new:
                        self._connection.execute(NOTICED)
                    yield self._connection
            except psycopg.Error:
                self._end()
                raise

    def close(self) -> None:
        """Let go of it, and of what it held."""
        with self._guard:
            self._end()

    def _end(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection, self._has_lock, self._listened_at = None, False, -math.inf


class Postgres:
    """See :class:`kiosk.central.store.engine.Engine`."""

    words: Final = PostgresWords()

    def __init__(self, dsn: str) -> None:
        """`dsn`: a connection string of libpq's; of several hosts the one is taken that can be written to."""
        with _said():
            self._dsn = make_conninfo(dsn, **(USUALLY | conninfo_to_dict(dsn)))
            self._waits = Waits()
            self._asked = self._dsn
            """The same, in the order in which its servers are asked now: for each that is silent one would wait for seconds."""
            self._session, self._listening = (Session(lambda: self._asked, self._waits) for _ in range(2))
            self._pool = ConnectionPool(
                lambda: self._asked,
                min_size=1,
                max_size=MOST_CONNECTIONS,
                timeout=WITHIN,
                reconnect_timeout=AGAIN_WITHIN,
                configure=_waiting_only_so_long,
                check=self._tried,
                kwargs={"autocommit": True},
                open=False,
            )
            self._own = threading.local()
            self._pool.open(wait=True, timeout=WITHIN)

    def _tried(self, connection: Connection[Row]) -> None:
        """A database that restarted has ended all connections: with one the others go, or each would fail in its turn.

        One that has answered just now is asked only where there is something to be read, as an end is: it would be one answer
        more to wait for, of a few.
        """
        if self._waits.answered_within(LATELY, connection) and not something_to_read(connection):
            return
        server = server_of(connection)
        try:
            with self._waits.on(connection):
                ConnectionPool.check_connection(connection)
        except psycopg.Error:
            self._leave(server)
            raise

    def _leave(self, server: Server) -> None:
        """Its connections have ended, or hang: none of them is asked, and it itself only after all others."""
        self._asked = last(self._dsn, [server])
        self._pool.drain()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
        self._listening.close()
        self._pool.close()

    def session_lock(self) -> bool:
        """An advisory lock of a connection of its own, which the server takes back when that ends."""
        with _said():
            return self._session.locked()

    @contextmanager
    def transaction(self, *, alone: bool = True) -> Iterator[None]:
        """Others wait for its rows; `alone`, for an advisory lock too. Else no answer is waited for before it is asked for."""
        if alone:
            with self._within(f"SELECT pg_advisory_xact_lock({ALONE})"):
                yield
        else:
            with self._within(in_line=True):
                yield

    @property
    def known(self) -> dict[Any, Any]:
        """Of no transaction before: others write, too."""
        return {}

    @contextmanager
    def moment(self) -> Iterator[None]:
        """By one snapshot."""
        with self._within("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            yield

    @contextmanager
    def _within(self, *begin: str, in_line: bool = False) -> Iterator[None]:
        """A transaction on a connection that is this thread's until it ends; within another it is a part of that one."""
        if getattr(self._own, "connection", None):
            yield
            return
        with _said(), self._lent() as connection, ExitStack() as stack:
            line = stack.enter_context(connection.pipeline()) if in_line else None
            stack.enter_context(connection.transaction())
            self._own.connection, self._own.line = connection, line
            try:
                for statement in begin:
                    connection.execute(statement.encode())
                yield
            finally:
                self._own.connection = self._own.line = None

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that it gives."""
        with self._done(statement, values) as cursor:
            return cursor.fetchall()

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row that it gives."""
        with self._done(statement, values) as cursor:
            return cursor.fetchone()

    def all_of(self, *asked: Asked) -> list[list[Row]]:
        """The rows that each of them gives."""
        with self._connection() as connection:
            cursors = [connection.execute(_translated(statement), _storable(values)) for statement, values in asked]
            return [cursor.fetchall() for cursor in cursors]

    def pages(self, statement: str) -> Iterator[list[Row]]:
        """The rows that it gives, by a cursor on the server."""
        with self._connection() as connection, connection.cursor("pages") as cursor:
            cursor.execute(_translated(statement))
            yield from iter(lambda: cursor.fetchmany(PAGE), [])

    def columns(self, table: str) -> list[str]:
        """The names of its columns."""
        select = (
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum"
        )
        return [name for (name,) in self.all(select, (table,))]

    def renumber(self) -> None:
        """Set each sequence to its table's highest number."""
        identities = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE is_identity = 'YES' AND table_schema = current_schema()"
        )
        for table, column in self.all(identities):
            self.all(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}")

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows it changed."""
        with self._connection() as connection:
            cursor = connection.execute(_translated(statement), _storable(values))
            if line := getattr(self._own, "line", None):
                line.sync()
            return cursor.rowcount

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row], more: str = "") -> None:
        """Insert these rows, which are one JSON value: nothing is faster, however many they are."""
        if rows:
            names = ", ".join(columns)
            given = msgspec.json.encode([dict(zip(columns, _storable(row), strict=True)) for row in rows]).decode()
            insert = (
                f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, ?) {more}"
            )
            with self._connection() as connection:
                connection.execute(_translated(insert), (given,))

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do it with each of these, without waiting for each."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_translated(statement), [_storable(row) for row in rows])

    def stirred(self, within: float) -> bool:
        """Whoever publishes notifies, at its commit."""
        with _said():
            return self._listening.heard(within)

    def leave_hung(self) -> None:
        """End what waits for a server that is the primary no longer: its machine may hang, and TCP does not say so.

        A limit for each statement would not do: a commit that is cancelled while it waits for the synchronous standby says that
        it is done, and is on one machine alone (SyncRepWaitForLSN in PostgreSQL's syncrep.c).
        """
        with _said():
            waiting = {each: server_of(each) for each in self._waits.longer_than(HANGS_AFTER) if not each.closed}
            if not waiting:
                return
            with psycopg.connect(without(self._dsn, waiting.values())) as connection:
                primary = server_of(connection)
        self._asked = last(self._dsn, [server for server in waiting.values() if server != primary])
        for each, server in waiting.items():
            if server != primary:
                end(each)

    def wipe(self) -> None:
        """Autovacuum does it in its time."""

    @contextmanager
    def _done(self, statement: str, values: Sequence[Any]) -> Iterator[Cursor[Row]]:
        with self._connection() as connection:
            yield connection.execute(_translated(statement), _storable(values))

    @contextmanager
    def _connection(self) -> Iterator[Connection[Row]]:
        """That of the transaction which this thread has begun, or any for this statement alone."""
        with _said():
            if own := getattr(self._own, "connection", None):
                yield own
            else:
                with self._lent() as connection:
                    yield connection

    @contextmanager
    def _lent(self) -> Iterator[Connection[Row]]:
        """One of the pool's; it is not used again when its server is the first no longer."""
        with self._pool.connection() as connection:
            server = server_of(connection)
            try:
                with self._waits.on(connection):
                    yield connection
            except (StoreFailed, psycopg.Error) as error:
                if isinstance(error.__cause__ or error, psycopg.errors.ReadOnlySqlTransaction):
                    connection.close()
                elif connection.closed:
                    self._leave(server)
                raise


def _waiting_only_so_long(connection: Connection[Row]) -> None:
    """For another's lock, in every transaction of this connection."""
    connection.execute(f"SET lock_timeout = '{WITHIN:g}s'".encode())


def _translated(statement: str) -> LiteralString:
    """With psycopg's sign for a value; our statements have no other `?`, and no `%`."""
    return statement.replace("?", "%s")


def _storable(values: Sequence[Any]) -> list[Any]:
    """PostgreSQL has no NUL in a text: it becomes the sign for what cannot be shown."""
    return [without_nul(value) if isinstance(value, str) else value for value in values]


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, PoolTimeout) as error:
        raise StoreFailed(_trouble(error), f"{error}".strip()) from error


def _trouble(error: Exception) -> Trouble:
    match error:
        case psycopg.errors.LockNotAvailable() | psycopg.errors.DeadlockDetected():
            return Trouble.BUSY
        case psycopg.IntegrityError() | psycopg.DataError() | psycopg.errors.ProgramLimitExceeded():
            return Trouble.REFUSED
        case psycopg.OperationalError() | psycopg.InterfaceError() | psycopg.errors.ReadOnlySqlTransaction():
            return Trouble.AWAY
        case psycopg.errors.DataCorrupted() | psycopg.errors.IndexCorrupted():
            return Trouble.DAMAGED
        case psycopg.ProgrammingError():
            return Trouble.MISSET
        case _:
            return Trouble.OTHER
