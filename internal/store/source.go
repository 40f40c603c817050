package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
)

// The contract of what follows is source.Store. The guard that it is kept
// stands in the tests: this package may not see raw text, and so may not
// import package source.

// scanSource reads id, version and doc. The columns are what the row is found
// by; everything else about a source is in doc.
func scanSource(row scanner) (hearback.Source, error) {
	var s hearback.Source
	var id hearback.ID
	var version int
	var doc string
	if err := row.Scan(&id, &version, &doc); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(doc), &s); err != nil {
		return s, fmt.Errorf("source %s: %w", id, err)
	}
	s.ID, s.Version = id, version
	return s, nil
}

// AddSource writes a new source with version 1, and rs with it. It returns
// [hearback.ErrConflict] if the slug was ever used.
func (db *DB) AddSource(ctx context.Context, s *hearback.Source, rs ...hearback.Record) error {
	added := *s
	added.Version = 1
	doc, err := json.Marshal(added)
	if err != nil {
		return fmt.Errorf("source %q: %w", s.Slug, err)
	}
	err = db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, `INSERT INTO source (id, slug, kind, state, doc, version, last_try, last_success, last_message, next_try, fault)
			VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0, 0, '') ON CONFLICT DO NOTHING`,
			int64(s.ID), s.Slug, string(s.Kind), string(s.State), string(doc))
		if err := changed(n, err); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("source %q: %w", s.Slug, err)
	}
	s.Version = 1
	return nil
}

// ChangeSource writes s, and rs with it, raises s.Version, and makes a feed
// due at once. It returns [hearback.ErrConflict] if the stored version is not
// s.Version. Slug and kind never change.
func (db *DB) ChangeSource(ctx context.Context, s *hearback.Source, rs ...hearback.Record) error {
	next := *s
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("source %q: %w", s.Slug, err)
	}
	err = db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "UPDATE source SET state = ?, doc = ?, version = ?, next_try = 0 WHERE id = ? AND version = ? AND slug = ? AND kind = ?",
			string(s.State), string(doc), next.Version, int64(s.ID), s.Version, s.Slug, string(s.Kind))
		if err := changed(n, err); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("source %q: %w", s.Slug, err)
	}
	s.Version = next.Version
	return nil
}

// Sources returns every source, removed ones too, in the order they were
// added.
func (db *DB) Sources(ctx context.Context) ([]hearback.Source, error) {
	return db.sources(ctx, "SELECT id, version, doc FROM source ORDER BY id")
}

// DueSources returns active feeds whose next look is not after now, the
// longest due first, at most limit.
func (db *DB) DueSources(ctx context.Context, now time.Time, limit int) ([]hearback.Source, error) {
	return db.sources(ctx, "SELECT id, version, doc FROM source WHERE state = ? AND kind = ? AND next_try <= ? ORDER BY next_try, id LIMIT ?",
		string(hearback.SourceActive), string(hearback.Feed), micros(now), limit)
}

func (db *DB) sources(ctx context.Context, q string, args ...any) (list []hearback.Source, err error) {
	rows, err := db.query(ctx, q, args...)
	return list, each(rows, err, func(row scanner) error {
		s, err := scanSource(row)
		list = append(list, s)
		return err
	})
}

// Source returns one source, or [hearback.ErrNotFound].
func (db *DB) Source(ctx context.Context, id hearback.ID) (*hearback.Source, error) {
	s, err := scanSource(db.row(ctx, "SELECT id, version, doc FROM source WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", id, found(err))
	}
	return &s, nil
}

// SourceBySlug returns the source with a slug, or [hearback.ErrNotFound].
func (db *DB) SourceBySlug(ctx context.Context, slug string) (*hearback.Source, error) {
	s, err := scanSource(db.row(ctx, "SELECT id, version, doc FROM source WHERE slug = ?", slug))
	if err != nil {
		return nil, fmt.Errorf("source %.70q: %w", slug, found(err))
	}
	return &s, nil
}

// Cursor returns how far a source has been read, nil if it never was.
func (db *DB) Cursor(ctx context.Context, id hearback.ID) (cursor []byte, err error) {
	if err := db.row(ctx, "SELECT cursor FROM source WHERE id = ?", int64(id)).Scan(&cursor); err != nil {
		return nil, fmt.Errorf("source %s: %w", id, found(err))
	}
	return cursor, nil
}

// NoteTry notes a look at a source: when, why it failed ("" if it did not),
// and when the next is due (zero if none is).
func (db *DB) NoteTry(ctx context.Context, id hearback.ID, at time.Time, fault string, next time.Time) error {
	err := db.write(ctx, func(tx *Tx) error {
		var was string
		err := found(tx.row(ctx, "SELECT fault FROM source WHERE id = ?", int64(id)).Scan(&was))
		switch {
		case err != nil:
		case was == "" && fault != "":
			err = tx.notice(ctx, notify.OfFault(id, at, fault))
		case was != "" && fault == "": // over before anybody was told
			err = tx.exec(ctx, "DELETE FROM notice WHERE subject = ? AND spread = 0", "source:"+id.String())
		}
		if err != nil {
			return err
		}
		return changedOrNotFound(tx.execN(ctx, "UPDATE source SET last_try = ?, last_success = CASE WHEN ? = '' THEN ? ELSE last_success END, fault = ?, next_try = ? WHERE id = ?",
			micros(at), fault, micros(at), fault, micros(next), int64(id)))
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", id, err)
	}
	return nil
}

// changedOrNotFound returns [hearback.ErrNotFound] if an update of one row
// found none.
func changedOrNotFound(n int64, err error) error {
	if err == nil && n == 0 {
		return hearback.ErrNotFound
	}
	return err
}

// Tries calls f with what is noted of the looks at one source, or at every
// source if id is 0. PerHour and Usual are not set.
func (db *DB) Tries(ctx context.Context, id hearback.ID, f func(id hearback.ID, h hearback.Health)) error {
	rows, err := db.query(ctx, "SELECT id, last_try, last_success, last_message, next_try, fault FROM source WHERE CAST(? AS BIGINT) = 0 OR id = ?", int64(id), int64(id))
	return each(rows, err, func(row scanner) error {
		var id hearback.ID
		var try, success, message, next int64
		var h hearback.Health
		if err := row.Scan(&id, &try, &success, &message, &next, &h.Fault); err != nil {
			return err
		}
		h.LastTry, h.LastSuccess, h.LastMessage, h.NextTry = at(try), at(success), at(message), at(next)
		f(id, h)
		return nil
	})
}

// Tallies calls f with the counts of one source, or of every source if id is
// 0, from the bucket of a time on: source by source, oldest first.
func (db *DB) Tallies(ctx context.Context, id hearback.ID, from time.Time, f func(id hearback.ID, bucket time.Time, y hearback.Tally)) error {
	const columns = "SELECT source, bucket, received, kept, copies, dropped, repeats, edited, deleted, refused FROM tally "
	q, args := columns+"WHERE bucket >= ? ORDER BY source, bucket", []any{micros(from)}
	if id != 0 {
		q, args = columns+"WHERE source = ? AND bucket >= ? ORDER BY source, bucket", []any{int64(id), micros(from)}
	}
	rows, err := db.query(ctx, q, args...)
	return each(rows, err, func(row scanner) error {
		var id hearback.ID
		var us int64
		var y hearback.Tally
		if err := row.Scan(&id, &us, &y.Received, &y.Kept, &y.Copies, &y.Dropped, &y.Repeats, &y.Edited, &y.Deleted, &y.Refused); err != nil {
			return err
		}
		f(id, at(us), y)
		return nil
	})
}
