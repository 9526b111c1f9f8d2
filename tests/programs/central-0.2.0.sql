BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'central','m001_first','2026-11-26 01:08:36.658118+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'central','m002_policies_commands_keys','2026-11-26 01:08:36.659120+00:00');
CREATE TABLE claims (digest BLOB PRIMARY KEY, code TEXT NOT NULL, made REAL NOT NULL, used REAL);
CREATE TABLE commands (station TEXT, seq INTEGER, id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (station, seq)) WITHOUT ROWID;
CREATE TABLE credentials (idx INTEGER PRIMARY KEY, holder TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0);
CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL, published REAL NOT NULL DEFAULT 0);
CREATE TABLE entries (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, kind TEXT NOT NULL, boot_id TEXT NOT NULL, boot REAL NOT NULL, wall REAL NOT NULL, received REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID;
INSERT INTO "entries" VALUES('37081101','access','00112233445566aa',1,'locked','b1',1.0,1.0,1.0,'{"seq":1,"boot_id":"b1","boot":1.0,"wall":1.0,"kind":"locked","door":"main"}');
INSERT INTO "entries" VALUES('37081101','access','00112233445566aa',2,'locked','b2',1.0,1.0,1.0,'{"seq":2,"boot_id":"b2","boot":1.0,"wall":1.0,"kind":"locked","door":"main"}');
CREATE TABLE keys (kid BLOB PRIMARY KEY, use TEXT NOT NULL, public BLOB NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, file TEXT NOT NULL);
CREATE TABLE marks (station TEXT, stream TEXT, epoch TEXT, acked INTEGER NOT NULL, PRIMARY KEY (station, stream, epoch)) WITHOUT ROWID;
INSERT INTO "marks" VALUES('37081101','access','00112233445566aa',3);
CREATE TABLE policies (scope TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE rejected (station TEXT, stream TEXT, epoch TEXT, seq INTEGER, why TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (station, stream, epoch, seq)) WITHOUT ROWID;
INSERT INTO "rejected" VALUES('37081101','access','00112233445566aa',3,'Object missing required field `kind`','{"seq":3}');
CREATE TABLE stations (code TEXT PRIMARY KEY, public_key BLOB NOT NULL, enrolled REAL NOT NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
COMMIT;
