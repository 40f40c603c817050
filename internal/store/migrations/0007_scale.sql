-- What keeps lists and steps short when there are hundreds of thousands of
-- concerns, nearly all of them of one or two voices.

-- 1 if many ask: voices and share of questions as in store.void. Lists take
-- those without an answer.
ALTER TABLE concern ADD COLUMN void INTEGER NOT NULL DEFAULT 0;
UPDATE concern SET void = 1
	WHERE voices >= 15 AND (SELECT SUM(questions) FROM roll WHERE roll.concern = concern.id) >= 0.4 * messages;

-- The concerns that are worth a row (hearback.VisibleVoices, or a danger), in
-- the order of the list, with all that the list counts and leaves out by.
CREATE INDEX concern_visible ON concern (state, rank, priority DESC, id, kase, answer, void, voices, first_at) WHERE voices >= 5 OR rank = 0;

-- Counts are read by concern since.
DROP INDEX roll_bucket;
