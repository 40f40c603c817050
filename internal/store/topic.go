package store

import (
	"context"
	"encoding/json"
	"fmt"

	"example.org/hearback"
)

// scanTopic reads id, version and doc.
func scanTopic(row scanner) (hearback.Topic, error) {
	var t hearback.Topic
	var id hearback.ID
	var version int
	var doc string
	if err := row.Scan(&id, &version, &doc); err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(doc), &t); err != nil {
		return t, fmt.Errorf("topic %s: %w", id, err)
	}
	t.ID, t.Version = id, version
	return t, nil
}

// AddTopic writes a new topic with version 1, and rs with it.
func (db *DB) AddTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error {
	added := *t
	added.Version = 1
	doc, err := json.Marshal(added)
	if err != nil {
		return fmt.Errorf("topic %q: %w", t.Name, err)
	}
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "INSERT INTO topic (id, state, doc, version) VALUES (?, ?, ?, 1)", int64(t.ID), string(t.State), string(doc)); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("topic %q: %w", t.Name, err)
	}
	t.Version = 1
	return nil
}

// ChangeTopic writes t, and rs with it, and raises t.Version. It returns
// [hearback.ErrConflict] if the stored version is not t.Version.
func (db *DB) ChangeTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error {
	next := *t
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("topic %q: %w", t.Name, err)
	}
	err = db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "UPDATE topic SET state = ?, doc = ?, version = ? WHERE id = ? AND version = ?",
			string(t.State), string(doc), next.Version, int64(t.ID), t.Version)
		if err := changed(n, err); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("topic %q: %w", t.Name, err)
	}
	t.Version = next.Version
	return nil
}

// RemoveTopic marks t as removed, and writes rs with it. It returns
// [hearback.ErrConflict] if the stored version is not t.Version.
func (db *DB) RemoveTopic(ctx context.Context, t *hearback.Topic, rs ...hearback.Record) error {
	gone := *t
	gone.State = hearback.TopicRemoved
	if err := db.ChangeTopic(ctx, &gone, rs...); err != nil {
		return err
	}
	*t = gone
	return nil
}

// Topics returns every topic, removed ones too, in the order they were added.
func (db *DB) Topics(ctx context.Context) (list []hearback.Topic, err error) {
	rows, err := db.query(ctx, "SELECT id, version, doc FROM topic ORDER BY id")
	return list, each(rows, err, func(row scanner) error {
		t, err := scanTopic(row)
		list = append(list, t)
		return err
	})
}

// Topic returns one topic, or [hearback.ErrNotFound].
func (db *DB) Topic(ctx context.Context, id hearback.ID) (*hearback.Topic, error) {
	t, err := scanTopic(db.row(ctx, "SELECT id, version, doc FROM topic WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", id, found(err))
	}
	return &t, nil
}
