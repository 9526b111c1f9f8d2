-- Whose passes end soon, and which cards were replaced, without a look at all of them.
CREATE INDEX passes_by_end ON passes (until)

CREATE INDEX passes_replaced ON passes (changed) WHERE replaced_by != 0
