-- Everything, as of version 0.1.
CREATE TABLE stations (code TEXT PRIMARY KEY, public_key BLOB NOT NULL, enrolled REAL NOT NULL)

CREATE TABLE claims (digest BLOB PRIMARY KEY, code TEXT NOT NULL, made REAL NOT NULL, used REAL)

CREATE TABLE credentials (idx INTEGER PRIMARY KEY, holder TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0)

CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL)

CREATE TABLE marks (
    station TEXT, stream TEXT, epoch TEXT, acked INTEGER NOT NULL,
    PRIMARY KEY (station, stream, epoch)
) WITHOUT ROWID

CREATE TABLE entries (
    station TEXT, stream TEXT, epoch TEXT, seq INTEGER, kind TEXT NOT NULL, boot_id TEXT NOT NULL,
    boot REAL NOT NULL, wall REAL NOT NULL, received REAL NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (station, stream, epoch, seq)
) WITHOUT ROWID

CREATE TABLE rejected (
    station TEXT, stream TEXT, epoch TEXT, seq INTEGER, why TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (station, stream, epoch, seq)
) WITHOUT ROWID
