-- Of which urn which bundle of ratings has been counted: each once, however often its station sends it.
CREATE TABLE urns (
    station TEXT COLLATE "C", urn TEXT, generation BIGINT, received DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, urn, generation)
)
