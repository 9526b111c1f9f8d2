-- The root key that stations trust, the database's own name; keys for the next keyset, and those that none shall have again.
CREATE TABLE pinned (name TEXT PRIMARY KEY, value BYTEA NOT NULL)

CREATE TABLE requested_keys (
    kid BYTEA PRIMARY KEY, use TEXT NOT NULL, public BYTEA NOT NULL,
    not_before BIGINT NOT NULL, not_after BIGINT NOT NULL, file TEXT NOT NULL
)

CREATE TABLE compromised_keys (kid BYTEA PRIMARY KEY)
