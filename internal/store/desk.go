package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

var _ desk.DeskStore = (*DB)(nil)

// Desks returns every desk, removed ones too, in the order of their slugs.
func (db *DB) Desks(ctx context.Context) (list []hearback.Desk, err error) {
	rows, err := db.query(ctx, "SELECT doc, version FROM desk ORDER BY slug")
	return list, each(rows, err, func(row scanner) error {
		var d hearback.Desk
		var doc string
		var version int
		if err := row.Scan(&doc, &version); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &d); err != nil {
			return fmt.Errorf("desk: %w", err)
		}
		d.Version = version
		list = append(list, d)
		return nil
	})
}

// SaveDesks writes desks in the order given, with the record of the act.
func (db *DB) SaveDesks(ctx context.Context, desks []hearback.Desk, r hearback.Record) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, d := range desks {
			if err := tx.putDesk(ctx, d); err != nil {
				return fmt.Errorf("desk %s: %w", d.Slug, err)
			}
		}
		var n int
		if err := tx.row(ctx, "SELECT COUNT(*) FROM desk WHERE fallback = 1").Scan(&n); err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("desks: %w: %d would be the fallback", hearback.ErrConflict, n)
		}
		_, err := tx.record(ctx, r)
		return err
	})
	// Two nodes that each add the first desk meet at the unique index.
	if err != nil && (strings.Contains(err.Error(), "desk_fallback") || strings.Contains(err.Error(), "desk.fallback") || strings.Contains(err.Error(), "desk_pkey") || strings.Contains(err.Error(), "desk.slug")) {
		return fmt.Errorf("desks: %w", hearback.ErrConflict)
	}
	return err
}

func (t *Tx) putDesk(ctx context.Context, d hearback.Desk) error {
	fallback := 0
	if d.Fallback && !d.Removed {
		fallback = 1
	}
	doc, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if d.Version == 0 {
		return t.exec(ctx, "INSERT INTO desk (slug, fallback, doc, version) VALUES (?, ?, ?, 1)", d.Slug, fallback, string(doc))
	}
	return changed(t.execN(ctx, "UPDATE desk SET fallback = ?, doc = ?, version = version + 1 WHERE slug = ? AND version = ?",
		fallback, string(doc), d.Slug, d.Version))
}

// OpenCases counts the cases a desk has that are neither published nor closed.
func (db *DB) OpenCases(ctx context.Context, desk string) (n int, err error) {
	err = db.row(ctx, "SELECT COUNT(*) FROM kase WHERE desk = ? AND state NOT IN ('published', 'closed')", desk).Scan(&n)
	return n, err
}
