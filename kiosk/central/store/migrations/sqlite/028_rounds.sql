-- What desks send beside ratings of their stations, each kind in a table of its own, and each bundle of an urn once.
CREATE TABLE taken_bundles (
    station TEXT, urn TEXT, generation INTEGER, about TEXT, received REAL NOT NULL, PRIMARY KEY (station, urn, generation, about)
) WITHOUT ROWID

CREATE TABLE question_ratings (
    station TEXT, question TEXT, first TEXT, very_content INTEGER NOT NULL, content INTEGER NOT NULL, so_so INTEGER NOT NULL,
    not_content INTEGER NOT NULL, surplus INTEGER NOT NULL, entered INTEGER NOT NULL, PRIMARY KEY (station, question, first)
) WITHOUT ROWID

-- What questions and checklists said, also after they have ended: what came of them is read by it.
CREATE TABLE said_services (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, begins INTEGER NOT NULL,
    ends INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID

CREATE TABLE rounds (
    station TEXT, checklist TEXT, day TEXT, at REAL NOT NULL, version INTEGER NOT NULL, results TEXT NOT NULL, proven TEXT NOT NULL,
    steward INTEGER, received REAL NOT NULL, PRIMARY KEY (station, checklist, day)
) WITHOUT ROWID

CREATE INDEX rounds_of_somebody ON rounds (received) WHERE steward IS NOT NULL

CREATE TABLE last_rounds (
    station TEXT, checklist TEXT, at REAL NOT NULL, version INTEGER NOT NULL, results TEXT NOT NULL, proven TEXT NOT NULL,
    expires TEXT NOT NULL, PRIMARY KEY (station, checklist)
) WITHOUT ROWID

CREATE TABLE cleanings (station TEXT, day TEXT, times INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (station, day)) WITHOUT ROWID

-- What each station was told of its cases, so that it is told again only when that is another.
CREATE TABLE answers (station TEXT PRIMARY KEY, digest TEXT NOT NULL, ends INTEGER NOT NULL) WITHOUT ROWID

CREATE INDEX services_for ON services (scope, version)

-- The release before went past what it did not know: all of it is read once more, and ratings that were counted stay counted once.
DELETE FROM counted WHERE log IN (SELECT id FROM logs WHERE stream = 'services')
