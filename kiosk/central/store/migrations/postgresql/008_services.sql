-- Services: of each id the newest. After `until` no station holds anything of that id in force.
CREATE TABLE services (
    id TEXT PRIMARY KEY, version BIGINT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL,
    begins BIGINT NOT NULL, ends BIGINT NOT NULL, until BIGINT NOT NULL, body BYTEA NOT NULL
)

CREATE FUNCTION publish_service() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO publications (kind, scope) VALUES ('service', new.scope); RETURN NULL; END $$

CREATE TRIGGER publish AFTER INSERT OR UPDATE ON services FOR EACH ROW EXECUTE FUNCTION publish_service()
