package store

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

const factorColumns = "id, account, kind, name, ref, doc, step, since, used"

func scanFactor(row scanner) (f access.Factor, err error) {
	var since, used int64
	err = row.Scan(&f.ID, &f.Account, &f.Kind, &f.Name, &f.Ref, &f.Doc, &f.Step, &since, &used)
	f.Since, f.Used = at(since), at(used)
	return f, found(err)
}

// Factors implements [access.Store].
func (db *DB) Factors(ctx context.Context, account hearback.ID) (list []access.Factor, err error) {
	rows, err := db.query(ctx, "SELECT "+factorColumns+" FROM factor WHERE account = ? ORDER BY id", int64(account))
	return list, each(rows, err, func(row scanner) error {
		f, err := scanFactor(row)
		list = append(list, f)
		return err
	})
}

// FactorByRef implements [access.Store].
func (db *DB) FactorByRef(ctx context.Context, ref []byte) (*access.Factor, error) {
	f, err := scanFactor(db.row(ctx, "SELECT "+factorColumns+" FROM factor WHERE ref = ?", ref))
	if err != nil {
		return nil, fmt.Errorf("factor: %w", err)
	}
	return &f, nil
}

// PutAttempt implements [access.Store].
func (db *DB) PutAttempt(ctx context.Context, hash []byte, kind string, ends time.Time, doc string) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO attempt (hash, kind, ends, doc) VALUES (?, ?, ?, ?)", hash, kind, micros(ends), doc)
	})
}

// TakeAttempt implements [access.Store].
func (db *DB) TakeAttempt(ctx context.Context, hash []byte, kind string, now time.Time) (doc string, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		return found(tx.row(ctx, "DELETE FROM attempt WHERE hash = ? AND kind = ? AND ends > ? RETURNING doc", hash, kind, micros(now)).Scan(&doc))
	})
	if err != nil {
		return "", fmt.Errorf("attempt: %w", err)
	}
	return doc, nil
}

// PutFactors implements [access.Store].
func (db *DB) PutFactors(ctx context.Context, account hearback.ID, add []access.Factor, drop []hearback.ID, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		for _, id := range drop {
			if err := tx.dropFactor(ctx, account, id); err != nil {
				return err
			}
		}
		for _, f := range add {
			n, err := tx.execN(ctx, "INSERT INTO factor ("+factorColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO NOTHING",
				int64(f.ID), int64(account), string(f.Kind), f.Name, f.Ref, f.Doc, f.Step, micros(f.Since), micros(f.Used))
			if err := changed(n, err); err != nil {
				return err
			}
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

// UseFactor implements [access.Store].
func (db *DB) UseFactor(ctx context.Context, f access.Factor) error {
	return db.write(ctx, func(tx *Tx) error {
		return changed(tx.execN(ctx, "UPDATE factor SET doc = ?, step = ?, used = ? WHERE id = ? AND step < ?", f.Doc, f.Step, micros(f.Used), int64(f.ID), f.Step))
	})
}

// DropFactor implements [access.Store].
func (db *DB) DropFactor(ctx context.Context, account, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error { return tx.dropFactor(ctx, account, id) })
}

func (t *Tx) dropFactor(ctx context.Context, account, id hearback.ID) error {
	return changedOrNotFound(t.execN(ctx, "DELETE FROM factor WHERE account = ? AND id = ?", int64(account), int64(id)))
}

// AddEvent implements [access.Store].
func (db *DB) AddEvent(ctx context.Context, e access.Event) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO security (id, at, kind, account, by_id, network, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
			int64(e.ID), micros(e.At), string(e.Kind), int64(e.Account), int64(e.By), e.Network, e.Note)
	})
}

// Events implements [access.Store].
func (db *DB) Events(ctx context.Context, account, before hearback.ID, limit int) (list []access.Event, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	q, args := "id < ?", []any{int64(before)}
	if account != 0 {
		q, args = "account = ? AND id < ?", []any{int64(account), int64(before)}
	}
	rows, err := db.query(ctx, "SELECT id, at, kind, account, by_id, network, note FROM security WHERE "+q+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
	err = each(rows, err, func(row scanner) error {
		var e access.Event
		var when int64
		err := row.Scan(&e.ID, &when, &e.Kind, &e.Account, &e.By, &e.Network, &e.Note)
		e.At = at(when)
		list = append(list, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("security log: %w", err)
	}
	return list, nil
}
