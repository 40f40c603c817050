-- Voices that only repeated, word for word, what others had said: as many as
-- are left out where counts are held against what is usual, because of n that
-- repeat one text 1 + log2(n) count there.
ALTER TABLE roll ADD COLUMN echoes INTEGER NOT NULL DEFAULT 0;
