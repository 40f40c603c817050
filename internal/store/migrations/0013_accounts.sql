-- How people prove a second time who they are: codes from a phone, passkeys,
-- and recovery codes.
CREATE TABLE factor (
	id      INTEGER NOT NULL PRIMARY KEY,
	account INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	name    TEXT NOT NULL, -- what its owner calls it
	ref     BLOB NOT NULL UNIQUE, -- how it is found: the credential of a passkey, the hash of a recovery code
	doc     TEXT NOT NULL, -- the secret of codes, the public key of a passkey
	step    INTEGER NOT NULL, -- of the newest code that was used; only a later one counts
	since   INTEGER NOT NULL,
	used    INTEGER NOT NULL -- 0 if never
) STRICT;
CREATE INDEX factor_account ON factor (account, kind);

-- 0 waits for the second factor, 1 has one, 2 has two.
ALTER TABLE session ADD COLUMN factors INTEGER NOT NULL DEFAULT 1;

-- Something that was begun and can be finished once: signing in with a passkey
-- or elsewhere.
CREATE TABLE attempt (
	hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the token
	kind TEXT NOT NULL,
	ends INTEGER NOT NULL,
	doc  TEXT NOT NULL
) STRICT;

-- Who an account is to another sign-on service.
CREATE TABLE signon (
	id      INTEGER NOT NULL PRIMARY KEY,
	account INTEGER NOT NULL UNIQUE,
	issuer  TEXT NOT NULL,
	subject TEXT NOT NULL,
	since   INTEGER NOT NULL,
	UNIQUE (issuer, subject)
) STRICT;

-- Tokens with which programs act for an account.
CREATE TABLE token (
	id      INTEGER NOT NULL PRIMARY KEY,
	hash    BLOB NOT NULL UNIQUE, -- SHA-256 of the token
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	scopes  TEXT NOT NULL, -- names with spaces between
	since   INTEGER NOT NULL,
	ends    INTEGER NOT NULL,
	used    INTEGER NOT NULL -- 0 if never
) STRICT;
CREATE INDEX token_account ON token (account, id);

-- What happened at the door. It never holds what somebody typed.
CREATE TABLE security (
	id      INTEGER NOT NULL PRIMARY KEY,
	at      INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	account INTEGER NOT NULL, -- whose, or 0 if nobody's
	by_id   INTEGER NOT NULL, -- who did it, or 0 if the owner or the program
	network TEXT NOT NULL, -- where from, never one address
	note    TEXT NOT NULL
) STRICT;
CREATE INDEX security_account ON security (account, id);
