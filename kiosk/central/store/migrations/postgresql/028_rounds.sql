-- What desks send beside ratings of their stations, each kind in a table of its own, and each bundle of an urn once.
CREATE TABLE taken_bundles (
    station TEXT COLLATE "C", urn TEXT, generation BIGINT, about TEXT, received DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, urn, generation, about)
)

CREATE TABLE question_ratings (
    station TEXT COLLATE "C", question TEXT, first TEXT, very_content BIGINT NOT NULL, content BIGINT NOT NULL, so_so BIGINT NOT NULL,
    not_content BIGINT NOT NULL, surplus BIGINT NOT NULL, entered BIGINT NOT NULL, PRIMARY KEY (station, question, first)
)

-- What questions and checklists said, also after they have ended: what came of them is read by it.
CREATE TABLE said_services (
    id TEXT PRIMARY KEY, version BIGINT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, begins BIGINT NOT NULL,
    ends BIGINT NOT NULL, body TEXT NOT NULL
)

CREATE TABLE rounds (
    station TEXT COLLATE "C", checklist TEXT, day TEXT, at DOUBLE PRECISION NOT NULL, version BIGINT NOT NULL, results TEXT NOT NULL, proven TEXT NOT NULL,
    steward BIGINT, received DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, checklist, day)
)

CREATE INDEX rounds_of_somebody ON rounds (received) WHERE steward IS NOT NULL

CREATE TABLE last_rounds (
    station TEXT COLLATE "C", checklist TEXT, at DOUBLE PRECISION NOT NULL, version BIGINT NOT NULL, results TEXT NOT NULL, proven TEXT NOT NULL,
    expires TEXT NOT NULL, PRIMARY KEY (station, checklist)
)

CREATE TABLE cleanings (station TEXT COLLATE "C", day TEXT, times BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, day))

-- What each station was told of its cases, so that it is told again only when that is another.
CREATE TABLE answers (station TEXT COLLATE "C" PRIMARY KEY, digest TEXT NOT NULL, ends BIGINT NOT NULL)

CREATE INDEX services_for ON services (scope, version)

-- The release before went past what it did not know: all of it is read once more, and ratings that were counted stay counted once.
DELETE FROM counted WHERE log IN (SELECT id FROM logs WHERE stream = 'services')
