-- Who has proven elsewhere to be a holder of a pass, by the provider's own name of them, which never changes.
CREATE TABLE holder_logins (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, holder TEXT NOT NULL, made DOUBLE PRECISION NOT NULL, PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, holder)
)

-- With what challenges are sealed, one row; and those that a phone has signed, until they would be over anyway.
CREATE TABLE challenge_secret (one INTEGER PRIMARY KEY CHECK (one = 1), secret BYTEA NOT NULL)

CREATE TABLE used_challenges (digest BYTEA PRIMARY KEY, until DOUBLE PRECISION NOT NULL)

CREATE INDEX used_challenges_until ON used_challenges (until)
