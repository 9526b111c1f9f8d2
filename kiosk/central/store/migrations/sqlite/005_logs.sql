-- Entries by the number of their log; each carried the names of its station, stream, epoch and boot twice.
-- A release before 0.3 that came back to this file for a while has written no boots.
INSERT OR IGNORE INTO boots SELECT station, stream, epoch, boot_id, min(seq) FROM entries GROUP BY station, stream, epoch, boot_id

ALTER TABLE entries RENAME TO old_entries

ALTER TABLE rejected RENAME TO old_rejected

ALTER TABLE boots RENAME TO old_boots

CREATE TABLE logs (
    id INTEGER PRIMARY KEY, station TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, acked INTEGER NOT NULL,
    UNIQUE (station, stream, epoch)
)

CREATE TABLE boots (
    id INTEGER PRIMARY KEY, log INTEGER NOT NULL, boot_id TEXT NOT NULL, first INTEGER NOT NULL,
    UNIQUE (log, boot_id)
)

CREATE TABLE entries (
    log INTEGER, seq INTEGER, kind TEXT NOT NULL, boot_number INTEGER NOT NULL,
    boot REAL NOT NULL, wall REAL NOT NULL, received REAL NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (log, seq)
) WITHOUT ROWID

CREATE TABLE rejected (log INTEGER, seq INTEGER, why TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (log, seq)) WITHOUT ROWID

INSERT INTO logs (station, stream, epoch, acked) SELECT station, stream, epoch, acked FROM marks

INSERT INTO boots (log, boot_id, first) SELECT logs.id, boot_id, first
    FROM old_boots old JOIN logs ON (logs.station, logs.stream, logs.epoch) = (old.station, old.stream, old.epoch)
    ORDER BY first

INSERT INTO entries SELECT logs.id, seq, kind, boots.id, boot, wall, received,
        json_remove(body, '$.seq', '$.kind', '$.boot_id', '$.boot', '$.wall')
    FROM old_entries old JOIN logs ON (logs.station, logs.stream, logs.epoch) = (old.station, old.stream, old.epoch)
    JOIN boots ON (boots.log, boots.boot_id) = (logs.id, old.boot_id)

INSERT INTO rejected SELECT logs.id, seq, why, body
    FROM old_rejected old JOIN logs ON (logs.station, logs.stream, logs.epoch) = (old.station, old.stream, old.epoch)

DROP TABLE old_entries

DROP TABLE old_rejected

DROP TABLE old_boots

DROP TABLE marks
