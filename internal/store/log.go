package store

import (
	"context"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
)

// record appends r to the log and returns its index. The row of log_head is
// what makes writers of two processes wait for each other.
func (t *Tx) record(ctx context.Context, r hearback.Record) (int64, error) {
	var seq int64
	if err := t.row(ctx, "UPDATE log_head SET next = next + 1 WHERE one = 1 RETURNING next - 1").Scan(&seq); err != nil {
		return 0, err
	}
	if r.Private != nil {
		if err := t.seal(ctx, seq, &r); err != nil {
			return 0, err
		}
	}
	leaf, err := r.Leaf(seq)
	if err != nil {
		return 0, err
	}
	for _, n := range notify.OfRecord(r) {
		if err := t.notice(ctx, n); err != nil {
			return 0, err
		}
	}
	return seq, t.exec(ctx, "INSERT INTO entry (seq, at, type, subject, leaf) VALUES (?, ?, ?, ?, ?)",
		seq, micros(r.At), string(r.Type), r.Subject, leaf)
}

// records appends several records and returns the index of the last.
func (t *Tx) records(ctx context.Context, rs []hearback.Record) (seq int64, err error) {
	for _, r := range rs {
		if seq, err = t.record(ctx, r); err != nil {
			return 0, err
		}
	}
	return seq, nil
}

// AppendRecords writes records that belong to no other change of the store.
func (db *DB) AppendRecords(ctx context.Context, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		_, err := tx.records(ctx, rs)
		return err
	})
}

// LogSize returns how many entries the log has.
func (db *DB) LogSize(ctx context.Context) (n int64, err error) {
	err = db.row(ctx, "SELECT next FROM log_head WHERE one = 1").Scan(&n)
	return n, err
}

// Entries returns the entries from index from on, at most limit of them, in
// order.
func (db *DB) Entries(ctx context.Context, from int64, limit int) ([]hearback.Entry, error) {
	return db.entries(ctx, "SELECT seq, at, type, subject, leaf FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?", from, limit)
}

// EntriesAbout returns the newest entries about a subject, newest first.
func (db *DB) EntriesAbout(ctx context.Context, subject string, limit int) ([]hearback.Entry, error) {
	return db.entries(ctx, "SELECT seq, at, type, subject, leaf FROM entry WHERE subject = ? ORDER BY seq DESC LIMIT ?", subject, limit)
}

func (db *DB) entries(ctx context.Context, q string, args ...any) (list []hearback.Entry, err error) {
	rows, err := db.query(ctx, q, args...)
	return list, each(rows, err, func(row scanner) error {
		var e hearback.Entry
		var us int64
		if err := row.Scan(&e.Seq, &us, &e.Type, &e.Subject, &e.Leaf); err != nil {
			return err
		}
		e.At = at(us)
		list = append(list, e)
		return nil
	})
}

// Setting returns the value of a setting, or "" if it was never set.
func (db *DB) Setting(ctx context.Context, name string) (string, error) {
	var v string
	err := found(db.row(ctx, "SELECT value FROM setting WHERE name = ?", name).Scan(&v))
	if err == hearback.ErrNotFound {
		return "", nil
	}
	return v, err
}

// SetSetting changes a setting, with the records that tell of it.
func (db *DB) SetSetting(ctx context.Context, name, value string, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}
