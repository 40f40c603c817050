-- Who asked to be told of answers by e-mail. The address is sealed with a key
-- that is in no backup; of the person nothing else is kept.
CREATE TABLE follow (
	id     INTEGER NOT NULL PRIMARY KEY,
	mark   BLOB NOT NULL UNIQUE, -- keyed hash of the address
	sealed BLOB NOT NULL,        -- the address, encrypted
	lang   TEXT NOT NULL,        -- of what is sent
	wish   TEXT NOT NULL,        -- what is followed, as JSON
	since  INTEGER NOT NULL
) STRICT;

-- Who asked and has not confirmed yet: one row for an address, for a day.
CREATE TABLE follow_ask (
	mark   BLOB NOT NULL PRIMARY KEY,
	token  BLOB NOT NULL,    -- SHA-256 of what the link in the letter carries
	sealed BLOB NOT NULL,    -- address and wish, encrypted
	first  INTEGER NOT NULL, -- when the first of n letters was asked for
	at     INTEGER NOT NULL, -- when the newest was
	n      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX follow_ask_token ON follow_ask (token);
