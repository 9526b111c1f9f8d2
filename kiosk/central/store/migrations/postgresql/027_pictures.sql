-- The pictures that services name by their SHA-256, and which service names which.
CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, body BYTEA NOT NULL)

CREATE TABLE service_pictures (service TEXT PRIMARY KEY, picture TEXT NOT NULL)
