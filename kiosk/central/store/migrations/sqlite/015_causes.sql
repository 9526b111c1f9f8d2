-- What is wrong: the stations' alarms that stand, the causes that came and went, what duty officers did about each, and who is told.
CREATE TABLE raised (station TEXT PRIMARY KEY, count INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID

CREATE TABLE causes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, what TEXT NOT NULL, place TEXT NOT NULL,
    came REAL NOT NULL, seen REAL NOT NULL, told REAL, reminded REAL, gone REAL
)

CREATE UNIQUE INDEX causes_open ON causes (key) WHERE gone IS NULL

CREATE INDEX causes_gone ON causes (gone)

CREATE TABLE duty (
    number INTEGER PRIMARY KEY AUTOINCREMENT, cause INTEGER NOT NULL, at REAL NOT NULL, account TEXT NOT NULL,
    act TEXT NOT NULL, until REAL, whom TEXT NOT NULL, why TEXT NOT NULL
)

CREATE INDEX duty_of ON duty (cause, number)

CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, receiver TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, next REAL NOT NULL, ended REAL, outcome TEXT NOT NULL DEFAULT ''
)

CREATE INDEX messages_waiting ON messages (receiver, next) WHERE ended IS NULL
