-- What stations on wheels told last of each of their stops.
CREATE TABLE stops_told (
    station TEXT COLLATE "C", stop TEXT, what TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, received DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, stop)
)

-- The release before went past what it did not know: all of it is read once more, and what was counted stays counted once.
DELETE FROM counted WHERE log IN (SELECT id FROM logs WHERE stream = 'services')
