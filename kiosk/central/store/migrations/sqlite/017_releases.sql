-- Releases: which bundles each has, which rings have it since when, which stations a ring has, and what became of each at a station.
CREATE TABLE releases (
    version TEXT PRIMARY KEY, audience TEXT NOT NULL, signed BLOB NOT NULL, published REAL NOT NULL,
    quiet REAL NOT NULL, stopped TEXT NOT NULL DEFAULT '', withdrawn TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID

CREATE TABLE bundles (id TEXT PRIMARY KEY, version TEXT NOT NULL, platform TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID

CREATE TABLE openings (version TEXT NOT NULL, ring INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (version, ring)) WITHOUT ROWID

CREATE TABLE rings (ring INTEGER NOT NULL, member TEXT NOT NULL, PRIMARY KEY (ring, member)) WITHOUT ROWID

CREATE TABLE updated (
    station TEXT PRIMARY KEY, version TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL, received REAL NOT NULL
) WITHOUT ROWID
