-- What stations on wheels told last of each of their stops.
CREATE TABLE stops_told (
    station TEXT, stop TEXT, what TEXT NOT NULL, at REAL NOT NULL, received REAL NOT NULL, PRIMARY KEY (station, stop)
) WITHOUT ROWID

-- The release before went past what it did not know: all of it is read once more, and what was counted stays counted once.
DELETE FROM counted WHERE log IN (SELECT id FROM logs WHERE stream = 'services')
