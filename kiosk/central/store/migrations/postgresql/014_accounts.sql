-- The office: who may log in, who is logged in, who guesses; and what was done, each act chained to the one before it.
CREATE TABLE accounts (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, password TEXT NOT NULL, second TEXT NOT NULL DEFAULT '',
    made DOUBLE PRECISION NOT NULL, disabled DOUBLE PRECISION
)

CREATE TABLE sessions (
    digest BYTEA PRIMARY KEY, account TEXT NOT NULL, made DOUBLE PRECISION NOT NULL, seen DOUBLE PRECISION NOT NULL
)

CREATE TABLE guesses (who TEXT NOT NULL, at DOUBLE PRECISION NOT NULL)

CREATE INDEX guesses_of ON guesses (who, at)

CREATE TABLE audit (
    number BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, account TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
    scope TEXT NOT NULL, reason TEXT NOT NULL, digest BYTEA NOT NULL
)

CREATE INDEX audit_about ON audit (about, number)

CREATE TABLE audit_head (place BIGINT PRIMARY KEY, number BIGINT NOT NULL, digest BYTEA NOT NULL)

CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit only grows' USING ERRCODE = 'restrict_violation'; END $$

CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION only_grows()
