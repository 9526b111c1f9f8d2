-- How far each log was gone through for what has been kept for its days; and since when a refused entry is known.
CREATE TABLE swept (
    rules TEXT, days DOUBLE PRECISION, log BIGINT, seq BIGINT NOT NULL,
    PRIMARY KEY (rules, days, log)
)

CREATE TABLE rejections (log BIGINT, seq BIGINT, seen DOUBLE PRECISION NOT NULL, PRIMARY KEY (log, seq))
