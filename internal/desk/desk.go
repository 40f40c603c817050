// Package desk takes a concern from the decision that it needs a reply to the
// desk that gives it: cases with their clocks, evidence and verdicts, the
// desks themselves, and which desk a concern looks like.
//
// Every act is written together with its record in the public log. Notes that
// people write stay in the history of the case; the few texts that go to the
// log pass a check for personal data first. Package desk does not write or
// publish answers: that is package answer.
package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
)

// A Store keeps cases. Package store implements it.
type Store interface {
	// Concern returns [hearback.ErrNotFound] if there is no such concern.
	Concern(ctx context.Context, id hearback.ID) (*hearback.Concern, error)

	// Case returns [hearback.ErrNotFound] if there is no such case.
	Case(ctx context.Context, id hearback.ID) (*hearback.Case, error)

	// CaseByConcern returns the newest case of a concern, or
	// [hearback.ErrNotFound] if it never had one.
	CaseByConcern(ctx context.Context, concern hearback.ID) (*hearback.Case, error)

	// Answer returns [hearback.ErrNotFound] if there is no such answer.
	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)

	// AddCase writes a new case with its record, and makes it the newest of its
	// concern in place of before (0 if it had none). It returns
	// [hearback.ErrConflict] if the newest case is another by now.
	AddCase(ctx context.Context, c *hearback.Case, before hearback.ID, r hearback.Record) error

	// SaveCase writes c, and a unless it is nil, with the record of the act,
	// and raises their versions. It returns [hearback.ErrConflict] if a stored
	// version is another; then nothing is written.
	SaveCase(ctx context.Context, c *hearback.Case, a *hearback.Answer, r hearback.Record) error

	// AckCase does what SaveCase does for c alone, and ends the open alerts
	// about its clocks.
	AckCase(ctx context.Context, c *hearback.Case, r hearback.Record) error

	// ServeCase does what SaveCase does for c alone, and makes answer the one
	// that serves its concern; 0 leaves the concern without an answer.
	ServeCase(ctx context.Context, c *hearback.Case, answer hearback.ID, r hearback.Record) error

	// Desks returns every desk, removed ones too, in the order of their slugs.
	Desks(ctx context.Context) ([]hearback.Desk, error)
}

// Cases does what people decide about cases. All fields are set before its
// first use and left alone afterwards; it may be used by many goroutines.
type Cases struct {
	Store  Store
	Now    func() time.Time // a drill sets it to the replayed time
	NextID func() hearback.ID

	// Leak reports whether a text holds personal data; such a text does not go
	// to the public log. Nil is [Leaks], which knows only the plainest cases.
	Leak func(string) bool

	// Blind returns how many people must have given their estimate before a
	// verdict, by tier; nil asks for none.
	Blind func(ctx context.Context) (map[hearback.Tier]int, error)

	// Allowed is asked right before an act is written, with the type of its
	// record, and returns [hearback.ErrRefused] if by may not do it (any
	// more). Nil allows everything: the caller has asked already.
	Allowed func(ctx context.Context, by hearback.Actor, act hearback.RecordType) error
}

// Leaks reports whether s holds what is plainly personal: an @, an
// international telephone number, or seven digits in a row.
func Leaks(s string) bool {
	run, plus := 0, false
	for _, r := range s {
		switch {
		case r == '@' || r == '＠':
			return true
		case r >= '0' && r <= '9' || r >= '０' && r <= '９':
			if run++; run >= 7 || plus {
				return true
			}
		default:
			run = 0
		}
		plus = r == '+' || r == '＋'
	}
	return false
}

// Public returns s as it may stand in the public log. It returns
// [hearback.ErrRefused] if leak finds personal data in it; a nil leak is
// [Leaks].
func Public(leak func(string) bool, what, s string) (string, error) {
	s = strings.TrimSpace(s)
	if leak == nil {
		leak = Leaks
	}
	if err := hearback.CheckNote(s); err != nil {
		return "", err
	}
	if leak(s) {
		return "", fmt.Errorf("%w: %s goes to the public log for ever and seems to hold personal data (a name, number or address); say it without", hearback.ErrRefused, what)
	}
	return s, nil
}

// now returns the time of an act, as exactly as the store keeps it.
func (s *Cases) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// allow refuses acts of the program, other than those that the machine may do,
// and acts that Allowed refuses.
func (s *Cases) allow(ctx context.Context, by hearback.Actor, act hearback.RecordType, machine bool) error {
	if !by.Person() && !machine {
		return fmt.Errorf("%w: a person must decide this", hearback.ErrRefused)
	}
	if s.Allowed == nil {
		return nil
	}
	return s.Allowed(ctx, by, act)
}

// pub is what the public reads of an act.
type pub = map[string]any

// recordOf returns the record of an act about c.
func recordOf(act hearback.RecordType, c *hearback.Case, by hearback.Actor, at time.Time, p pub) hearback.Record {
	return hearback.Record{Type: act, At: at, Actor: by, Subject: "case:" + c.ID.String(), Pub: p}
}

// change loads a case, lets f change it, and writes it with the record of the
// act.
func (s *Cases) change(ctx context.Context, by hearback.Actor, id hearback.ID, act hearback.RecordType, machine bool, f func(c *hearback.Case, at time.Time) (pub, error)) (*hearback.Case, error) {
	if err := s.allow(ctx, by, act, machine); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	p, err := f(c, at)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	if err := s.Store.SaveCase(ctx, c, nil, recordOf(act, c, by, at, p)); err != nil {
		return nil, err
	}
	return c, nil
}

// activeDesk returns a desk that takes cases.
func (s *Cases) activeDesk(ctx context.Context, slug string) (hearback.Desk, error) {
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return hearback.Desk{}, err
	}
	for _, d := range desks {
		if !d.Removed && (d.Slug == slug || slug == "" && d.Fallback) {
			return d, nil
		}
	}
	if slug == "" {
		return hearback.Desk{}, fmt.Errorf("%w: there is no desk yet; add one before opening a case", hearback.ErrRefused)
	}
	return hearback.Desk{}, fmt.Errorf("%w: there is no desk %.40q; choose one from the list of desks", hearback.ErrInvalid, slug)
}
