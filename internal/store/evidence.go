package store

import (
	"context"
	"fmt"

	"example.org/hearback/internal/evidence"
)

// SaveCopy keeps an archived copy. One of the same bytes that is kept already
// stays as it is: when it was first taken counts.
func (db *DB) SaveCopy(ctx context.Context, c evidence.Archived) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO evidence_copy (hash, at, url, type, text, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
			c.Hash, micros(c.At), c.URL, c.Type, c.Text, c.Body)
	})
	if err != nil {
		return fmt.Errorf("copy %.12s: %w", c.Hash, err)
	}
	return nil
}

// Copy returns an archived copy, or [hearback.ErrNotFound].
func (db *DB) Copy(ctx context.Context, hash string) (*evidence.Archived, error) {
	var c evidence.Archived
	var taken int64
	err := db.row(ctx, "SELECT hash, at, url, type, text, body FROM evidence_copy WHERE hash = ?", hash).Scan(&c.Hash, &taken, &c.URL, &c.Type, &c.Text, &c.Body)
	if err != nil {
		return nil, fmt.Errorf("copy %.12s: %w", hash, found(err))
	}
	c.At = at(taken)
	return &c, nil
}
