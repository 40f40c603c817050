-- Where the office, a desk or one of its staff is told of things.
CREATE TABLE channel (
	id      INTEGER NOT NULL PRIMARY KEY,
	owner   TEXT NOT NULL, -- "office", "desk:" and a slug, "staff:" and the id of an account
	doc     TEXT NOT NULL, -- notify.Channel as JSON, without its address
	sealed  BLOB NOT NULL, -- the address and its secret, encrypted with a key that is in no backup
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_owner ON channel (owner, id);

-- What happened that somebody may have to be told of, written with its cause.
CREATE TABLE notice (
	id      INTEGER NOT NULL PRIMARY KEY,
	kind    TEXT NOT NULL,
	subject TEXT NOT NULL,
	made    INTEGER NOT NULL,
	due     INTEGER NOT NULL,
	why     TEXT NOT NULL,
	spread  INTEGER NOT NULL -- 1 once it is known who is told
) STRICT;
CREATE INDEX notice_due ON notice (spread, due);

-- Notices and digests on their way to channels, and what came of them.
CREATE TABLE delivery (
	id      INTEGER NOT NULL PRIMARY KEY,
	notice  INTEGER NOT NULL, -- 0 for a digest or a test
	channel INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	subject TEXT NOT NULL,
	state   TEXT NOT NULL,
	due     INTEGER NOT NULL,
	made    INTEGER NOT NULL,
	doc     TEXT NOT NULL -- notify.Delivery as JSON
) STRICT;
CREATE INDEX delivery_due ON delivery (state, due);
CREATE INDEX delivery_made ON delivery (made);
CREATE INDEX delivery_channel ON delivery (channel, made);
CREATE INDEX delivery_subject ON delivery (subject, state);
