"""`kiosk central copy`: the whole database of one kind into one of the other, and back, and the server goes on there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.central.issuer import DAY, Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.copying import _tables, copy, holds_anything
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.highest import UNKNOWN
from kiosk.central.store.logs import Sent
from kiosk.central.store.migrations import migrate
from kiosk.central.store.place import engine_of, settings_of
from kiosk.demo.founding import founded
from kiosk.trust.documents import CommandDocument
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.status import Status
from tests.databases import Cluster
from tests.keys import private, public
from tests.programs.house import House
from tests.programs.office import sqlite_of
from tests.programs.test_central_bounds import CODES, batch, entry

NOW = 1_795_392_000.0


def lived(folder: Path) -> None:
    """A central server's folder in which every table has rows."""
    with closing(CentralStore(folder)) as store:
        issuer = founded(folder, store, lambda: NOW)
        for number, code in enumerate(CODES):
            store.enrol(code, store.make_claim(code, NOW), public(private(number)), NOW)
        store.make_claim(CODES[0], NOW)
        with store.transaction():
            for number in range(1500):
                store.add_credential(f"holder {number}")
        issuer.set_status(7, Status.REVOKED)
        issuer.publish_policy(
            msgspec.convert({"version": 1, "issued_at": 1, "station": "3708", "doors": {}}, PolicyDocument)
        )
        issuer.command(CommandDocument(1, "x", CODES[0], "report", 0, 0), 300)
        store.note_said(CODES[1], {"status": 2**40})
        odd = {**entry(3), "kind": "granted", "door": "main", "wall": 0.1 + 0.2, "note": "停电\0'; --"}
        sent = [batch(1, 2), msgspec.structs.replace(batch(3), entries=[odd, {"seq": 4}])]
        twice = msgspec.structs.replace(batch(1), entries=[{**entry(1), "door": "other"}])
        for each in (*sent, twice):
            store.take_all([Sent(CODES[0], "access", each)], NOW)
        store.take_all([Sent(CODES[1], "telemetry", batch(1, 2000))], NOW)
        store.take_all([Sent(CODES[2], "telemetry", batch(1))], NOW - 1000 * DAY)
        assert sum(store.purge(NOW)) == 1
        fill(sqlite_of(store), _tables(store._engine))


def fill(db: sqlite3.Connection, tables: list[str]) -> None:
    """A row for each table that has none, as that of tomorrow has not."""
    values = {"TEXT": "x", "INTEGER": 1, "REAL": 0.1, "BLOB": b"\0\xff"}
    for table in tables:
        if not db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
            row = [values[kind] for (kind,) in db.execute("SELECT type FROM pragma_table_info(?)", (table,))]
            db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def everything(folder: Path) -> dict[str, list[Any]]:
    """The rows of every table, by the names of the columns."""
    with closing(CentralStore(folder)) as store:
        engine = store._engine
        found = {}
        for table in _tables(engine):
            columns = sorted(engine.columns(table))
            rows = engine.all(f"SELECT {', '.join(columns)} FROM {table}")
            found[table] = [columns, *sorted(rows, key=repr)]
    return found


def copied(source: Path, target: Path) -> dict[str, int]:
    """As the verb does it."""
    with (
        closing(engine_of(source, settings_of(source))) as ours,
        closing(engine_of(target, settings_of(target))) as theirs,
    ):
        migrate(theirs)
        assert not holds_anything(theirs)
        return copy(ours, theirs)


def test_everything_goes_to_postgresql_and_comes_back(postgresql: Cluster, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    lived(first)
    before = everything(first)
    assert [table for table, rows in before.items() if len(rows) == 1] == [], "every table is tried"
    postgresql.give(second)
    assert copied(first, second) == {table: len(rows) - 1 for table, rows in before.items()}
    assert everything(second) == before
    copied(second, third)
    assert everything(third) == before
    for folder in (second, third):
        goes_on(folder, keys=first)


def goes_on(folder: Path, keys: Path) -> None:
    """A server there has the next numbers, and knows what is taken."""
    for key in keys.glob("*.key"):
        shutil.copy(key, folder)
    with closing(CentralStore(folder)) as store:
        issuer = Issuer(folder, store, lambda: NOW)
        assert store.add_credential("one more") == 1501 + UNKNOWN, "a backup may lack what was given since"
        assert store.take_all([Sent(CODES[1], "telemetry", batch(2000, 2))], NOW) == [(2001, [])]
        assert store.take_all([Sent(CODES[2], "access", batch(1))], NOW) == [(1, [])], "a log of its own"
        last = store.last_publication()
        issuer.publish_status()
        assert [each.kind for each in store.news(last)] == ["status"]


def test_a_copy_that_fails_leaves_nothing(postgresql: Cluster, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    lived(first)
    postgresql.give(second)
    with closing(CentralStore(second)) as store:
        store._engine.run("ALTER TABLE stations DROP COLUMN enrolled")
    with pytest.raises(StoreFailed, match="enrolled"):
        copied(first, second)
    with closing(engine_of(second, settings_of(second))) as engine:
        assert not holds_anything(engine)


@pytest.mark.slow
def test_the_verb_says_what_it_did_and_what_comes_next(postgresql: Cluster, tmp_path: Path) -> None:
    house, first = House(tmp_path / "house"), tmp_path / "first"
    lived(first)
    to = postgresql.database()

    def verb(source: Path, to: str) -> tuple[int, str]:
        done = house.kiosk("central", "copy", "--data", str(source), "--to", to)
        return done.returncode, done.stdout + done.stderr

    for wanted, code, words in (
        ((first, to), 0, "central.toml"),
        ((first, to), 2, "is not empty"),
        ((first, str(tmp_path / "second")), 0, "keys"),
        ((tmp_path / "nothing", str(tmp_path / "third")), 1, "Next: kiosk central init"),
        ((first, "postgresql://nobody@127.0.0.1:1/x"), 1, "pg_isready"),
        ((first, "postgresql://127.0.0.1:1/x?nonsense=1"), 1, "nonsense"),
    ):
        found, told = verb(*wanted)
        assert (found, words in told, "Traceback" in told) == (code, True, False), told
