-- Who works here. The number stands in the public log and is never given twice.
CREATE TABLE account_head (
	one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	next INTEGER NOT NULL
) STRICT;
INSERT INTO account_head (one, next) VALUES (1, 1);

CREATE TABLE account (
	id      INTEGER NOT NULL PRIMARY KEY,
	number  INTEGER NOT NULL UNIQUE,
	login   TEXT NOT NULL UNIQUE,
	name    TEXT NOT NULL,
	lang    TEXT NOT NULL,
	roles   TEXT NOT NULL, -- names with spaces between
	desks   TEXT NOT NULL, -- slugs with spaces between; empty means every desk
	admin   INTEGER NOT NULL, -- 1 if it is active and an administrator, for counting them
	state   TEXT NOT NULL,
	since   INTEGER NOT NULL,
	hash    TEXT NOT NULL, -- argon2id of the password
	version INTEGER NOT NULL
) STRICT;

-- Links that work once: invitations, the first administrator, new passwords.
CREATE TABLE link (
	id      INTEGER NOT NULL PRIMARY KEY,
	hash    BLOB NOT NULL UNIQUE, -- SHA-256 of the token
	kind    TEXT NOT NULL,
	account INTEGER NOT NULL, -- whose password it sets, or 0
	ends    INTEGER NOT NULL,
	doc     TEXT NOT NULL -- access.Link as JSON
) STRICT;

CREATE TABLE session (
	id      INTEGER NOT NULL PRIMARY KEY,
	hash    BLOB NOT NULL UNIQUE, -- SHA-256 of the token
	account INTEGER NOT NULL,
	agent   TEXT NOT NULL,
	begun   INTEGER NOT NULL,
	used    INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account, used);
