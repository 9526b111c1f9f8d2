-- Entries by the month in which they were received, so that one goes as a whole. The server makes the months to come; what fits
-- into none has a table of its own. The numbers are unique in each month; across months the mark sees to it.
ALTER TABLE entries RENAME TO entries_before

UPDATE entries_before SET received = extract(epoch FROM now()) WHERE received > extract(epoch FROM now())

CREATE TABLE entries (
    log BIGINT NOT NULL, seq BIGINT NOT NULL, boot_number BIGINT NOT NULL,
    boot DOUBLE PRECISION NOT NULL, wall DOUBLE PRECISION NOT NULL, received DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL
) PARTITION BY RANGE (received)

CREATE INDEX ON entries USING brin (received)

CREATE TABLE entries_other PARTITION OF entries (PRIMARY KEY (log, seq)) DEFAULT

DO $$ BEGIN
    EXECUTE 'ALTER TABLE entries ATTACH PARTITION entries_before FOR VALUES FROM (MINVALUE) TO ('
        || extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') || ')';
END $$
