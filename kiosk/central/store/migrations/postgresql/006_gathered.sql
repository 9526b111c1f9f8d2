-- Since when something has changed that the newest document of its kind does not say yet.
CREATE TABLE gathered (kind TEXT PRIMARY KEY, since DOUBLE PRECISION NOT NULL)
