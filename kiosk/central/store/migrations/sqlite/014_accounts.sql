-- The office: who may log in, who is logged in, who guesses; and what was done, each act chained to the one before it.
CREATE TABLE accounts (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, password TEXT NOT NULL, second TEXT NOT NULL DEFAULT '',
    made REAL NOT NULL, disabled REAL
) WITHOUT ROWID

CREATE TABLE sessions (
    digest BLOB PRIMARY KEY, account TEXT NOT NULL, made REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID

CREATE TABLE guesses (who TEXT NOT NULL, at REAL NOT NULL)

CREATE INDEX guesses_of ON guesses (who, at)

CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, account TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
    scope TEXT NOT NULL, reason TEXT NOT NULL, digest BLOB NOT NULL
)

CREATE INDEX audit_about ON audit (about, number)

CREATE TABLE audit_head (place INTEGER PRIMARY KEY, number INTEGER NOT NULL, digest BLOB NOT NULL)

CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END
