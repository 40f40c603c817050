package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/measure"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/web/office"
)

var (
	_ alert.Store    = (*DB)(nil)
	_ forecast.Store = (*DB)(nil)
	_ measure.Store  = (*DB)(nil)
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
			if a.Step > 0 {
				// Somebody may have taken the case on since the chain was looked at.
				c, err := scanCase(tx.row(ctx, "SELECT "+caseColumns+" FROM kase WHERE id = ?", int64(a.Case)))
				if err != nil {
					return fmt.Errorf("alert %s: %w", a.ID, found(err))
				}
				if !c.Acked().Before(a.At) {
					continue
				}
			}
			a.Version = 1
			doc, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("alert %s: %w", a.ID, err)
			}
			if err := tx.exec(ctx, "INSERT INTO alert (id, concern, source, kind, at, waits, doc, version) VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
				int64(a.ID), int64(a.Concern), int64(a.Source), string(a.Kind), micros(a.At), waits(a), string(doc)); err != nil {
				return fmt.Errorf("alert %s: %w", a.ID, err)
			}
			if err := tx.notice(ctx, notify.OfAlert(a)); err != nil {
				return fmt.Errorf("notice of alert %s: %w", a.ID, err)
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

// putAlert writes an alert that is there already. Once nobody needs to look at
// it any more, what was to be told of it stops.
func (t *Tx) putAlert(ctx context.Context, a *hearback.Alert) error {
	doc, err := json.Marshal(a)
	if err != nil {
		return err
	}
	n, err := t.execN(ctx, "UPDATE alert SET waits = ?, doc = ?, version = version + 1 WHERE id = ? AND version = ?", waits(a), string(doc), int64(a.ID), a.Version)
	if err := changed(n, err); err != nil || waits(a) == 1 {
		return err
	}
	return t.stop(ctx, "alert:"+a.ID.String(), "Somebody looks after it.")
}

// SetAlert writes what people said of an alert, with the records of what
// follows from it. It returns [hearback.ErrConflict] if the stored version is
// not a.Version.
func (db *DB) SetAlert(ctx context.Context, a *hearback.Alert, rs ...hearback.Record) error {
	err := db.write(ctx, func(tx *Tx) error {
		if err := tx.putAlert(ctx, a); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("alert %s: %w", a.ID, err)
	}
	a.Version++
	return nil
}

// JudgeAlert is [DB.SetAlert] together with the settings that the opinion
// changes.
func (db *DB) JudgeAlert(ctx context.Context, a *hearback.Alert, settings map[string]string, rs ...hearback.Record) error {
	err := db.write(ctx, func(tx *Tx) error {
		if err := tx.putAlert(ctx, a); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			if err := tx.exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, settings[name]); err != nil {
				return err
			}
		}
		_, err := tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("alert %s: %w", a.ID, err)
	}
	a.Version++
	return nil
}

// AckCase writes a case that somebody took on, with its record, and takes the
// alerts about its clocks off the list of those that wait.
func (db *DB) AckCase(ctx context.Context, c *hearback.Case, r hearback.Record) error {
	return db.reply(ctx, c, nil, func(tx *Tx) error {
		if _, err := tx.record(ctx, r); err != nil {
			return err
		}
		return tx.ackClocks(ctx, c)
	})
}

func (t *Tx) ackClocks(ctx context.Context, c *hearback.Case) error {
	err := t.ackAlerts(ctx, c.Concern, c.Acked(), func(a *hearback.Alert) bool { return a.Kind == hearback.AlertDeadline && a.Case == c.ID })
	if err != nil {
		return err
	}
	return t.stop(ctx, "case:"+c.ID.String(), "Somebody looks after it.")
}

// AckConcern acknowledges every alert about a concern that waits, but those
// about clocks: whoever takes a case on stops them.
func (db *DB) AckConcern(ctx context.Context, concern hearback.ID, now time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.ackAlerts(ctx, concern, now, func(a *hearback.Alert) bool { return a.Kind != hearback.AlertDeadline })
	})
}

