-- The codes with which a phone is enrolled for a pass, by their digests, one a credential; and the challenges that it signs.
CREATE TABLE pass_codes (idx INTEGER PRIMARY KEY, digest BLOB NOT NULL, made REAL NOT NULL, made_by TEXT NOT NULL)

CREATE UNIQUE INDEX pass_codes_by_digest ON pass_codes (digest)

CREATE TABLE pass_challenges (digest BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID

CREATE INDEX pass_challenges_until ON pass_challenges (until)
