-- Campaigns as they were published, without their keys, also after they have ended and were closed.
CREATE TABLE campaigns (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, scope TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,
    body TEXT NOT NULL, closed REAL
) WITHOUT ROWID

-- What was handed out, under the token of who had it, until the campaign is closed. `taken` is 0 while a slot's contact has not said so.
CREATE TABLE handed_out (
    campaign TEXT, log INTEGER, seq INTEGER, station TEXT NOT NULL, period TEXT NOT NULL, token TEXT NOT NULL, slot TEXT NOT NULL,
    taken INTEGER NOT NULL, count INTEGER NOT NULL, day TEXT NOT NULL, at REAL NOT NULL, timed INTEGER NOT NULL, received REAL NOT NULL,
    PRIMARY KEY (campaign, log, seq)
) WITHOUT ROWID

CREATE INDEX handed_to ON handed_out (campaign, period, token)

-- What is left of a closed campaign: of each station and day how many, and of whom nothing.
CREATE TABLE handed_days (
    campaign TEXT, station TEXT, day TEXT, given INTEGER NOT NULL, without_pass INTEGER NOT NULL, not_taken INTEGER NOT NULL,
    again INTEGER NOT NULL, PRIMARY KEY (campaign, station, day)
) WITHOUT ROWID

-- What is left at a station of an item, by what was filled in, taken and counted there; and in each of its slots, by the first two.
CREATE TABLE stock (
    station TEXT, item TEXT, pieces INTEGER NOT NULL, counted REAL, at REAL NOT NULL, PRIMARY KEY (station, item)
) WITHOUT ROWID

CREATE TABLE slots (
    station TEXT, slot TEXT, item TEXT NOT NULL, pieces INTEGER NOT NULL, month TEXT NOT NULL, filled REAL NOT NULL, PRIMARY KEY (station, slot)
) WITHOUT ROWID

-- What stewards counted, beside what their stations expected.
CREATE TABLE counts (
    station TEXT, item TEXT, log INTEGER, seq INTEGER, at REAL NOT NULL, counted INTEGER NOT NULL, expected INTEGER, received REAL NOT NULL,
    PRIMARY KEY (station, item, log, seq)
) WITHOUT ROWID
