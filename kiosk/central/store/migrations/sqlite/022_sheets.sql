-- What the public is told of a station: its sheet with a picture, and which of its doors somebody has locked down.
CREATE TABLE sheets (
    station TEXT PRIMARY KEY, body TEXT NOT NULL, photo TEXT NOT NULL, changed REAL NOT NULL, changed_by TEXT NOT NULL
) WITHOUT ROWID

CREATE INDEX sheets_by_photo ON sheets (photo)

CREATE TABLE photos (hash TEXT PRIMARY KEY, body BLOB NOT NULL, made REAL NOT NULL)

CREATE TABLE lockdowns (station TEXT PRIMARY KEY, count INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID
