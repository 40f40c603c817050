package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

var _ publish.Outbox = (*DB)(nil)

const spreadTo = "spread.to"

// SpreadActs implements [publish.Outbox].
func (db *DB) SpreadActs(ctx context.Context, from, to int64, list []publish.Delivery) error {
	return db.write(ctx, func(tx *Tx) error {
		var was string
		err := found(tx.row(ctx, "SELECT value FROM setting WHERE name = ?", spreadTo).Scan(&was))
		if err == hearback.ErrNotFound {
			was, err = "0", nil
		}
		if err != nil {
			return err
		}
		if was != strconv.FormatInt(from, 10) {
			return fmt.Errorf("%w: the log was spread up to %s, not to %d", hearback.ErrConflict, was, from)
		}
		if err := tx.exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", spreadTo, strconv.FormatInt(to, 10)); err != nil {
			return err
		}
		return tx.deliver(ctx, list)
	})
}

// SpreadTo implements [publish.Outbox].
func (db *DB) SpreadTo(ctx context.Context) (int64, error) {
	v, err := db.Setting(ctx, spreadTo)
	if err != nil || v == "" {
		return 0, err
	}
	return strconv.ParseInt(v, 10, 64)
}

func (t *Tx) deliver(ctx context.Context, list []publish.Delivery) error {
	for _, d := range list {
		if err := t.exec(ctx, "INSERT INTO outgoing (id, kind, target, body, made, due, tries) VALUES (?, ?, ?, ?, ?, ?, 0)",
			int64(d.ID), d.Kind, d.Target, d.Body, micros(d.Made), micros(d.Due)); err != nil {
			return err
		}
	}
	return nil
}

// SendLater implements [publish.Outbox].
func (db *DB) SendLater(ctx context.Context, list ...publish.Delivery) error {
	return db.write(ctx, func(tx *Tx) error { return tx.deliver(ctx, list) })
}

// DueOutgoing implements [publish.Outbox].
func (db *DB) DueOutgoing(ctx context.Context, letters bool, now time.Time, limit int) (list []publish.Delivery, err error) {
	is := "<>"
	if letters {
		is = "="
	}
	rows, err := db.query(ctx, "SELECT id, kind, target, body, made, due, tries FROM outgoing WHERE due <= ? AND kind "+is+" ? ORDER BY due, id LIMIT ?", micros(now), publish.Letter, limit)
	return list, each(rows, err, func(row scanner) error {
		var d publish.Delivery
		var made, due int64
		err := row.Scan(&d.ID, &d.Kind, &d.Target, &d.Body, &made, &due, &d.Tries)
		d.Made, d.Due = at(made), at(due)
		list = append(list, d)
		return err
	})
}

// Sent implements [publish.Outbox].
func (db *DB) Sent(ctx context.Context, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, "DELETE FROM outgoing WHERE id = ?", int64(id)) })
}

// SendAgain implements [publish.Outbox].
func (db *DB) SendAgain(ctx context.Context, id hearback.ID, due time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "UPDATE outgoing SET due = ?, tries = tries + 1 WHERE id = ?", micros(due), int64(id))
	})
}
