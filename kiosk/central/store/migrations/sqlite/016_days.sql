-- Figures of each place and day, which stay when entries go; how far each log is counted; until when silence is. Where stations stand.
CREATE TABLE days (level INTEGER, place TEXT, day TEXT, body TEXT NOT NULL, PRIMARY KEY (level, day, place)) WITHOUT ROWID

CREATE TABLE counted (log INTEGER PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID

CREATE TABLE watched (name TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID

CREATE TABLE coordinates (
    station TEXT PRIMARY KEY, latitude REAL, longitude REAL, given TEXT NOT NULL
) WITHOUT ROWID
