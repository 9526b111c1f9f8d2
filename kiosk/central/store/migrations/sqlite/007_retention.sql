-- How far each log was gone through for what has been kept for its days; and since when a refused entry is known.
CREATE TABLE swept (
    rules TEXT, days REAL, log INTEGER, seq INTEGER NOT NULL,
    PRIMARY KEY (rules, days, log)
) WITHOUT ROWID

CREATE TABLE rejections (log INTEGER, seq INTEGER, seen REAL NOT NULL, PRIMARY KEY (log, seq)) WITHOUT ROWID
