-- Services: of each id the newest. After `until` no station holds anything of that id in force.
CREATE TABLE services (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL,
    begins INTEGER NOT NULL, ends INTEGER NOT NULL, until INTEGER NOT NULL, body BLOB NOT NULL
)

CREATE TRIGGER services_insert AFTER INSERT ON services
    BEGIN INSERT INTO publications (kind, scope) VALUES ('service', new.scope); END

CREATE TRIGGER services_update AFTER UPDATE ON services
    BEGIN INSERT INTO publications (kind, scope) VALUES ('service', new.scope); END
