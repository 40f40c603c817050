package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/hearback"
)

// LoginTries implements [access.Store].
func (db *DB) LoginTries(ctx context.Context, hash []byte) (rest float64, when time.Time, err error) {
	var t int64
	err = found(db.row(ctx, "SELECT rest, at FROM tries WHERE hash = ?", hash).Scan(&rest, &t))
	if err != nil && !errors.Is(err, hearback.ErrNotFound) {
		err = fmt.Errorf("tries: %w", err)
	}
	return rest, at(t), err
}

// PutLoginTries implements [access.Store].
func (db *DB) PutLoginTries(ctx context.Context, hash []byte, rest float64, now time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO tries (hash, rest, at) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET rest = excluded.rest, at = excluded.at", hash, rest, micros(now))
	})
}
