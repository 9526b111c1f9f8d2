-- Doors that opened by a phone: which stations show the code for it, and who asked lately.
CREATE TABLE phone_doors (station TEXT PRIMARY KEY, heard DOUBLE PRECISION NOT NULL)

CREATE TABLE phone_openings (
    proof BYTEA PRIMARY KEY, idx BIGINT NOT NULL, station TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, command TEXT NOT NULL,
    outcome TEXT NOT NULL
)

CREATE INDEX phone_openings_of_holders ON phone_openings (idx, at)

CREATE INDEX phone_openings_of_stations ON phone_openings (station, at)

CREATE INDEX phone_openings_at ON phone_openings (at)
