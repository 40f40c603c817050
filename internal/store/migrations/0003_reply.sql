-- What is replied, by whom and by when. The columns are what lists are made
-- by; doc holds the whole thing.
CREATE TABLE desk (
	slug     TEXT NOT NULL PRIMARY KEY,
	fallback INTEGER NOT NULL, -- 1 for the one desk that takes what no other takes
	doc      TEXT NOT NULL,    -- hearback.Desk as JSON
	version  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX desk_fallback ON desk (fallback) WHERE fallback = 1;

CREATE TABLE kase (
	id      INTEGER NOT NULL PRIMARY KEY,
	concern INTEGER NOT NULL,
	state   TEXT NOT NULL,
	desk    TEXT NOT NULL,
	tier    TEXT NOT NULL,
	due     INTEGER NOT NULL, -- when its next clock runs out; the largest number if none runs
	opened  INTEGER NOT NULL,
	answer  INTEGER NOT NULL, -- its answer, or 0
	doc     TEXT NOT NULL,    -- hearback.Case as JSON
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX kase_due ON kase (due, id);
CREATE INDEX kase_state ON kase (state, desk);
CREATE INDEX kase_concern ON kase (concern, id);

CREATE TABLE answer (
	id      INTEGER NOT NULL PRIMARY KEY,
	kase    INTEGER NOT NULL,
	concern INTEGER NOT NULL,
	state   TEXT NOT NULL,
	langs   TEXT NOT NULL,    -- of what is public, with a space before and after each
	changed INTEGER NOT NULL, -- when the public last saw something new; 0 if it is not public
	review  INTEGER NOT NULL, -- since when a draft is in review; 0 if none is
	recheck INTEGER NOT NULL, -- when somebody must look again; 0 if never
	doc     TEXT NOT NULL,    -- hearback.Answer as JSON
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_changed ON answer (changed, id);
CREATE INDEX answer_review ON answer (review) WHERE review > 0;
CREATE INDEX answer_recheck ON answer (recheck) WHERE recheck > 0;
CREATE INDEX concern_answer ON concern (answer) WHERE answer > 0;
