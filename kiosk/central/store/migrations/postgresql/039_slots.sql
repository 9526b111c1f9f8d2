-- Which of the names that a station's entries tell are slots of a cupboard. Those of the release before say so when something is taken.
ALTER TABLE doors ADD COLUMN slot INTEGER NOT NULL DEFAULT 0
