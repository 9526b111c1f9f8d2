-- The sealed remarks of each poll, end to end and sorted, as its ballots are: nothing says beside which of those one was cast.
ALTER TABLE polls ADD COLUMN remarks BYTEA NOT NULL DEFAULT ''

-- How many remarks were new of each station, so that none sends more than it may have ballots.
ALTER TABLE poll_stations ADD COLUMN remarks BIGINT NOT NULL DEFAULT 0
