-- What was published for whom, in order, also by an older release: a server wakes those whom it concerns, and no others.
CREATE TABLE publications (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, scope TEXT NOT NULL)

CREATE TRIGGER documents_insert AFTER INSERT ON documents
    BEGIN INSERT INTO publications (kind, scope) VALUES (new.kind, ''); END

CREATE TRIGGER documents_update AFTER UPDATE ON documents
    BEGIN INSERT INTO publications (kind, scope) VALUES (new.kind, ''); END

CREATE TRIGGER policies_insert AFTER INSERT ON policies
    BEGIN INSERT INTO publications (kind, scope) VALUES ('policy', new.scope); END

CREATE TRIGGER policies_update AFTER UPDATE ON policies
    BEGIN INSERT INTO publications (kind, scope) VALUES ('policy', new.scope); END

CREATE TRIGGER commands_insert AFTER INSERT ON commands
    BEGIN INSERT INTO publications (kind, scope) VALUES ('command', new.station); END

CREATE TRIGGER commands_update AFTER UPDATE ON commands
    BEGIN INSERT INTO publications (kind, scope) VALUES ('command', new.station); END

CREATE TRIGGER commands_delete AFTER DELETE ON commands
    BEGIN INSERT INTO publications (kind, scope) VALUES ('command', old.station); END

CREATE TRIGGER stations_insert AFTER INSERT ON stations
    BEGIN INSERT INTO publications (kind, scope) VALUES ('station', new.code); END

CREATE TRIGGER stations_update AFTER UPDATE ON stations
    BEGIN INSERT INTO publications (kind, scope) VALUES ('station', new.code); END
