package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
)

var _ notify.Store = (*DB)(nil)

// notice writes what somebody may have to be told of, in the transaction of
// what caused it. It takes the next free id of its millisecond.
func (t *Tx) notice(ctx context.Context, n notify.Notice) error {
	first := int64(hearback.IDAt(n.At))
	return t.exec(ctx, `INSERT INTO notice (id, kind, subject, made, due, why, spread)
		SELECT CAST(? AS BIGINT) + COALESCE(MAX(id) - CAST(? AS BIGINT) + 1, 0), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), 0
		FROM notice WHERE id >= CAST(? AS BIGINT)`,
		first, first, string(n.Kind), n.Subject, micros(n.At), micros(n.Due), n.Why, first)
}

// stop ends the deliveries about a subject that were not made yet.
func (t *Tx) stop(ctx context.Context, subject, reason string) error {
	rows, err := t.query(ctx, "SELECT doc FROM delivery WHERE subject = ? AND state IN ('waiting', 'held')", subject)
	return t.stopAll(ctx, rows, err, reason)
}

func (t *Tx) stopAll(ctx context.Context, rows *sql.Rows, err error, reason string) error {
	list, err := deliveries(rows, err)
	for i := range list {
		d := &list[i]
		d.State, d.Reason = notify.Stopped, reason
		if err == nil {
			err = t.putDelivery(ctx, d)
		}
	}
	return err
}

func deliveries(rows *sql.Rows, err error) (list []notify.Delivery, _ error) {
	return list, each(rows, err, func(row scanner) error {
		d, err := scanDelivery(row)
		list = append(list, d)
		return err
	})
}

func scanDelivery(row scanner) (d notify.Delivery, err error) {
	var doc string
	if err := row.Scan(&doc); err != nil {
		return d, found(err)
	}
	return d, json.Unmarshal([]byte(doc), &d)
}

// putDelivery writes a delivery, new or in place of what was there.
func (t *Tx) putDelivery(ctx context.Context, d *notify.Delivery) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return t.exec(ctx, `INSERT INTO delivery (id, notice, channel, kind, subject, state, due, made, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due, doc = excluded.doc`,
		int64(d.ID), int64(d.Notice), int64(d.Channel), string(d.Kind), d.Subject, string(d.State), micros(d.Due), micros(d.Made), string(doc))
}

const channelColumns = "doc, sealed, version"

func scanChannel(row scanner) (c notify.Channel, err error) {
	var doc string
	var sealed []byte
	var version int
	if err := row.Scan(&doc, &sealed, &version); err != nil {
		return c, found(err)
	}
	err = json.Unmarshal([]byte(doc), &c)
	c.Sealed, c.Version = sealed, version
	return c, err
}

// Channels implements [notify.Store].
func (db *DB) Channels(ctx context.Context, owner notify.Owner) (list []notify.Channel, err error) {
	rows, err := db.query(ctx, "SELECT "+channelColumns+" FROM channel WHERE CAST(? AS TEXT) = '' OR owner = CAST(? AS TEXT) ORDER BY id", string(owner), string(owner))
	return list, each(rows, err, func(row scanner) error {
		c, err := scanChannel(row)
		list = append(list, c)
		return err
	})
}

// Channel implements [notify.Store].
func (db *DB) Channel(ctx context.Context, id hearback.ID) (*notify.Channel, error) {
	c, err := scanChannel(db.row(ctx, "SELECT "+channelColumns+" FROM channel WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", id, err)
	}
	return &c, nil
}

// PutChannel implements [notify.Store].
func (db *DB) PutChannel(ctx context.Context, c *notify.Channel, rs ...hearback.Record) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *Tx) error {
		if c.Version == 0 {
			err = tx.exec(ctx, "INSERT INTO channel (id, owner, doc, sealed, version) VALUES (?, ?, ?, ?, 1)", int64(c.ID), string(c.Owner), string(doc), c.Sealed)
		} else {
			err = changed(tx.execN(ctx, "UPDATE channel SET doc = ?, sealed = ?, version = version + 1 WHERE id = ? AND version = ?", string(doc), c.Sealed, int64(c.ID), c.Version))
		}
		if err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("channel %s: %w", c.ID, err)
	}
	c.Version++
	return nil
}

// DropChannel implements [notify.Store].
func (db *DB) DropChannel(ctx context.Context, id hearback.ID, reason string, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := changedOrNotFound(tx.execN(ctx, "DELETE FROM channel WHERE id = ?", int64(id))); err != nil {
			return fmt.Errorf("channel %s: %w", id, err)
		}
		rows, err := tx.query(ctx, "SELECT doc FROM delivery WHERE channel = ? AND state IN ('waiting', 'held')", int64(id))
		if err := tx.stopAll(ctx, rows, err, reason); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
}

