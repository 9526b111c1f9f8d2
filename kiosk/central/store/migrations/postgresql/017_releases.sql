-- Releases: which bundles each has, which rings have it since when, which stations a ring has, and what became of each at a station.
CREATE TABLE releases (
    version TEXT PRIMARY KEY, audience TEXT NOT NULL, signed BYTEA NOT NULL, published DOUBLE PRECISION NOT NULL,
    quiet DOUBLE PRECISION NOT NULL, stopped TEXT NOT NULL DEFAULT '', withdrawn TEXT NOT NULL DEFAULT ''
)

CREATE TABLE bundles (id TEXT PRIMARY KEY, version TEXT NOT NULL, platform TEXT NOT NULL, size BIGINT NOT NULL)

CREATE TABLE openings (version TEXT NOT NULL, ring INTEGER NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (version, ring))

CREATE TABLE rings (ring INTEGER NOT NULL, member TEXT NOT NULL, PRIMARY KEY (ring, member))

CREATE TABLE updated (
    station TEXT PRIMARY KEY, version TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL, received DOUBLE PRECISION NOT NULL
)
