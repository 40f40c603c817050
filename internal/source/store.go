package source

import (
	"context"
	"time"

	"example.org/hearback"
)

// A Store keeps sources and what is known of how they do. Package store
// implements it; no type of this package is in it, so that package store need
// not see raw text.
type Store interface {
	// AddSource writes a new source with version 1, and rs with it. It returns
	// [hearback.ErrConflict] if the slug was ever used.
	AddSource(ctx context.Context, s *hearback.Source, rs ...hearback.Record) error

	// ChangeSource writes s, and rs with it, raises s.Version, and makes a feed
	// due at once. It returns [hearback.ErrConflict] if the stored version is
	// not s.Version. Slug and kind never change.
	ChangeSource(ctx context.Context, s *hearback.Source, rs ...hearback.Record) error

	// Sources returns every source, removed ones too, in the order they were
	// added.
	Sources(ctx context.Context) ([]hearback.Source, error)

	// Source and SourceBySlug return [hearback.ErrNotFound] if there is none.
	Source(ctx context.Context, id hearback.ID) (*hearback.Source, error)
	SourceBySlug(ctx context.Context, slug string) (*hearback.Source, error)

	// DueSources returns active feeds whose next look is not after now, the
	// longest due first, at most limit.
	DueSources(ctx context.Context, now time.Time, limit int) ([]hearback.Source, error)

	// Cursor returns how far a source has been read, nil if it never was. It
	// is written by [Sink.Take], with what was read.
	Cursor(ctx context.Context, id hearback.ID) ([]byte, error)

	// NoteTry notes a look at a source: when, why it failed ("" if it did
	// not), and when the next is due (zero if none is).
	NoteTry(ctx context.Context, id hearback.ID, at time.Time, fault string, next time.Time) error

	// Tries calls f with what is noted of the looks at one source, or at every
	// source if id is 0. PerHour and Usual are not set.
	Tries(ctx context.Context, id hearback.ID, f func(id hearback.ID, h hearback.Health)) error

	// Tallies calls f with the counts of one source, or of every source if id
	// is 0, from the bucket of a time on: source by source, oldest first.
	Tallies(ctx context.Context, id hearback.ID, from time.Time, f func(id hearback.ID, bucket time.Time, y hearback.Tally)) error
}

// A TopicStore keeps topics. Package store implements it.
type TopicStore interface {
	// AddTopic writes a new topic with version 1, and rs with it.
	AddTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error

	// ChangeTopic writes t, and rs with it, and raises t.Version. It returns
	// [hearback.ErrConflict] if the stored version is not t.Version.
	ChangeTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error

	// RemoveTopic marks t as removed, and writes rs with it. It returns
	// [hearback.ErrConflict] if the stored version is not t.Version. The row
	// stays: what was listened for remains on the record.
	RemoveTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error

	// Topics returns every topic, removed ones too, in the order they were
	// added.
	Topics(ctx context.Context) ([]hearback.Topic, error)

	// Topic returns [hearback.ErrNotFound] if there is none.
	Topic(ctx context.Context, id hearback.ID) (*hearback.Topic, error)
}
