package store

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback/internal/web/office"
)

// ClaimKey implements [office.Store].
func (db *DB) ClaimKey(ctx context.Context, k office.ActKey, before time.Time) (old *office.ActKey, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "DELETE FROM act_key WHERE since <= ?", micros(before)); err != nil {
			return err
		}
		n, err := tx.execN(ctx, "INSERT INTO act_key (key, request, status, answer, since) VALUES (?, ?, 0, ?, ?) ON CONFLICT (key) DO NOTHING",
			k.Key, k.Request, []byte{}, micros(k.Since))
		if err != nil || n == 1 {
			return err
		}
		old = &office.ActKey{Key: k.Key}
		var since int64
		s, err := tx.stmt(ctx, "SELECT request, status, answer, since FROM act_key WHERE key = ?")
		if err != nil {
			return err
		}
		if err := s.QueryRowContext(ctx, k.Key).Scan(&old.Request, &old.Status, &old.Answer, &since); err != nil {
			return err
		}
		old.Since = at(since)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim the key of an act: %w", err)
	}
	return old, nil
}

// KeepAct implements [office.Store].
func (db *DB) KeepAct(ctx context.Context, k office.ActKey) error {
	return db.write(ctx, func(tx *Tx) error {
		return changedOrNotFound(tx.execN(ctx, "UPDATE act_key SET status = ?, answer = ? WHERE key = ? AND status = 0", k.Status, k.Answer, k.Key))
	})
}

// FreeKey implements [office.Store].
func (db *DB) FreeKey(ctx context.Context, key []byte) error {
	return db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, "DELETE FROM act_key WHERE key = ? AND status = 0", key) })
}
