-- Doors that opened by a phone: which stations show the code for it, and who asked lately.
CREATE TABLE phone_doors (station TEXT PRIMARY KEY, heard REAL NOT NULL) WITHOUT ROWID

CREATE TABLE phone_openings (
    proof BLOB PRIMARY KEY, idx INTEGER NOT NULL, station TEXT NOT NULL, at REAL NOT NULL, command TEXT NOT NULL,
    outcome TEXT NOT NULL
) WITHOUT ROWID

CREATE INDEX phone_openings_of_holders ON phone_openings (idx, at)

CREATE INDEX phone_openings_of_stations ON phone_openings (station, at)

CREATE INDEX phone_openings_at ON phone_openings (at)
