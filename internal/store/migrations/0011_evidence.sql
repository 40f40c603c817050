-- Archived copies of evidence, by what they hold: one copy serves every case.
CREATE TABLE evidence_copy (
	hash TEXT NOT NULL PRIMARY KEY, -- SHA-256 of body in hex
	at   INTEGER NOT NULL,          -- when it was taken
	url  TEXT NOT NULL,             -- where it was taken from, or ""
	type TEXT NOT NULL,             -- media type as it was sent
	text TEXT NOT NULL,             -- the words in it, as far as they can be read
	body BLOB NOT NULL
) STRICT;
