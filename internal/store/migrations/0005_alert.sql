-- What asked for a look, and what people said of it.
CREATE TABLE alert (
	id      INTEGER NOT NULL PRIMARY KEY,
	concern INTEGER NOT NULL, -- 0 for an alert about a source
	source  INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	at      INTEGER NOT NULL,
	waits   INTEGER NOT NULL, -- 1 while it is neither acknowledged nor judged
	doc     TEXT NOT NULL,    -- hearback.Alert as JSON
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_concern ON alert (concern, at);
CREATE INDEX alert_waits ON alert (waits, at);

-- What the detector needs to go on after a restart, one row a concern.
CREATE TABLE detector (
	concern INTEGER NOT NULL PRIMARY KEY,
	state   BLOB NOT NULL
) STRICT;

-- Forecasts, written before the fact and scored after it.
CREATE TABLE forecast (
	concern INTEGER NOT NULL,
	made    INTEGER NOT NULL,
	hours   INTEGER NOT NULL,
	doc     TEXT NOT NULL, -- quantiles and, once it is known, what came and the score
	due     INTEGER NOT NULL,
	scored  INTEGER NOT NULL,
	PRIMARY KEY (concern, made, hours)
) STRICT, WITHOUT ROWID;
CREATE INDEX forecast_due ON forecast (scored, due);

-- How dangerous people found a concern: one row for each person, the newest.
CREATE TABLE harm (
	concern INTEGER NOT NULL,
	rater   INTEGER NOT NULL, -- an account of the office
	at      INTEGER NOT NULL,
	doc     TEXT NOT NULL,    -- hearback.HarmRating as JSON
	PRIMARY KEY (concern, rater)
) STRICT, WITHOUT ROWID;

-- What happened after an answer.
CREATE TABLE outcome (
	answer  INTEGER NOT NULL PRIMARY KEY,
	concern INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	since   INTEGER NOT NULL, -- when the answer went out
	doc     TEXT NOT NULL     -- hearback.Outcome as JSON
) STRICT;