// DueNotices implements [notify.Store].
func (db *DB) DueNotices(ctx context.Context, now time.Time, limit int) (list []notify.Notice, err error) {
	rows, err := db.query(ctx, "SELECT id, kind, subject, made, due, why FROM notice WHERE spread = 0 AND due <= ? ORDER BY due, id LIMIT ?", micros(now), limit)
	return list, each(rows, err, func(row scanner) error {
		var n notify.Notice
		var made, due int64
		err := row.Scan(&n.ID, &n.Kind, &n.Subject, &made, &due, &n.Why)
		n.At, n.Due = at(made), at(due)
		list = append(list, n)
		return err
	})
}

// Spread implements [notify.Store].
func (db *DB) Spread(ctx context.Context, id hearback.ID, list []notify.Delivery) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := changed(tx.execN(ctx, "UPDATE notice SET spread = 1 WHERE id = ? AND spread = 0", int64(id))); err != nil {
			return err
		}
		for i := range list {
			if err := tx.putDelivery(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// DueDeliveries implements [notify.Store].
func (db *DB) DueDeliveries(ctx context.Context, s notify.State, now time.Time, limit int) ([]notify.Delivery, error) {
	rows, err := db.query(ctx, "SELECT doc FROM delivery WHERE state = ? AND due <= ? ORDER BY due, id LIMIT ?", string(s), micros(now), limit)
	return deliveries(rows, err)
}

// Bundle implements [notify.Store].
func (db *DB) Bundle(ctx context.Context, digest *notify.Delivery, members []hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		n := 0
		for _, id := range members {
			d, err := scanDelivery(tx.row(ctx, "SELECT doc FROM delivery WHERE id = ? AND state = 'held'", int64(id)))
			if err == hearback.ErrNotFound {
				continue // stopped meanwhile
			}
			if err != nil {
				return err
			}
			d.State, d.Batch = notify.Bundled, digest.ID
			if err := tx.putDelivery(ctx, &d); err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return nil
		}
		return tx.putDelivery(ctx, digest)
	})
}

// SaveDelivery implements [notify.Store].
func (db *DB) SaveDelivery(ctx context.Context, d *notify.Delivery, repeat *notify.Delivery) error {
	err := db.write(ctx, func(tx *Tx) error {
		was, err := scanDelivery(tx.row(ctx, "SELECT doc FROM delivery WHERE id = ?", int64(d.ID)))
		if err != nil && err != hearback.ErrNotFound {
			return err
		}
		if was.State == notify.Stopped {
			// Whoever stopped it is right, even where it went out all the same.
			if d.State != notify.Sent {
				return nil
			}
			repeat = nil
		}
		if err := tx.putDelivery(ctx, d); err != nil || repeat == nil {
			return err
		}
		return tx.putDelivery(ctx, repeat)
	})
	if err != nil {
		return fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return nil
}

// Delivery implements [notify.Store].
func (db *DB) Delivery(ctx context.Context, id hearback.ID) (*notify.Delivery, error) {
	d, err := scanDelivery(db.row(ctx, "SELECT doc FROM delivery WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("delivery %s: %w", id, err)
	}
	return &d, nil
}

// Deliveries implements [notify.Store].
func (db *DB) Deliveries(ctx context.Context, f notify.DeliveryFilter) ([]notify.Delivery, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	states := make([]string, len(f.States))
	for i, s := range f.States {
		states[i] = string(s)
	}
	rows, err := db.query(ctx, `SELECT doc FROM delivery
		WHERE made >= CAST(? AS BIGINT)
			AND (CAST(? AS TEXT) = '' OR CAST(? AS TEXT) LIKE '% ' || state || ' %')
			AND (CAST(? AS TEXT) = '' OR kind = CAST(? AS TEXT))
			AND (CAST(? AS BIGINT) = 0 OR channel = CAST(? AS BIGINT))
			AND (CAST(? AS BIGINT) = 0 OR notice = CAST(? AS BIGINT))
		ORDER BY made DESC, id DESC LIMIT ?`,
		micros(f.Since), among(states), among(states), string(f.Kind), string(f.Kind), int64(f.Channel), int64(f.Channel), int64(f.Notice), int64(f.Notice), f.Limit)
	return deliveries(rows, err)
}

// ForgetNotices implements [notify.Store].
func (db *DB) ForgetNotices(ctx context.Context, before time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "DELETE FROM delivery WHERE made < ? AND state NOT IN ('waiting', 'held')", micros(before)); err != nil {
			return err
		}
		return tx.exec(ctx, "DELETE FROM notice WHERE due < ?", micros(before))
	})
}

// SourceFault returns why the last look at a source failed, or "".
func (db *DB) SourceFault(ctx context.Context, id hearback.ID) (fault string, err error) {
	if err := found(db.row(ctx, "SELECT fault FROM source WHERE id = ?", int64(id)).Scan(&fault)); err != nil {
		return "", fmt.Errorf("source %s: %w", id, err)
	}
	return fault, nil
}
