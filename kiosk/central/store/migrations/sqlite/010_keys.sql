-- The root key that stations trust, the database's own name; keys for the next keyset, and those that none shall have again.
CREATE TABLE pinned (name TEXT PRIMARY KEY, value BLOB NOT NULL)

CREATE TABLE requested_keys (
    kid BLOB PRIMARY KEY, use TEXT NOT NULL, public BLOB NOT NULL,
    not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, file TEXT NOT NULL
)

CREATE TABLE compromised_keys (kid BLOB PRIMARY KEY)
