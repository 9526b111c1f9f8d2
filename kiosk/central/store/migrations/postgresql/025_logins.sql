-- What somebody has done within a day is counted.
CREATE INDEX audit_by ON audit (account, at)

-- Browsers from which somebody has logged in; who somebody is elsewhere; and who has proven that there and not yet their second factor here.
CREATE TABLE devices (digest BYTEA NOT NULL, account TEXT NOT NULL, seen DOUBLE PRECISION NOT NULL, PRIMARY KEY (digest, account))

CREATE TABLE identities (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL, made DOUBLE PRECISION NOT NULL, PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, account)
)

CREATE TABLE half_logins (digest BYTEA PRIMARY KEY, account TEXT NOT NULL, made DOUBLE PRECISION NOT NULL)
