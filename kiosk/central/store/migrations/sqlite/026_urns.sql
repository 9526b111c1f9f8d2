-- Of which urn which bundle of ratings has been counted: each once, however often its station sends it.
CREATE TABLE urns (
    station TEXT, urn TEXT, generation INTEGER, received REAL NOT NULL, PRIMARY KEY (station, urn, generation)
) WITHOUT ROWID
