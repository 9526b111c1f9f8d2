-- What somebody has done within a day is counted.
CREATE INDEX audit_by ON audit (account, at)

-- Browsers from which somebody has logged in; who somebody is elsewhere; and who has proven that there and not yet their second factor here.
CREATE TABLE devices (digest BLOB NOT NULL, account TEXT NOT NULL, seen REAL NOT NULL, PRIMARY KEY (digest, account)) WITHOUT ROWID

CREATE TABLE identities (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL, made REAL NOT NULL, PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, account)
) WITHOUT ROWID

CREATE TABLE half_logins (digest BLOB PRIMARY KEY, account TEXT NOT NULL, made REAL NOT NULL) WITHOUT ROWID
