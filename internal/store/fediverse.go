package store

import (
	"context"
	"time"

	"example.org/hearback/internal/publish/activitypub"
)

var _ activitypub.Store = (*DB)(nil)

// AddAudience implements [activitypub.Store].
func (db *DB) AddAudience(ctx context.Context, mark, sealed []byte, now time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO audience (mark, sealed, at) VALUES (?, ?, ?) ON CONFLICT (mark) DO UPDATE SET sealed = excluded.sealed", mark, sealed, micros(now))
	})
}

// DropAudience implements [activitypub.Store].
func (db *DB) DropAudience(ctx context.Context, mark []byte) error {
	return db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, "DELETE FROM audience WHERE mark = ?", mark) })
}

// Audience implements [activitypub.Store].
func (db *DB) Audience(ctx context.Context) (n int64, err error) {
	err = db.row(ctx, "SELECT COUNT(*) FROM audience").Scan(&n)
	return n, err
}

// Inboxes implements [activitypub.Store].
func (db *DB) Inboxes(ctx context.Context) (list [][]byte, err error) {
	rows, err := db.query(ctx, "SELECT sealed FROM audience ORDER BY at, mark")
	return list, each(rows, err, func(row scanner) error {
		var b []byte
		err := row.Scan(&b)
		list = append(list, b)
		return err
	})
}

// SeenActivity implements [activitypub.Store].
func (db *DB) SeenActivity(ctx context.Context, mark []byte, now, before time.Time) (seen bool, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "DELETE FROM activity_seen WHERE at < ?", micros(before)); err != nil {
			return err
		}
		n, err := tx.execN(ctx, "INSERT INTO activity_seen (mark, at) VALUES (?, ?) ON CONFLICT (mark) DO NOTHING", mark, micros(now))
		seen = n == 0
		return err
	})
	return seen, err
}

// AddNeighbour implements [activitypub.Store].
func (db *DB) AddNeighbour(ctx context.Context, n activitypub.Neighbour, keep int) error {
	return db.write(ctx, func(tx *Tx) error {
		if n.Title == "" {
			return tx.exec(ctx, "DELETE FROM neighbour WHERE id = ?", n.ID)
		}
		if err := tx.exec(ctx, "INSERT INTO neighbour (id, host, title, url, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, url = excluded.url, at = excluded.at",
			n.ID, n.Host, n.Title, n.URL, micros(n.At)); err != nil {
			return err
		}
		return tx.exec(ctx, "DELETE FROM neighbour WHERE host = ? AND id NOT IN (SELECT id FROM neighbour WHERE host = ? ORDER BY at DESC, id DESC LIMIT ?)", n.Host, n.Host, keep)
	})
}

// Neighbours returns what other offices published, newest first.
func (db *DB) Neighbours(ctx context.Context, limit int) (list []activitypub.Neighbour, err error) {
	rows, err := db.query(ctx, "SELECT id, host, title, url, at FROM neighbour ORDER BY at DESC, id DESC LIMIT ?", limit)
	return list, each(rows, err, func(row scanner) error {
		var n activitypub.Neighbour
		var us int64
		err := row.Scan(&n.ID, &n.Host, &n.Title, &n.URL, &us)
		n.At = at(us)
		list = append(list, n)
		return err
	})
}
