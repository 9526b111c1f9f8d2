-- How often a day a station's doctor was asked (`consulted`, for so many seconds in all), and what became of releases of a medicine.
CREATE TABLE medicine_days (
    station TEXT COLLATE "C", day TEXT COLLATE "C", what TEXT COLLATE "C", times BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, day, what)
)
