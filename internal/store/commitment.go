package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"example.org/hearback"
)

// seal commits to the private part of a record and keeps what opens it, in the
// transaction of the entry.
func (t *Tx) seal(ctx context.Context, seq int64, r *hearback.Record) error {
	salt := make([]byte, 32)
	rand.Read(salt) // never fails
	doc, err := r.Seal(salt)
	if err != nil {
		return err
	}
	return t.exec(ctx, "INSERT INTO commitment (seq, at, salt, doc) VALUES (?, ?, ?, ?)", seq, micros(r.At), salt, string(doc))
}

// Commitment returns what opens the commitment of an entry, or
// [hearback.ErrNotFound] if it commits to nothing or that was destroyed.
func (db *DB) Commitment(ctx context.Context, seq int64) (hearback.Commitment, error) {
	c := hearback.Commitment{Seq: seq}
	var doc string
	err := found(db.row(ctx, "SELECT salt, doc FROM commitment WHERE seq = ?", seq).Scan(&c.Key, &doc))
	if err != nil {
		return c, fmt.Errorf("entry %d commits to nothing, or what opens it was destroyed: %w", seq, err)
	}
	c.Doc = []byte(doc)
	return c, nil
}

// DestroyCommitments deletes what opens the commitments of entries made before
// a time, with a record that says how many, in tens so that it leads to no
// single one. Nothing is written if there are none.
func (db *DB) DestroyCommitments(ctx context.Context, before, now time.Time) (n int64, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if n, err = tx.execN(ctx, "DELETE FROM commitment WHERE at < ?", micros(before)); err != nil || n == 0 {
			return err
		}
		_, err := tx.record(ctx, hearback.Record{Type: hearback.CommitmentsGone, At: now, Actor: hearback.System, Subject: "log",
			Pub: map[string]any{"before": before.UTC().Format(time.DateOnly), "at_most": (n + 9) / 10 * 10}})
		return err
	})
	return n, err
}
