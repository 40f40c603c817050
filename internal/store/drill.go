package store

import (
	"context"
	"fmt"

	"example.org/hearback"
)

// Observations returns what evaluators saw in the drill, in the order written.
func (db *DB) Observations(ctx context.Context) (list []hearback.Observation, err error) {
	rows, err := db.query(ctx, "SELECT id, objective, improve, said, todo, desk, due, role, number, made_at, version FROM drill_observation ORDER BY id")
	return list, each(rows, err, func(row scanner) error {
		var o hearback.Observation
		var improve, made int64
		err := row.Scan(&o.ID, &o.Objective, &improve, &o.Text, &o.Action, &o.Desk, &o.Due, &o.By.Role, &o.By.Number, &made, &o.Version)
		o.Improve, o.At = improve == 1, at(made)
		list = append(list, o)
		return err
	})
}

// AddObservation keeps a new observation. It returns [hearback.ErrInvalid] if
// there are most already.
func (db *DB) AddObservation(ctx context.Context, o hearback.Observation, most int) error {
	return db.write(ctx, func(tx *Tx) error {
		var n int
		if err := tx.row(ctx, "SELECT COUNT(*) FROM drill_observation").Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return fmt.Errorf("%w: there are %d observations already; remove one first", hearback.ErrInvalid, most)
		}
		return tx.exec(ctx, "INSERT INTO drill_observation (id, objective, improve, said, todo, desk, due, role, number, made_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
			int64(o.ID), o.Objective, flag(o.Improve), o.Text, o.Action, o.Desk, o.Due, o.By.Role, o.By.Number, micros(o.At))
	})
}

// ChangeObservation writes an observation anew. It returns
// [hearback.ErrNotFound] if there is none, and [hearback.ErrConflict] if
// o.Version is not the stored one.
func (db *DB) ChangeObservation(ctx context.Context, o hearback.Observation) error {
	return db.write(ctx, func(tx *Tx) error {
		var version int
		if err := found(tx.row(ctx, "SELECT version FROM drill_observation WHERE id = ?", int64(o.ID)).Scan(&version)); err != nil {
			return fmt.Errorf("observation %s: %w", o.ID, err)
		}
		return changed(tx.execN(ctx, "UPDATE drill_observation SET objective = ?, improve = ?, said = ?, todo = ?, desk = ?, due = ?, version = version + 1 WHERE id = ? AND version = ?",
			o.Objective, flag(o.Improve), o.Text, o.Action, o.Desk, o.Due, int64(o.ID), o.Version))
	})
}

// DropObservation deletes an observation. It returns [hearback.ErrNotFound] if
// there is none.
func (db *DB) DropObservation(ctx context.Context, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "DELETE FROM drill_observation WHERE id = ?", int64(id))
		if err == nil && n == 0 {
			return fmt.Errorf("observation %s: %w", id, hearback.ErrNotFound)
		}
		return err
	})
}

// RatedObjectives returns what evaluators said of the objectives of the drill,
// in the order of their names.
func (db *DB) RatedObjectives(ctx context.Context) (list []hearback.Rated, err error) {
	rows, err := db.query(ctx, "SELECT objective, rating, role, number, made_at FROM drill_rating ORDER BY objective")
	return list, each(rows, err, func(row scanner) error {
		var r hearback.Rated
		var made int64
		err := row.Scan(&r.Objective, &r.Rating, &r.By.Role, &r.By.Number, &made)
		r.At = at(made)
		list = append(list, r)
		return err
	})
}

// RateObjective keeps a rating, in the place of the one before.
func (db *DB) RateObjective(ctx context.Context, r hearback.Rated) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `INSERT INTO drill_rating (objective, rating, role, number, made_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (objective) DO UPDATE SET rating = excluded.rating, role = excluded.role, number = excluded.number, made_at = excluded.made_at`,
			r.Objective, string(r.Rating), r.By.Role, r.By.Number, micros(r.At))
	})
}

// flag writes a truth as both engines keep it.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
