-- Counts by hour of when things were said and by the area that was named, of
-- the last days only: who spoke is not in it, and what was said neither.
CREATE TABLE area_hour (
	bucket   INTEGER NOT NULL,
	area     TEXT NOT NULL, -- '' where none was named
	messages INTEGER NOT NULL,
	voices   INTEGER NOT NULL,
	PRIMARY KEY (bucket, area)
) STRICT, WITHOUT ROWID;
