package publish

import (
	"context"
	"time"

	"example.org/hearback"
)

// A Delivery is one thing that must still be sent to another program. It stays
// until it arrived or was tried often enough, also over a restart.
type Delivery struct {
	ID     hearback.ID
	Kind   string // who knows how to send it: "websub", "activity", "open311", [Letter]
	Target []byte // where to; sealed if it is the address of somebody
	Body   []byte
	Made   time.Time
	Due    time.Time
	Tries  int
}

// Letter is the kind of a delivery by e-mail to somebody who follows.
const Letter = "letter"

// An Outbox keeps deliveries. Package store implements it.
type Outbox interface {
	// SpreadActs moves the place in the public log up to which acts were spread,
	// from one index to another, and keeps the deliveries that come of it; all
	// or nothing. It returns [hearback.ErrConflict] if the place was not from.
	SpreadActs(ctx context.Context, from, to int64, list []Delivery) error
	// SpreadTo returns that place.
	SpreadTo(ctx context.Context) (int64, error)
	// SendLater keeps deliveries that come of nothing in the log.
	SendLater(ctx context.Context, list ...Delivery) error
	// DueOutgoing returns what should be sent by now, the longest waiting first:
	// letters, or everything else. A mail server takes its time for a thousand
	// letters, and nothing else waits for that.
	DueOutgoing(ctx context.Context, letters bool, now time.Time, limit int) ([]Delivery, error)
	// Sent forgets one; SendAgain tries it again at a time.
	Sent(ctx context.Context, id hearback.ID) error
	SendAgain(ctx context.Context, id hearback.ID, due time.Time) error
}

// Tries is how often a delivery is tried; with the waits of [Wait] that is
// about five days.
const Tries = 14

// Wait returns how long to wait before the next try, after so many: a minute,
// doubling, a day at most.
func Wait(tries int) time.Duration {
	return min(time.Minute<<min(max(tries-1, 0), 20), 24*time.Hour)
}
