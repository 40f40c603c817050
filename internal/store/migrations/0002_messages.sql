-- Where messages come from, and which are kept.
CREATE TABLE source (
	id           INTEGER NOT NULL PRIMARY KEY,
	slug         TEXT NOT NULL UNIQUE,
	kind         TEXT NOT NULL,
	state        TEXT NOT NULL,
	doc          TEXT NOT NULL, -- hearback.Source as JSON
	version      INTEGER NOT NULL,
	cursor       BLOB,          -- how far it has been read; its reader knows the form
	last_try     INTEGER NOT NULL,
	last_success INTEGER NOT NULL,
	last_message INTEGER NOT NULL,
	next_try     INTEGER NOT NULL,
	fault        TEXT NOT NULL
) STRICT;

CREATE TABLE topic (
	id      INTEGER NOT NULL PRIMARY KEY,
	state   TEXT NOT NULL,
	doc     TEXT NOT NULL, -- hearback.Topic as JSON
	version INTEGER NOT NULL
) STRICT;

-- What became of the messages of each source, by the hour they came in.
CREATE TABLE tally (
	source   INTEGER NOT NULL,
	bucket   INTEGER NOT NULL,
	received INTEGER NOT NULL,
	kept     INTEGER NOT NULL,
	copies   INTEGER NOT NULL,
	dropped  INTEGER NOT NULL,
	repeats  INTEGER NOT NULL,
	edited   INTEGER NOT NULL,
	deleted  INTEGER NOT NULL,
	refused  INTEGER NOT NULL,
	PRIMARY KEY (source, bucket)
) STRICT, WITHOUT ROWID;

-- De-identified messages, written in the order of their ids and never looked
-- up by concern: a concern keeps the ids of its newest ones.
CREATE TABLE message (
	id      INTEGER NOT NULL PRIMARY KEY,
	source  INTEGER NOT NULL,
	concern INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	seen    INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	lang    TEXT NOT NULL,
	area    TEXT NOT NULL,
	copy_of INTEGER NOT NULL,
	masked  TEXT NOT NULL, -- kinds, with spaces between
	text    TEXT NOT NULL,
	sig     BLOB           -- signature for finding copies
) STRICT;

-- Which post a message was: a keyed hash that lives as long as the text, so
-- that an edit or a deletion finds its message.
CREATE TABLE post (
	source  INTEGER NOT NULL,
	hash    INTEGER NOT NULL,
	message INTEGER NOT NULL, -- 0 if it was dropped
	digest  INTEGER NOT NULL, -- keyed hash of the words, to tell an edit from a repeat
	seen    INTEGER NOT NULL, -- when it came in, for forgetting it in time
	PRIMARY KEY (source, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE concern (
	id       INTEGER NOT NULL PRIMARY KEY,
	theme    INTEGER NOT NULL,
	state    TEXT NOT NULL,
	into_id  INTEGER NOT NULL,
	title    TEXT NOT NULL,
	titled   INTEGER NOT NULL,
	first_at INTEGER NOT NULL,
	last_at  INTEGER NOT NULL,
	messages INTEGER NOT NULL,
	copies   INTEGER NOT NULL,
	voices   INTEGER NOT NULL,
	doc      TEXT NOT NULL,    -- phrases, languages, kinds, areas, recent messages, medoid as JSON
	score    TEXT NOT NULL,    -- hearback.Score as JSON
	rank     INTEGER NOT NULL, -- of its tier, for sorting
	priority REAL NOT NULL,
	kase     INTEGER NOT NULL, -- newest case, or 0
	answer   INTEGER NOT NULL, -- published answer, or 0
	version  INTEGER NOT NULL
) STRICT;
CREATE INDEX concern_order ON concern (state, rank, priority DESC, id);
CREATE INDEX concern_into ON concern (into_id) WHERE into_id <> 0;

-- What the grouping needs to go on after a restart, one row a concern, and the
-- term statistics under concern 0. sketch counts distinct voices in the open
-- window and is emptied when that closes.
CREATE TABLE grouping (
	concern INTEGER NOT NULL PRIMARY KEY,
	state   BLOB NOT NULL,
	sketch  BLOB
) STRICT;

-- Counts by quarter hour of when things were said, concern and source.
CREATE TABLE roll (
	bucket    INTEGER NOT NULL,
	concern   INTEGER NOT NULL,
	source    INTEGER NOT NULL,
	messages  INTEGER NOT NULL,
	voices    INTEGER NOT NULL,
	questions INTEGER NOT NULL,
	copies    INTEGER NOT NULL,
	PRIMARY KEY (concern, bucket, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX roll_bucket ON roll (bucket);
