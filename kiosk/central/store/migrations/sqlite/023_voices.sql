-- What people say of stations and what becomes of it; with which receipts they ask; how content they are; keys of a day.
CREATE TABLE voices (
    number INTEGER PRIMARY KEY AUTOINCREMENT, station TEXT NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL, what TEXT NOT NULL,
    urgent INTEGER NOT NULL, said REAL NOT NULL, last REAL NOT NULL, own_by TEXT NOT NULL, due TEXT NOT NULL, changed REAL NOT NULL,
    too INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, passed_to TEXT NOT NULL, answer TEXT NOT NULL,
    answered REAL NOT NULL, answered_by TEXT NOT NULL
)

CREATE INDEX voices_of ON voices (station, said)

CREATE INDEX voices_open ON voices (due) WHERE state IN ('disputed', 'owned', 'received')

CREATE TABLE voice_acts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, voice INTEGER NOT NULL, at REAL NOT NULL, account TEXT NOT NULL,
    event TEXT NOT NULL, words TEXT NOT NULL
)

CREATE INDEX voice_acts_of ON voice_acts (voice)

CREATE TABLE remarks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, voice INTEGER NOT NULL, at REAL NOT NULL, text TEXT NOT NULL, photo BLOB,
    text_public INTEGER NOT NULL, photo_public INTEGER NOT NULL
)

CREATE INDEX remarks_of ON remarks (voice)

CREATE TABLE evidence (voice INTEGER, at REAL, body TEXT NOT NULL, PRIMARY KEY (voice, at)) WITHOUT ROWID

CREATE TABLE receipts (digest BLOB PRIMARY KEY, voice INTEGER NOT NULL, made REAL NOT NULL) WITHOUT ROWID

CREATE INDEX receipts_of ON receipts (voice)

CREATE TABLE owner_rules (prefix TEXT, place TEXT, owner TEXT NOT NULL, PRIMARY KEY (prefix, place)) WITHOUT ROWID

CREATE TABLE ratings (
    station TEXT, source TEXT, first TEXT, very_content INTEGER NOT NULL, content INTEGER NOT NULL, so_so INTEGER NOT NULL,
    not_content INTEGER NOT NULL, surplus INTEGER NOT NULL, entered INTEGER, PRIMARY KEY (station, source, first)
) WITHOUT ROWID

CREATE TABLE secrets (name TEXT PRIMARY KEY, made REAL NOT NULL, value BLOB NOT NULL) WITHOUT ROWID
