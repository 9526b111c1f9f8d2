-- Policies by station-code prefix, commands by station in order, signing keys, and when a document was published.
ALTER TABLE documents ADD COLUMN published REAL NOT NULL DEFAULT 0

CREATE TABLE policies (scope TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, body BLOB NOT NULL)

CREATE TABLE commands (
    station TEXT, seq INTEGER, id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (station, seq)
) WITHOUT ROWID

CREATE TABLE keys (
    kid BLOB PRIMARY KEY, use TEXT NOT NULL, public BLOB NOT NULL,
    not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, file TEXT NOT NULL
)
