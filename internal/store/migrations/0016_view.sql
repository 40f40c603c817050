-- Lists of concerns that people keep under a name: filters, never results.
CREATE TABLE saved_view (
	id      INTEGER NOT NULL PRIMARY KEY,
	account INTEGER NOT NULL, -- who made it
	desk    TEXT NOT NULL,    -- slug of the desk that shares it, or ''
	name    TEXT NOT NULL,
	query   TEXT NOT NULL,    -- the filter as it stands in an address
	since   INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_view_account ON saved_view (account, id);
