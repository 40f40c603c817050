package store

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/publish/open311"
)

// SendCase keeps what goes to a city's desk, with its record and its delivery;
// all or nothing. It returns [hearback.ErrConflict] if the case was sent before.
func (db *DB) SendCase(ctx context.Context, s open311.Sent, d publish.Delivery, r hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "INSERT INTO sent311 (kase, desk, said, request, token, status, note, at, asked) VALUES (?, ?, ?, '', '', ?, '', ?, ?) ON CONFLICT (kase) DO NOTHING",
			int64(s.Case), s.Desk, s.Said, s.Status, micros(s.At), micros(s.At))
		if err := changed(n, err); err != nil {
			return fmt.Errorf("case %s was sent before: %w", s.Case, err)
		}
		if err := tx.deliver(ctx, []publish.Delivery{d}); err != nil {
			return err
		}
		_, err = tx.record(ctx, r)
		return err
	})
}

// SaveSent writes what the other desk says of a case, with its record if it is
// news for the public.
func (db *DB) SaveSent(ctx context.Context, s open311.Sent, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "UPDATE sent311 SET request = ?, token = ?, status = ?, note = ?, asked = ? WHERE kase = ?",
			s.Request, s.Token, s.Status, s.Note, micros(s.Asked), int64(s.Case)); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

const sentColumns = "kase, desk, said, request, token, status, note, at, asked"

func scanSent(row scanner) (s open311.Sent, err error) {
	var us, asked int64
	err = row.Scan(&s.Case, &s.Desk, &s.Said, &s.Request, &s.Token, &s.Status, &s.Note, &us, &asked)
	s.At, s.Asked = at(us), at(asked)
	return s, err
}

// SentCase returns what was sent of a case, or [hearback.ErrNotFound].
func (db *DB) SentCase(ctx context.Context, id hearback.ID) (open311.Sent, error) {
	s, err := scanSent(db.row(ctx, "SELECT "+sentColumns+" FROM sent311 WHERE kase = ?", int64(id)))
	return s, found(err)
}

// SentToAsk returns cases that another desk has and has not closed, and about
// which nobody asked since a time.
func (db *DB) SentToAsk(ctx context.Context, since time.Time, limit int) (list []open311.Sent, err error) {
	rows, err := db.query(ctx, "SELECT "+sentColumns+" FROM sent311 WHERE asked < ? AND status <> 'closed' AND status <> 'refused' AND (request <> '' OR token <> '') ORDER BY asked LIMIT ?", micros(since), limit)
	return list, each(rows, err, func(row scanner) error {
		s, err := scanSent(row)
		list = append(list, s)
		return err
	})
}