// ackAlerts acknowledges the alerts about a concern that wait and that which
// asks for.
func (t *Tx) ackAlerts(ctx context.Context, concern hearback.ID, now time.Time, which func(*hearback.Alert) bool) error {
	var list []hearback.Alert
	rows, err := t.query(ctx, "SELECT doc, version FROM alert WHERE concern = ? AND waits = 1", int64(concern))
	err = each(rows, err, func(row scanner) error {
		a, err := scanAlert(row)
		if err == nil && which(&a) {
			list = append(list, a)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range list {
		a.Acked = now
		if err := t.putAlert(ctx, &a); err != nil {
			return err
		}
	}
	return nil
}

// DigestSince returns the alerts since a time that were kept for the digest,
// newest first, at most limit.
func (db *DB) DigestSince(ctx context.Context, since time.Time, limit int) (list []hearback.Alert, err error) {
	rows, err := db.query(ctx, "SELECT doc, version FROM alert WHERE at >= ? ORDER BY at DESC, id DESC", micros(since))
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAlert(row)
		if err == nil && a.Digest && len(list) < limit {
			list = append(list, a)
		}
		return err
	})
}

// AlertList returns alerts, newest first.
func (db *DB) AlertList(ctx context.Context, f office.AlertFilter) (list []hearback.Alert, err error) {
	open := 0
	if f.Open {
		open = 1
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	newest, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if f.After != 0 {
		if err := found(db.row(ctx, "SELECT at FROM alert WHERE id = ?", int64(f.After)).Scan(&newest)); err != nil {
			return nil, fmt.Errorf("alert %s: %w", f.After, err)
		}
		id = int64(f.After)
	}
	rows, err := db.query(ctx, `SELECT doc, version FROM alert
		WHERE (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT)) AND waits >= CAST(? AS BIGINT) AND at >= CAST(? AS BIGINT)
			AND (at < CAST(? AS BIGINT) OR at = CAST(? AS BIGINT) AND id < CAST(? AS BIGINT))
		ORDER BY at DESC, id DESC LIMIT ?`, int64(f.Concern), int64(f.Concern), open, micros(f.Since), newest, newest, id, f.Limit)
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAlert(row)
		list = append(list, a)
		return err
	})
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

// OutcomeFor returns the newest outcome of an answer.
func (db *DB) OutcomeFor(ctx context.Context, answer hearback.ID) (*hearback.Outcome, error) {
	list, err := db.OutcomeList(ctx, answer, 1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("outcome of %s: %w", answer, err)
	case len(list) == 0 || answer == 0:
		return nil, fmt.Errorf("outcome of %s: %w", answer, hearback.ErrNotFound)
	}
	return &list[0], nil
}

// forecaster is the setting that holds what forecasts learned, in base 64.
const forecaster = "forecast.state"

// span names a target in the store: 100 times the hour it begins, and the hour
// it ends.
func span(t forecast.Target) int {
	from, to := t.Span()
	return 100*from + to
}

// SaveForecasts writes forecasts that are not there yet.
func (db *DB) SaveForecasts(ctx context.Context, list []forecast.Forecast) error {
	return db.write(ctx, func(tx *Tx) error {
		for i := range list {
			f := &list[i]
			doc, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("forecast for %s: %w", f.Concern, err)
			}
			if err := tx.exec(ctx, "INSERT INTO forecast (concern, made, hours, doc, due, scored) VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (concern, made, hours) DO NOTHING",
				int64(f.Concern), micros(f.Made), span(f.Target), string(doc), micros(f.Due())); err != nil {
				return fmt.Errorf("forecast for %s: %w", f.Concern, err)
			}
		}
		return nil
	})
}

func (db *DB) forecasts(ctx context.Context, q string, args ...any) (list []forecast.Forecast, err error) {
	rows, err := db.query(ctx, q, args...)
	return list, each(rows, err, func(row scanner) error {
		var doc string
		if err := row.Scan(&doc); err != nil {
			return err
		}
		var f forecast.Forecast
		err := json.Unmarshal([]byte(doc), &f)
		list = append(list, f)
		return err
	})
}

