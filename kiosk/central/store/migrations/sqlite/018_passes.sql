-- What is known of a credential beside whose it is: its card, where and until when it holds, who made it so; and who must agree.
CREATE TABLE passes (
    idx INTEGER PRIMARY KEY, card TEXT NOT NULL, class INTEGER NOT NULL, scope TEXT NOT NULL, district TEXT NOT NULL,
    until REAL NOT NULL, made REAL NOT NULL, changed REAL NOT NULL, changed_by TEXT NOT NULL, reason TEXT NOT NULL,
    replaced_by INTEGER NOT NULL DEFAULT 0
)

CREATE UNIQUE INDEX passes_by_card ON passes (card) WHERE card != ''

CREATE INDEX passes_by_class ON passes (class)

CREATE INDEX credentials_not_valid ON credentials (status) WHERE status != 0

CREATE TABLE given (name TEXT PRIMARY KEY, highest INTEGER NOT NULL) WITHOUT ROWID

CREATE TABLE proposals (
    id TEXT PRIMARY KEY, district TEXT NOT NULL, made REAL NOT NULL, made_by TEXT NOT NULL, reason TEXT NOT NULL, act TEXT NOT NULL,
    decided REAL, decided_by TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
