-- The phones that passes are bound to; and the programs of others that order passes: who they are, what they have asked already.
CREATE TABLE phone_keys (
    public_key BYTEA PRIMARY KEY, idx BIGINT NOT NULL, bound_at DOUBLE PRECISION NOT NULL, until DOUBLE PRECISION NOT NULL,
    bound_by TEXT NOT NULL, voided DOUBLE PRECISION
)

CREATE UNIQUE INDEX phone_keys_bound ON phone_keys (idx) WHERE voided IS NULL

CREATE INDEX phone_keys_until ON phone_keys (until)

CREATE TABLE clients (
    name TEXT PRIMARY KEY, scope TEXT NOT NULL, secret TEXT NOT NULL, made DOUBLE PRECISION NOT NULL,
    rotated DOUBLE PRECISION NOT NULL
)

CREATE TABLE client_tokens (digest BYTEA PRIMARY KEY, client TEXT NOT NULL, until DOUBLE PRECISION NOT NULL)

CREATE TABLE client_answers (
    client TEXT NOT NULL, request BYTEA NOT NULL, asked BYTEA NOT NULL, at DOUBLE PRECISION NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (client, request)
)

CREATE INDEX client_answers_at ON client_answers (at)

CREATE TABLE passes_signed (
    day TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY (day, account, kind)
)

CREATE INDEX passes_by_until ON passes (until)
