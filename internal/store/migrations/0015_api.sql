-- Whether whoever made a token had given a second factor (2) or not (1). Without
-- one, roles that need it sleep in the token as they do in a session.
ALTER TABLE token ADD COLUMN factors INTEGER NOT NULL DEFAULT 1;

-- The first answer to an act of a program, for a day, so that an act that is
-- sent twice is done once.
CREATE TABLE act_key (
	key     BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the account and of the key that the program chose
	request BLOB NOT NULL, -- SHA-256 of what was sent
	status  INTEGER NOT NULL, -- 0 while it is being done
	answer  BLOB NOT NULL, -- sealed: it opens only to the program that sent it
	since   INTEGER NOT NULL
) STRICT;
CREATE INDEX act_key_since ON act_key (since);
