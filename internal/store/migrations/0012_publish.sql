-- What entries of the log were committed to without saying it, with the key
-- that opens the commitment. Rows are deleted when their time is over; the
-- entry and every proof stay as they are.
CREATE TABLE commitment (
	seq  INTEGER NOT NULL PRIMARY KEY, -- of the entry
	at   INTEGER NOT NULL,
	salt BLOB NOT NULL,                -- 32 random bytes, used for this entry alone
	doc  TEXT NOT NULL                 -- canonical JSON
) STRICT;
CREATE INDEX commitment_at ON commitment (at);
