package notify

import (
	"context"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// A Store keeps channels, notices and deliveries, and what notices are about;
// package store implements it. It writes notices itself: [OfAlert], [OfRecord]
// and [OfFault] in the transactions of their causes. What is acknowledged or
// judged stops the deliveries about it in the same transaction.
type Store interface {
	// Channels returns the channels of one owner, or all for "", by id.
	Channels(ctx context.Context, owner Owner) ([]Channel, error)
	// Channel returns [hearback.ErrNotFound] if there is none.
	Channel(ctx context.Context, id hearback.ID) (*Channel, error)
	// PutChannel adds c if its version is 0, and otherwise changes it, or
	// returns [hearback.ErrConflict] if the stored version is another.
	PutChannel(ctx context.Context, c *Channel, rs ...hearback.Record) error
	// DropChannel removes a channel, and stops what waits for it with a reason.
	DropChannel(ctx context.Context, id hearback.ID, reason string, rs ...hearback.Record) error

	// DueNotices returns notices that are due and not spread, oldest first.
	DueNotices(ctx context.Context, now time.Time, limit int) ([]Notice, error)
	// Spread writes the deliveries of a notice and notes that it is spread.
	Spread(ctx context.Context, id hearback.ID, list []Delivery) error
	// DueDeliveries returns deliveries in a state that are due, oldest first.
	DueDeliveries(ctx context.Context, s State, now time.Time, limit int) ([]Delivery, error)
	// Bundle writes a digest and makes its members parts of it, except those
	// that are not held any more. If none is left nothing is written.
	Bundle(ctx context.Context, digest *Delivery, members []hearback.ID) error
	// SaveDelivery writes d, and repeat unless it is nil or d was stopped
	// meanwhile.
	SaveDelivery(ctx context.Context, d *Delivery, repeat *Delivery) error
	// Deliveries returns deliveries, newest first.
	Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error)
	// Delivery returns [hearback.ErrNotFound] if there is none.
	Delivery(ctx context.Context, id hearback.ID) (*Delivery, error)
	// ForgetNotices removes notices and deliveries that are over since before.
	ForgetNotices(ctx context.Context, before time.Time) error

	Alert(ctx context.Context, id hearback.ID) (*hearback.Alert, error)
	Case(ctx context.Context, id hearback.ID) (*hearback.Case, error)
	Concern(ctx context.Context, id hearback.ID) (*hearback.Concern, error)
	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)
	Source(ctx context.Context, id hearback.ID) (*hearback.Source, error)
	// SourceFault returns why the last look at a source failed, or "".
	SourceFault(ctx context.Context, id hearback.ID) (string, error)
	Desks(ctx context.Context) ([]hearback.Desk, error)
	Account(ctx context.Context, id hearback.ID) (*access.Account, error)
}

// A DeliveryFilter says which deliveries a list shows; zero fields ask for
// nothing.
type DeliveryFilter struct {
	States  []State
	Channel hearback.ID
	Notice  hearback.ID
	Kind    Kind
	Since   time.Time // made at or after
	Limit   int       // at most this many, 100 if 0
}
