-- Campaigns as they were published, without their keys, also after they have ended and were closed.
CREATE TABLE campaigns (
    id TEXT COLLATE "C" PRIMARY KEY, version BIGINT NOT NULL, scope TEXT COLLATE "C" NOT NULL, begins BIGINT NOT NULL, ends BIGINT NOT NULL,
    body TEXT NOT NULL, closed DOUBLE PRECISION
)

-- What was handed out, under the token of who had it, until the campaign is closed. `taken` is 0 while a slot's contact has not said so.
CREATE TABLE handed_out (
    campaign TEXT COLLATE "C", log BIGINT, seq BIGINT, station TEXT COLLATE "C" NOT NULL, period TEXT COLLATE "C" NOT NULL, token TEXT COLLATE "C" NOT NULL, slot TEXT COLLATE "C" NOT NULL,
    taken BIGINT NOT NULL, count BIGINT NOT NULL, day TEXT COLLATE "C" NOT NULL, at DOUBLE PRECISION NOT NULL, timed BIGINT NOT NULL, received DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (campaign, log, seq)
)

CREATE INDEX handed_to ON handed_out (campaign, period, token)

-- What is left of a closed campaign: of each station and day how many, and of whom nothing.
CREATE TABLE handed_days (
    campaign TEXT COLLATE "C", station TEXT COLLATE "C", day TEXT COLLATE "C", given BIGINT NOT NULL, without_pass BIGINT NOT NULL, not_taken BIGINT NOT NULL,
    again BIGINT NOT NULL, PRIMARY KEY (campaign, station, day)
)

-- What is left at a station of an item, by what was filled in, taken and counted there; and in each of its slots, by the first two.
CREATE TABLE stock (
    station TEXT COLLATE "C", item TEXT COLLATE "C", pieces BIGINT NOT NULL, counted DOUBLE PRECISION, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, item)
)

CREATE TABLE slots (
    station TEXT COLLATE "C", slot TEXT COLLATE "C", item TEXT COLLATE "C" NOT NULL, pieces BIGINT NOT NULL, month TEXT NOT NULL, filled DOUBLE PRECISION NOT NULL, PRIMARY KEY (station, slot)
)

-- What stewards counted, beside what their stations expected.
CREATE TABLE counts (
    station TEXT COLLATE "C", item TEXT COLLATE "C", log BIGINT, seq BIGINT, at DOUBLE PRECISION NOT NULL, counted BIGINT NOT NULL, expected BIGINT, received DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (station, item, log, seq)
)
