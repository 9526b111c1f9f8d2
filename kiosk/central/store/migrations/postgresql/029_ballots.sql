-- The sealed ballots of each poll, end to end and sorted, as one value that is written anew: nothing says what came when or from where.
CREATE TABLE polls (
    poll TEXT COLLATE "C" PRIMARY KEY, since DOUBLE PRECISION NOT NULL, exported DOUBLE PRECISION, ballots BYTEA NOT NULL
)

-- Which stations have sent their urns, and how many ballots were new of each, so that none sends more than an urn takes.
CREATE TABLE poll_stations (
    poll TEXT COLLATE "C", station TEXT COLLATE "C", ballots BIGINT NOT NULL, PRIMARY KEY (poll, station)
)
