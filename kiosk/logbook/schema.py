"""The tables, as sqlite-utils migrations. A later one only adds, so that the previous version can still read the file."""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from kiosk.decoding import UNDECODABLE
from kiosk.logbook.reader import as_text

LOADED: dict[str, Any] = sys.modules
LOADED.setdefault("numpy", None)  # sqlite-utils takes it along, for types that no table here has: 12 MB of each program
from sqlite_utils import Database, Migrations  # noqa: E402

if LOADED["numpy"] is None:
    del LOADED["numpy"]

APPLICATION_ID: Final = 0x595A4B31
"""`YZK1`: tells our file from an empty one, which a quick check would pass."""

BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary result codes of SQLite that say something of the file, and not of the moment."""

UNREADABLE: Final = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
"""Extended ones, of a place on the disk that cannot be read any more."""

REFUSED: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
"""Primary ones by which the disk, or another program, refuses its part; any other at the opening is the file's own."""

WAL_FORMAT: Final = b"\2\2"
"""Of a file with a WAL: its versions to write and to read (SQLite's file format, section 1.3.3); another can only be read."""

SIDES: Final = ("-wal", "-shm", "")
"""What SQLite keeps beside a file, and the file."""

LONGEST_NUMBER: Final = 10
"""Digits of the number of a file that was moved aside."""

DONE: Final = ".salvaged"
"""Beside a logbook that was moved aside and gone through."""

BESIDE: Final = {*SIDES, DONE}
MOST_ASIDE: Final = 4

STREAM: Final = (
    "CREATE TABLE {} (seq INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, boot_time REAL NOT NULL,"
    " wall REAL NOT NULL, quality TEXT NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL)"
)

logbook = Migrations("logbook")
state = Migrations("state")
services = Migrations("services")


@logbook()
def m001_streams(db: Database) -> None:
    """Two streams of entries with numbers that are never used twice, their marks, and the boots they name."""
    db.execute("CREATE TABLE boots (boot INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE)")
    db.execute("CREATE TABLE marks (stream TEXT PRIMARY KEY, acked INTEGER NOT NULL)")
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    for stream in ("access", "telemetry"):
        _begin_stream(db, stream)
    db.execute("INSERT INTO meta VALUES ('epoch', ?)", [secrets.token_hex(8)])


@logbook()
def m002_refused(db: Database) -> None:
    """Entries that the central server does not take are kept aside, with its reason, for as long as they would be kept."""
    db.execute(
        "CREATE TABLE refused (stream TEXT, seq INTEGER, why TEXT NOT NULL, boot INTEGER NOT NULL, boot_time REAL NOT NULL,"
        " wall REAL NOT NULL, quality TEXT NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (stream, seq))"
    )


@logbook()
def m003_services(db: Database) -> None:
    """A third stream, of what a station offers inside."""
    _begin_stream(db, "services")


@logbook()
def m004_supplies(db: Database) -> None:
    """Who has had one of a campaign here, and what there is of each item by slot: as the entries of the same commits say."""
    db.execute(
        "CREATE TABLE handed (campaign TEXT NOT NULL, period TEXT NOT NULL, token TEXT NOT NULL, item TEXT NOT NULL,"
        " slot TEXT NOT NULL, taken INTEGER NOT NULL, boot INTEGER NOT NULL, boot_time REAL NOT NULL, checksum INTEGER"
        " NOT NULL, PRIMARY KEY (campaign, period, token))"
    )
    db.execute("CREATE TABLE stock (slot TEXT, item TEXT, count INTEGER NOT NULL, PRIMARY KEY (slot, item))")


@logbook()
def m005_stops(db: Database) -> None:
    """What was told last of each of a station's stops, since an entry that says so may be too old to be kept."""
    db.execute("CREATE TABLE stops (stop TEXT PRIMARY KEY, what TEXT NOT NULL, at REAL NOT NULL)")


def _begin_stream(db: Database, stream: str) -> None:
    db.execute(STREAM.format(stream))
    db.execute("INSERT INTO marks VALUES (?, 0)", [stream])


@state()
def m001_documents(db: Database) -> None:
    """The newest document of each kind as it was signed, and single values such as the clock's floor."""
    db.execute("CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL)")
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")


@services()
def m001_services(db: Database) -> None:
    """Services as they were signed, by id."""
    db.execute("CREATE TABLE services (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL)")


class Broken(Exception):
    """The file cannot be used; the text says why."""


