"""The tables of the central server's SQLite file, as numbered migrations: what an older release wrote is carried along."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

central = Migrations("central")


@central()
def m001_first(db: Database) -> None:
    """Everything."""
    db.execute("CREATE TABLE stations (code TEXT PRIMARY KEY, public_key BLOB NOT NULL, enrolled REAL NOT NULL)")
    db.execute("CREATE TABLE claims (digest BLOB PRIMARY KEY, code TEXT NOT NULL, made REAL NOT NULL, used REAL)")
    db.execute(
        "CREATE TABLE credentials (idx INTEGER PRIMARY KEY, holder TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0)"
    )
    db.execute("CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL)")
    db.execute(
        "CREATE TABLE marks (station TEXT, stream TEXT, epoch TEXT, acked INTEGER NOT NULL,"
        " PRIMARY KEY (station, stream, epoch)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE entries (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, kind TEXT NOT NULL, boot_id TEXT NOT NULL,"
        " boot REAL NOT NULL, wall REAL NOT NULL, received REAL NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE rejected (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, why TEXT NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID"
    )


@central()
def m002_policies_commands_keys(db: Database) -> None:
    """Policies by station-code prefix, commands by station in order, signing keys, and when a document was published."""
    db.execute("ALTER TABLE documents ADD COLUMN published REAL NOT NULL DEFAULT 0")
    db.execute("CREATE TABLE policies (scope TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, body BLOB NOT NULL)")
    db.execute(
        "CREATE TABLE commands (station TEXT, seq INTEGER, id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY (station, seq)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE keys (kid BLOB PRIMARY KEY, use TEXT NOT NULL, public BLOB NOT NULL, not_before INTEGER NOT NULL,"
        " not_after INTEGER NOT NULL, file TEXT NOT NULL)"
    )


@central()
def m003_alarms_conflicts(db: Database) -> None:
    """Alarms, what stations say, batches that contradict what is held, the boots of an epoch, the doors of a station."""
    db.execute(
        "CREATE TABLE alarms (what TEXT, station TEXT, detail TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL,"
        " times INTEGER NOT NULL, PRIMARY KEY (what, station)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE ahead (station TEXT, kind TEXT, version INTEGER NOT NULL, PRIMARY KEY (station, kind)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE aside (station TEXT, digest BLOB, stream TEXT NOT NULL, epoch TEXT NOT NULL, expected INTEGER NOT NULL,"
        " received REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (station, digest)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE boots (station TEXT, stream TEXT, epoch TEXT, boot_id TEXT, first INTEGER NOT NULL,"
        " PRIMARY KEY (station, stream, epoch, boot_id)) WITHOUT ROWID"
    )
    db.execute(
        "INSERT INTO boots SELECT station, stream, epoch, boot_id, min(seq) FROM entries"
        " GROUP BY station, stream, epoch, boot_id"
    )
    db.execute("CREATE TABLE doors (station TEXT, name TEXT, PRIMARY KEY (station, name)) WITHOUT ROWID")
    db.execute(
        "INSERT INTO doors SELECT DISTINCT station, json_extract(body, '$.door') FROM entries"
        " WHERE kind IN ('granted', 'denied', 'unlocked', 'locked') AND json_type(body, '$.door') = 'text'"
    )


@central()
def m004_publications(db: Database) -> None:
    """What was published for whom, in order, also by an older release: a server wakes those whom it concerns, and no others."""
    db.execute(
        "CREATE TABLE publications (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, scope TEXT NOT NULL)"
    )
    for table, kind, scope in (
        ("documents", "new.kind", "''"),
        ("policies", "'policy'", "new.scope"),
        ("commands", "'command'", "new.station"),
        ("stations", "'station'", "new.code"),
    ):
        for event in ("INSERT", "UPDATE"):
            db.execute(
                f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table}"
                f" BEGIN INSERT INTO publications (kind, scope) VALUES ({kind}, {scope}); END"
            )
    db.execute(
        "CREATE TRIGGER commands_delete AFTER DELETE ON commands"
        " BEGIN INSERT INTO publications (kind, scope) VALUES ('command', old.station); END"
    )