// DueForecasts returns forecasts that are not scored and whose time is over.
func (db *DB) DueForecasts(ctx context.Context, now time.Time, limit int) ([]forecast.Forecast, error) {
	return db.forecasts(ctx, "SELECT doc FROM forecast WHERE scored = 0 AND due <= ? ORDER BY due, concern, hours LIMIT ?", micros(now), limit)
}

// Forecasts returns the forecasts for a concern that were made since a time,
// newest first: those that are scored show how good they were.
func (db *DB) Forecasts(ctx context.Context, concern hearback.ID, since time.Time, limit int) ([]forecast.Forecast, error) {
	return db.forecasts(ctx, "SELECT doc FROM forecast WHERE concern = ? AND made >= ? ORDER BY made DESC, hours LIMIT ?", int64(concern), micros(since), limit)
}

// ScoreForecasts writes what came of forecasts, and what was learned.
func (db *DB) ScoreForecasts(ctx context.Context, list []forecast.Forecast, state []byte) error {
	type key struct{ day, target int64 }
	sums := map[key]forecast.Sums{}
	for i := range list {
		k := key{micros(list[i].Due().UTC().Truncate(24 * time.Hour)), int64(span(list[i].Target))}
		sums[k] = sums[k].Plus(list[i].Score())
	}
	return db.write(ctx, func(tx *Tx) error {
		for k, s := range sums {
			if err := tx.exec(ctx, `INSERT INTO forecast_day (day, target, count, own, naive, in50, in80, in95, down) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (day, target) DO UPDATE SET count = forecast_day.count + excluded.count, own = forecast_day.own + excluded.own, naive = forecast_day.naive + excluded.naive,
					in50 = forecast_day.in50 + excluded.in50, in80 = forecast_day.in80 + excluded.in80, in95 = forecast_day.in95 + excluded.in95, down = forecast_day.down + excluded.down`,
				k.day, k.target, s.Count, s.Own, s.Naive, s.In50, s.In80, s.In95, s.Down); err != nil {
				return fmt.Errorf("scores of forecasts: %w", err)
			}
		}
		for i := range list {
			f := &list[i]
			doc, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("forecast for %s: %w", f.Concern, err)
			}
			if err := tx.exec(ctx, "UPDATE forecast SET doc = ?, scored = ? WHERE concern = ? AND made = ? AND hours = ?",
				string(doc), micros(f.Scored), int64(f.Concern), micros(f.Made), span(f.Target)); err != nil {
				return fmt.Errorf("forecast for %s: %w", f.Concern, err)
			}
		}
		return tx.exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", forecaster, base64.StdEncoding.EncodeToString(state))
	})
}

// ForecastSums adds up the scores of the forecasts that were due since a time,
// counted from the day it falls in, by target.
func (db *DB) ForecastSums(ctx context.Context, since time.Time) (map[forecast.Target]forecast.Sums, error) {
	sums := map[forecast.Target]forecast.Sums{}
	rows, err := db.query(ctx, "SELECT target, SUM(count), SUM(own), SUM(naive), SUM(in50), SUM(in80), SUM(in95), SUM(down) FROM forecast_day WHERE day >= ? GROUP BY target", micros(since.UTC().Truncate(24*time.Hour)))
	return sums, each(rows, err, func(row scanner) error {
		var name int
		var s forecast.Sums
		if err := row.Scan(&name, &s.Count, &s.Own, &s.Naive, &s.In50, &s.In80, &s.In95, &s.Down); err != nil {
			return err
		}
		for _, t := range forecast.Targets() {
			if span(t) == name {
				sums[t] = s
			}
		}
		return nil
	})
}

// ForecasterState returns what forecasts learned.
func (db *DB) ForecasterState(ctx context.Context) ([]byte, error) {
	v, err := db.Setting(ctx, forecaster)
	if err == nil && v == "" {
		err = hearback.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("state of forecasts: %w", err)
	}
	return base64.StdEncoding.DecodeString(v)
}

// ForgetForecasts removes forecasts that were due before a time.
func (db *DB) ForgetForecasts(ctx context.Context, before time.Time) (n int64, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		n, err = tx.execN(ctx, "DELETE FROM forecast WHERE due < ?", micros(before))
		return err
	})
	return n, err
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