def open_file(
    path: Path, migrations: Migrations, prove: Callable[[sqlite3.Connection], object] = lambda _: None
) -> sqlite3.Connection:
    """Open, check and migrate, and let `prove` read what must be there.

    Raises Broken for a file that is damaged or not ours, whatever reading it raises; sqlite3.Error or OSError when the disk
    refuses.
    """
    fresh = _is_fresh(path)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    connection.text_factory = as_text
    try:
        if fresh:
            _begin(connection)
        else:
            _check(connection, path)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=1048576")
        connection.execute("PRAGMA secure_delete=ON")
        migrations.apply(Database(connection, execute_plugins=False))
        _compare(connection, migrations)
        prove(connection)
    except (sqlite3.Error, Broken, *UNDECODABLE) as error:
        connection.close()
        if isinstance(error, sqlite3.Error) and _refuses(error):
            raise
        raise Broken(f"{error}" or type(error).__name__) from error
    return connection


def _compare(connection: sqlite3.Connection, migrations: Migrations) -> None:
    """The tables are those that the migrations make, or more by a later version: SQLite checks no name of a column."""
    found = _tables(connection)
    for name, sql in _made_by(migrations).items():
        if not found.get(name, "").startswith(sql.removesuffix(")")):
            raise Broken(f"its table {name} is not as it was made")


@cache
def _made_by(migrations: Migrations) -> dict[str, str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(Database(connection, execute_plugins=False))
        return _tables(connection)


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlite\\_%' ESCAPE '\\'"
    return {name: sql for name, sql in connection.execute(query).fetchall() if isinstance(sql, str)}


def _is_fresh(path: Path) -> bool:
    """Whether nothing is there yet. Raises Broken where something else stands in the place of a file."""
    for suffix in SIDES:
        beside = path.with_name(path.name + suffix)
        if os.path.lexists(beside) and not beside.is_file():
            raise Broken(f"{beside.name} is not a file")
    fresh = not path.exists() or path.stat().st_size == 0
    wal = path.with_name(f"{path.name}-wal")
    if fresh and wal.exists() and wal.stat().st_size:  # SQLite would remove it
        raise Broken("of it only the WAL is there")
    return fresh


def _refuses(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF in REFUSED and not says_broken(error)


def says_broken(error: sqlite3.Error) -> bool:
    """Whether that says something of the file, and not of a disk that takes no write now."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in BROKEN or code in UNREADABLE


def _begin(connection: sqlite3.Connection) -> None:
    """What is written into a new file once and for all; saying it again at each start would write to the card each time."""
    connection.execute("PRAGMA page_size=1024")
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    with path.open("rb") as file:
        if (versions := file.read(20)[18:]) != WAL_FORMAT:
            raise Broken(f"its format is {versions.hex()}")
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    if found != APPLICATION_ID:
        raise Broken(f"application id is {found:#x}")
    result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise Broken(result)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing: from the first statement the write lock is ours (`BEGIN IMMEDIATE`)."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def open_or_replace(
    path: Path, migrations: Migrations, prove: Callable[[sqlite3.Connection], object] = lambda _: None
) -> tuple[sqlite3.Connection, str]:
    """Open the file; a broken one is moved aside and a new one begun. The second value says why, or is empty."""
    emptied = path.is_file() and path.stat().st_size == 0
    try:
        return open_file(path, migrations, prove), "it was empty" if emptied else ""
    except Broken as broken:
        move_aside(path)
        return open_file(path, migrations, prove), str(broken)


def move_aside(path: Path) -> Path:
    """Rename the file with its WAL to the next `NAME.broken-N`; of a file that has gone, its WAL."""
    aside = free_name(path)
    for suffix in SIDES:
        found = path.with_name(path.name + suffix)
        if os.path.lexists(found):
            found.rename(aside.with_name(aside.name + suffix))
    if not os.path.lexists(aside):
        aside.touch()
    return aside


def free_name(path: Path) -> Path:
    """The `NAME.broken-N` after the last one that is there."""
    last = max(map(number_of, path.parent.glob(f"{path.name}.broken-*")), default=0)
    return path.with_name(f"{path.name}.broken-{last + 1}")


def let_go(path: Path, may_go: Callable[[Path], bool] = lambda _: True) -> None:
    """Remove the oldest files that were moved aside, but for the newest MOST_ASIDE: a dying card makes one at each start."""
    asides = sorted(filter(number_of, path.parent.glob(f"{path.name}.broken-*")), key=number_of)
    for aside in filter(may_go, asides[:-MOST_ASIDE]):
        for beside in path.parent.glob(f"{aside.name}*"):
            if beside.name.removeprefix(aside.name) in BESIDE:
                with suppress(OSError):
                    beside.unlink()


def number_of(aside: Path) -> int:
    """The number of a file that was moved aside; 0 of what only lies beside one."""
    number = aside.suffix.removeprefix(".broken-")
    return int(number) if number.isdecimal() and len(number) < LONGEST_NUMBER else 0
