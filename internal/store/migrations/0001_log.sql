-- The public log: one row for each act, in the transaction of the act.
CREATE TABLE log_head (
	one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	next INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (one, next) VALUES (1, 0);

CREATE TABLE entry (
	seq     INTEGER NOT NULL PRIMARY KEY,
	at      INTEGER NOT NULL,
	type    TEXT NOT NULL,
	subject TEXT NOT NULL,
	leaf    BLOB NOT NULL
) STRICT;
CREATE INDEX entry_subject ON entry (subject, seq);

-- Settings of the instance that acts may change, as text.
CREATE TABLE setting (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
