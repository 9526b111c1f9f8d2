-- The sealed ballots of each poll, end to end and sorted, as one value that is written anew: nothing says what came when or from where.
CREATE TABLE polls (
    poll TEXT PRIMARY KEY, since REAL NOT NULL, exported REAL, ballots BLOB NOT NULL
) WITHOUT ROWID

-- Which stations have sent their urns, and how many ballots were new of each, so that none sends more than an urn takes.
CREATE TABLE poll_stations (poll TEXT, station TEXT, ballots INTEGER NOT NULL, PRIMARY KEY (poll, station)) WITHOUT ROWID
