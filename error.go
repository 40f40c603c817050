package hearback

import "errors"

// Errors that callers test for with errors.Is. Everything else is internal:
// it is logged where it stops and never shown to a user in full.
var (
	// ErrNotFound says that the thing named does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that somebody else changed the thing first: read again.
	ErrConflict = errors.New("changed by someone else")
	// ErrRefused says that a rule forbids the act; the message says which.
	ErrRefused = errors.New("refused")
	// ErrInvalid says that the input cannot be used; the message says why and
	// what would be accepted.
	ErrInvalid = errors.New("not valid")
)
