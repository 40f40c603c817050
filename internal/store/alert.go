package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web"
)

func waits(a *hearback.Alert) int {
	if a.Acked.IsZero() && a.Verdict == hearback.AlertOpen {
		return 1
	}
	return 0
}

func scanAlert(row scanner) (hearback.Alert, error) {
	var a hearback.Alert
	var doc string
	var version int
	if err := row.Scan(&doc, &version); err != nil {
		return a, err
	}
	err := json.Unmarshal([]byte(doc), &a)
	a.Version = version
	return a, err
}

// AddAlerts writes new alerts, and the states of the detectors that raised
// them, together.
func (db *DB) AddAlerts(ctx context.Context, list []hearback.Alert, detectors map[hearback.ID][]byte) error {
	return db.write(ctx, func(tx *Tx) error {
		for i := range list {
			a := &list[i]
			a.Version = 1
			doc, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("alert %s: %w", a.ID, err)
			}
			if err := tx.exec(ctx, "INSERT INTO alert (id, concern, source, kind, at, waits, doc, version) VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
				int64(a.ID), int64(a.Concern), int64(a.Source), string(a.Kind), micros(a.At), waits(a), string(doc)); err != nil {
				return fmt.Errorf("alert %s: %w", a.ID, err)
			}
		}
		for id, state := range detectors {
			if err := tx.exec(ctx, "INSERT INTO detector (concern, state) VALUES (?, ?) ON CONFLICT (concern) DO UPDATE SET state = excluded.state", int64(id), state); err != nil {
				return fmt.Errorf("detector of %s: %w", id, err)
			}
		}
		return nil
	})
}

// Detectors calls f with the stored state of every detector.
func (db *DB) Detectors(ctx context.Context, f func(concern hearback.ID, state []byte) error) error {
	rows, err := db.query(ctx, "SELECT concern, state FROM detector")
	return each(rows, err, func(row scanner) error {
		var id hearback.ID
		var state []byte
		if err := row.Scan(&id, &state); err != nil {
			return err
		}
		return f(id, state)
	})
}

// Alert returns one alert.
func (db *DB) Alert(ctx context.Context, id hearback.ID) (*hearback.Alert, error) {
	a, err := scanAlert(db.row(ctx, "SELECT doc, version FROM alert WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("alert %s: %w", id, found(err))
	}
	return &a, nil
}

// SetAlert writes what people said of an alert, with the records of what
// follows from it. It returns [hearback.ErrConflict] if the stored version is
// not a.Version.
func (db *DB) SetAlert(ctx context.Context, a *hearback.Alert, rs ...hearback.Record) error {
	doc, err := json.Marshal(a)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "UPDATE alert SET waits = ?, doc = ?, version = version + 1 WHERE id = ? AND version = ?", waits(a), string(doc), int64(a.ID), a.Version)
		if err := changed(n, err); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("alert %s: %w", a.ID, err)
	}
	a.Version++
	return nil
}

// AlertList returns alerts, newest first.
func (db *DB) AlertList(ctx context.Context, f web.AlertFilter) (list []hearback.Alert, err error) {
	open := 0
	if f.Open {
		open = 1
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := db.query(ctx, `SELECT doc, version FROM alert
		WHERE (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT)) AND waits >= CAST(? AS BIGINT) AND at >= CAST(? AS BIGINT)
		ORDER BY at DESC, id DESC LIMIT ?`, int64(f.Concern), int64(f.Concern), open, micros(f.Since), f.Limit)
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAlert(row)
		list = append(list, a)
		return err
	})
}

// AlertsSince counts the alerts since a time that were not kept for the
// digest.
func (db *DB) AlertsSince(ctx context.Context, since time.Time) (n int, err error) {
	list, err := db.AlertList(ctx, web.AlertFilter{Since: since, Limit: 10000})
	for _, a := range list {
		if !a.Digest {
			n++
		}
	}
	return n, err
}

// RateHarm keeps what one person found, in place of what they found before,
// with its record.
func (db *DB) RateHarm(ctx context.Context, r hearback.HarmRating, rs ...hearback.Record) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "INSERT INTO harm (concern, rater, at, doc) VALUES (?, ?, ?, ?) ON CONFLICT (concern, rater) DO UPDATE SET at = excluded.at, doc = excluded.doc",
			int64(r.Concern), int64(r.By), micros(r.At), string(doc)); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

// HarmRatings returns the ratings of a concern, newest first.
func (db *DB) HarmRatings(ctx context.Context, concern hearback.ID) (list []hearback.HarmRating, err error) {
	rows, err := db.query(ctx, "SELECT doc FROM harm WHERE concern = ? ORDER BY at DESC, rater", int64(concern))
	return list, each(rows, err, func(row scanner) error {
		var doc string
		if err := row.Scan(&doc); err != nil {
			return err
		}
		var r hearback.HarmRating
		err := json.Unmarshal([]byte(doc), &r)
		list = append(list, r)
		return err
	})
}

// SaveOutcomes writes outcomes in place of earlier ones of the same answers.
func (db *DB) SaveOutcomes(ctx context.Context, list []hearback.Outcome) error {
	return db.write(ctx, func(tx *Tx) error {
		for _, o := range list {
			doc, err := json.Marshal(o)
			if err != nil {
				return fmt.Errorf("outcome of %s: %w", o.Answer, err)
			}
			if err := tx.exec(ctx, "INSERT INTO outcome (answer, concern, at, since, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT (answer) DO UPDATE SET concern = excluded.concern, at = excluded.at, since = excluded.since, doc = excluded.doc",
				int64(o.Answer), int64(o.Concern), micros(o.At), micros(o.From), string(doc)); err != nil {
				return fmt.Errorf("outcome of %s: %w", o.Answer, err)
			}
		}
		return nil
	})
}

// OutcomeList returns the newest outcome of each answer, newest answer first,
// or of one answer.
func (db *DB) OutcomeList(ctx context.Context, answer hearback.ID, limit int) (list []hearback.Outcome, err error) {
	if limit <= 0 {
		limit = 100
	}
	rows, err := db.query(ctx, "SELECT doc FROM outcome WHERE CAST(? AS BIGINT) = 0 OR answer = CAST(? AS BIGINT) ORDER BY since DESC, answer DESC LIMIT ?", int64(answer), int64(answer), limit)
	return list, each(rows, err, func(row scanner) error {
		var doc string
		if err := row.Scan(&doc); err != nil {
			return err
		}
		var o hearback.Outcome
		err := json.Unmarshal([]byte(doc), &o)
		list = append(list, o)
		return err
	})
}

// AllHarm returns every rating by concern.
func (db *DB) AllHarm(ctx context.Context) (map[hearback.ID][]hearback.HarmRating, error) {
	all := map[hearback.ID][]hearback.HarmRating{}
	rows, err := db.query(ctx, "SELECT doc FROM harm ORDER BY concern, rater")
	return all, each(rows, err, func(row scanner) error {
		var doc string
		if err := row.Scan(&doc); err != nil {
			return err
		}
		var r hearback.HarmRating
		err := json.Unmarshal([]byte(doc), &r)
		all[r.Concern] = append(all[r.Concern], r)
		return err
	})
}
