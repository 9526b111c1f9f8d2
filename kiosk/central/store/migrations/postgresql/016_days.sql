-- Figures of each place and day, which stay when entries go; how far each log is counted; until when silence is. Where stations stand.
CREATE TABLE days (level INTEGER, place TEXT COLLATE "C", day TEXT, body TEXT NOT NULL, PRIMARY KEY (level, day, place))

CREATE TABLE counted (log BIGINT PRIMARY KEY, seq BIGINT NOT NULL)

CREATE TABLE watched (name TEXT PRIMARY KEY, until DOUBLE PRECISION NOT NULL)

CREATE TABLE coordinates (
    station TEXT PRIMARY KEY, latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, given TEXT NOT NULL
)
