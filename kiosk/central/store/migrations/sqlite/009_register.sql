-- The register: what is known of a station beside its key, what became of it and why; when each was heard, and its faults.
CREATE TABLE register (
    code TEXT PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, ended TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID

CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT, station TEXT NOT NULL, at REAL NOT NULL, what TEXT NOT NULL,
    public_key BLOB, reason TEXT NOT NULL
)

CREATE INDEX history_of ON history (station, number)

CREATE INDEX credentials_of ON credentials (holder)

CREATE TABLE claim_reasons (digest BLOB PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID

CREATE TABLE seen (
    station TEXT PRIMARY KEY, at REAL NOT NULL, version TEXT NOT NULL, address TEXT NOT NULL, documents TEXT
) WITHOUT ROWID

CREATE TABLE faults (station TEXT PRIMARY KEY, count INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID

INSERT INTO history (station, at, what, public_key, reason) SELECT code, enrolled, 'enrolled', public_key, '' FROM stations

INSERT INTO faults
    SELECT station, count(*), json_group_array(json_object('what', what, 'detail', detail, 'since', wall)) FROM (
        SELECT station, log, seq, wall, kind, what, detail,
            max(CASE kind WHEN 'started' THEN seq ELSE 0 END) OVER (PARTITION BY log) AS began,
            row_number() OVER (PARTITION BY log, kind = 'started', what ORDER BY seq DESC) AS place
        FROM (
            SELECT log, seq, wall, kind, substr(json_extract(replace(body, '\u0000', '\ufffd'), '$.what'), 1, 200) AS what,
                substr(coalesce(json_extract(replace(body, '\u0000', '\ufffd'), '$.detail'), ''), 1, 200) AS detail
            FROM entries WHERE kind = 'started' OR kind IN ('fault', 'fault_cleared') AND json_type(body, '$.what') = 'text'
        ) each JOIN logs ON logs.id = log
    ) told
    WHERE kind = 'fault' AND place = 1 AND seq > began GROUP BY station

CREATE TRIGGER stations_delete AFTER DELETE ON stations
    BEGIN INSERT INTO publications (kind, scope) VALUES ('station', old.code); END
