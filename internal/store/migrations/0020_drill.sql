-- What an evaluator saw in a drill. The store of a drill holds one drill.
CREATE TABLE drill_observation (
	id        INTEGER NOT NULL PRIMARY KEY,
	objective TEXT NOT NULL,
	improve   INTEGER NOT NULL, -- 1 if something is to be improved, 0 for a strength
	said      TEXT NOT NULL,
	todo      TEXT NOT NULL,    -- what is to be done, or ''
	desk      TEXT NOT NULL,    -- slug of the desk that does it, or ''
	due       TEXT NOT NULL,    -- the day by which it is done, or ''
	role      TEXT NOT NULL,    -- of the evaluator
	number    INTEGER NOT NULL,
	made_at   INTEGER NOT NULL, -- by the clock of the drill
	version   INTEGER NOT NULL
) STRICT;
CREATE TABLE drill_rating (
	objective TEXT NOT NULL PRIMARY KEY,
	rating    TEXT NOT NULL,
	role      TEXT NOT NULL,
	number    INTEGER NOT NULL,
	made_at   INTEGER NOT NULL
) STRICT;
