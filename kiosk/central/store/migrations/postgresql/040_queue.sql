-- How far a log goes at its station, as its newest batch says; what is beyond the mark waits there. Older programs do not say.
ALTER TABLE logs ADD COLUMN newest BIGINT NOT NULL DEFAULT 0
