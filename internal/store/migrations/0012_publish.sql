-- What entries of the log were committed to without saying it, with the key
-- that opens the commitment. Rows are deleted when their time is over; the
-- entry and every proof stay as they are.
CREATE TABLE commitment (
	seq  INTEGER NOT NULL PRIMARY KEY, -- of the entry
	at   INTEGER NOT NULL,
	salt BLOB NOT NULL,                -- 32 random bytes, used for this entry alone
	doc  TEXT NOT NULL                 -- canonical JSON
) STRICT;
CREATE INDEX commitment_at ON commitment (at);

-- What must still be sent to other programs: one row until it arrived, or until
-- it was tried often enough.
CREATE TABLE outgoing (
	id     INTEGER NOT NULL PRIMARY KEY,
	kind   TEXT NOT NULL,    -- who knows how to send it
	target BLOB NOT NULL,    -- where to; sealed if it is the address of somebody
	body   BLOB NOT NULL,
	made   INTEGER NOT NULL,
	due    INTEGER NOT NULL,
	tries  INTEGER NOT NULL
) STRICT;
CREATE INDEX outgoing_due ON outgoing (due, id);

-- Whether an answer answered what people asked: counts, and nothing else.
CREATE TABLE feedback (
	answer INTEGER NOT NULL,
	rev    INTEGER NOT NULL,
	said   TEXT NOT NULL,    -- yes, part, no
	reason TEXT NOT NULL,    -- one of a few, or '' while none was chosen
	n      INTEGER NOT NULL,
	PRIMARY KEY (answer, rev, said, reason)
) STRICT;

-- Where the fediverse is told what was published: a mark by which an unfollowing
-- is recognised, and the sealed address of a server's inbox. No account.
CREATE TABLE audience (
	mark   BLOB NOT NULL PRIMARY KEY,
	sealed BLOB NOT NULL,
	at     INTEGER NOT NULL
) STRICT;
CREATE TABLE activity_seen (
	mark BLOB NOT NULL PRIMARY KEY,
	at   INTEGER NOT NULL
) STRICT;
CREATE INDEX activity_seen_at ON activity_seen (at);

-- What neighbouring offices published.
CREATE TABLE neighbour (
	id    TEXT NOT NULL PRIMARY KEY,
	host  TEXT NOT NULL,
	title TEXT NOT NULL,
	url   TEXT NOT NULL,
	at    INTEGER NOT NULL
) STRICT;
CREATE INDEX neighbour_at ON neighbour (host, at);

-- Cases that were sent to a city's own desk, and what it says of them.
CREATE TABLE sent311 (
	kase    INTEGER NOT NULL PRIMARY KEY,
	desk    TEXT NOT NULL,    -- slug of the desk whose endpoint it went to
	said    TEXT NOT NULL,    -- what was sent
	request TEXT NOT NULL,    -- its number there, '' until it is known
	token   TEXT NOT NULL,    -- by which the number can be asked for, or ''
	status  TEXT NOT NULL,    -- as the other desk says; 'waiting' until it took it
	note    TEXT NOT NULL,
	at      INTEGER NOT NULL, -- when it was sent
	asked   INTEGER NOT NULL  -- when it was last asked about
) STRICT;
