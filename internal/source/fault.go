package source

import (
	"errors"
	"time"
)

// A Fault says why a source could not be read, in one plain sentence for the
// operator: what, where, what to do.
type Fault struct {
	Sentence string
	After    time.Duration // how long the source asks us to wait; 0 if it does not
	Gone     bool          // the source says that it will never come back
	Err      error         // what was underneath, or nil; for the log, not for people
}

// Error returns the sentence.
func (f *Fault) Error() string { return f.Sentence }

// Unwrap returns what was underneath.
func (f *Fault) Unwrap() error { return f.Err }

// sentence returns the sentence of a fault, or one for errors that are none.
func sentence(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Sentence
	}
	return "The last look failed inside Hearback; its log says why."
}
