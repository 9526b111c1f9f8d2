-- The phones that passes are bound to; and the programs of others that order passes: who they are, what they have asked already.
CREATE TABLE phone_keys (
    public_key BLOB PRIMARY KEY, idx INTEGER NOT NULL, bound_at REAL NOT NULL, until REAL NOT NULL, bound_by TEXT NOT NULL,
    voided REAL
) WITHOUT ROWID

CREATE UNIQUE INDEX phone_keys_bound ON phone_keys (idx) WHERE voided IS NULL

CREATE INDEX phone_keys_until ON phone_keys (until)

CREATE TABLE clients (
    name TEXT PRIMARY KEY, scope TEXT NOT NULL, secret TEXT NOT NULL, made REAL NOT NULL, rotated REAL NOT NULL
) WITHOUT ROWID

CREATE TABLE client_tokens (digest BLOB PRIMARY KEY, client TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID

CREATE TABLE client_answers (
    client TEXT NOT NULL, request BLOB NOT NULL, asked BLOB NOT NULL, at REAL NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (client, request)
) WITHOUT ROWID

CREATE INDEX client_answers_at ON client_answers (at)

CREATE TABLE passes_signed (
    day TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, account, kind)
) WITHOUT ROWID

CREATE INDEX passes_by_until ON passes (until)
