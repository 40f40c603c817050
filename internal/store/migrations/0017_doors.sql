-- How many wrong passwords and codes an account has left, so that a restart
-- gives nobody new ones.
CREATE TABLE tries (
	hash BLOB NOT NULL PRIMARY KEY, -- of what is counted
	rest REAL NOT NULL,
	at   INTEGER NOT NULL
) STRICT;
CREATE INDEX tries_at ON tries (at);
