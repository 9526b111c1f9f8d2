-- The newest boot of a log is looked for with every batch.
CREATE INDEX boots_by_first ON boots (log, first)
