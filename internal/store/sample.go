package store

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback"
)

// AddSample writes the concerns that were drawn for a week, out of so many, if
// none were drawn for it yet.
func (db *DB) AddSample(ctx context.Context, week time.Time, outOf int, concerns []hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		n := 0
		if err := tx.row(ctx, "SELECT COUNT(*) FROM sample WHERE week = ?", micros(week)).Scan(&n); err != nil || n > 0 {
			return err
		}
		for _, id := range concerns {
			if err := tx.exec(ctx, "INSERT INTO sample (week, concern, out_of, finding, rater, at) VALUES (?, ?, ?, '', 0, 0)", micros(week), int64(id), outOf); err != nil {
				return fmt.Errorf("sample of %s: %w", week.Format(time.DateOnly), err)
			}
		}
		return nil
	})
}

// Samples returns the concerns drawn for weeks that began at a time or later,
// newest week first.
func (db *DB) Samples(ctx context.Context, since time.Time) (list []hearback.Sample, err error) {
	rows, err := db.query(ctx, "SELECT week, concern, out_of, finding, rater, at FROM sample WHERE week >= ? ORDER BY week DESC, concern", micros(since))
	return list, each(rows, err, func(row scanner) error {
		var s hearback.Sample
		var week, judged int64
		if err := row.Scan(&week, &s.Concern, &s.Of, &s.Finding, &s.By, &judged); err != nil {
			return err
		}
		s.Week = at(week)
		if judged != 0 {
			s.At = at(judged)
		}
		list = append(list, s)
		return nil
	})
}

// JudgeSample writes what a person found of a concern that was drawn. It returns
// [hearback.ErrNotFound] if it was not.
func (db *DB) JudgeSample(ctx context.Context, s hearback.Sample) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "UPDATE sample SET finding = ?, rater = ?, at = ? WHERE week = ? AND concern = ?", string(s.Finding), int64(s.By), micros(s.At), micros(s.Week), int64(s.Concern))
		if err == nil && n == 0 {
			err = hearback.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("sample %s of %s: %w", s.Concern, s.Week.Format(time.DateOnly), err)
		}
		return nil
	})
}
