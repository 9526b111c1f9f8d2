-- Alarms, what stations say, batches that contradict what is held, the boots of an epoch, the doors of a station.
CREATE TABLE alarms (
    what TEXT, station TEXT, detail TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (what, station)
) WITHOUT ROWID

CREATE TABLE ahead (station TEXT, kind TEXT, version INTEGER NOT NULL, PRIMARY KEY (station, kind)) WITHOUT ROWID

CREATE TABLE aside (
    station TEXT, digest BLOB, stream TEXT NOT NULL, epoch TEXT NOT NULL, expected INTEGER NOT NULL,
    received REAL NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (station, digest)
) WITHOUT ROWID

CREATE TABLE boots (
    station TEXT, stream TEXT, epoch TEXT, boot_id TEXT, first INTEGER NOT NULL,
    PRIMARY KEY (station, stream, epoch, boot_id)
) WITHOUT ROWID

INSERT INTO boots SELECT station, stream, epoch, boot_id, min(seq) FROM entries GROUP BY station, stream, epoch, boot_id

CREATE TABLE doors (station TEXT, name TEXT, PRIMARY KEY (station, name)) WITHOUT ROWID

INSERT INTO doors SELECT DISTINCT station, json_extract(body, '$.door') FROM entries
    WHERE kind IN ('granted', 'denied', 'unlocked', 'locked') AND json_type(body, '$.door') = 'text'
