-- Concerns drawn at random, once a week, among those nothing was told of, and
-- what a person found: how often a concern that mattered was missed.
CREATE TABLE sample (
	week    INTEGER NOT NULL, -- microseconds, its Monday at 00:00 UTC
	concern INTEGER NOT NULL,
	out_of  INTEGER NOT NULL, -- how many concerns it was drawn from
	finding TEXT NOT NULL,    -- '', 'missed' or 'right'
	rater   INTEGER NOT NULL, -- account, 0 while it is open
	at      INTEGER NOT NULL,
	PRIMARY KEY (week, concern)
) STRICT, WITHOUT ROWID;
