-- How often a day a station's doctor was asked (`consulted`, for so many seconds in all), and what became of releases of a medicine.
CREATE TABLE medicine_days (
    station TEXT, day TEXT, what TEXT, times INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (station, day, what)
) WITHOUT ROWID
