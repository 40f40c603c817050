-- Proposals to split a concern, and splits that were made: which messages left
-- it, and what was counted with them, so that taking one back is exact.
CREATE TABLE split (
	id      INTEGER NOT NULL PRIMARY KEY,
	concern INTEGER NOT NULL, -- that is split
	part    INTEGER NOT NULL, -- the concern that began with it, or 0
	state   TEXT NOT NULL,    -- proposed, rejected, done or undone
	at      INTEGER NOT NULL, -- when it came to this state
	doc     TEXT NOT NULL     -- store.Split as JSON: ids, counts and words, no text
) STRICT;
CREATE INDEX split_concern ON split (concern, id);
