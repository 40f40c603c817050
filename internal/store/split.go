package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.org/hearback"
)

// A Split is a proposal to split a concern, or what became of it.
type Split struct {
	ID      hearback.ID `json:"-"`
	Concern hearback.ID `json:"-"` // that is split
	Part    hearback.ID `json:"-"` // the concern that began with it, once it is done
	State   SplitState  `json:"-"`
	At      time.Time   `json:"-"` // when it came to this state

	Why   string        `json:"why"`   // what the two sides differ in, as cluster.Cut has it
	Of    int64         `json:"of"`    // messages of the concern when it was proposed
	Here  []hearback.ID `json:"here"`  // messages that stay
	There []hearback.ID `json:"there"` // messages that leave
	// Words that tell the sides from each other, and those that both have.
	HereWords  []string `json:"here_words"`
	ThereWords []string `json:"there_words"`
	Shared     []string `json:"shared"`
	// What left with the messages, once it is done.
	Left  Left   `json:"left,omitzero"`
	Rolls []Roll `json:"rolls,omitempty"` // what left the counts of the concern
}

// Left is what left a concern with a split.
type Left struct {
	Messages []hearback.ID           `json:"messages"`
	Voices   int64                   `json:"voices"`
	Langs    map[string]int64        `json:"langs"`
	Kinds    map[hearback.Kind]int64 `json:"kinds"`
	Areas    map[string]int64        `json:"areas"`
}

// SplitState says what became of a proposal to split.
type SplitState string

// The states of a split.
const (
	SplitProposed SplitState = "proposed"
	SplitRejected SplitState = "rejected"
	SplitDone     SplitState = "done"
	SplitUndone   SplitState = "undone"
)

// Splits returns the splits of a concern, or all in a state if concern is 0, in
// the order in which they were proposed, at most limit.
func (db *DB) Splits(ctx context.Context, concern hearback.ID, state SplitState, limit int) (list []Split, err error) {
	rows, err := db.query(ctx, `SELECT id, concern, part, state, at, doc FROM split
		WHERE (CAST(? AS BIGINT) = 0 OR concern = ?) AND state = ? ORDER BY id LIMIT ?`, int64(concern), int64(concern), string(state), limit)
	return list, each(rows, err, func(row scanner) error {
		var s Split
		var us int64
		var doc string
		if err := row.Scan(&s.ID, &s.Concern, &s.Part, &s.State, &us, &doc); err != nil {
			return err
		}
		s.At = at(us)
		list = append(list, s)
		if err := json.Unmarshal([]byte(doc), &list[len(list)-1]); err != nil {
			return fmt.Errorf("split %s: %w", s.ID, err)
		}
		return nil
	})
}

// Propose writes a proposal in the place of the one that the concern has, which
// a nil one only takes away.
func (db *DB) Propose(ctx context.Context, concern hearback.ID, s *Split) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "DELETE FROM split WHERE concern = ? AND state = ?", int64(concern), string(SplitProposed)); err != nil {
			return err
		}
		if s == nil {
			return nil
		}
		return tx.putSplit(ctx, s)
	})
}

// PutSplit writes what became of a split, with the records that tell of it.
func (db *DB) PutSplit(ctx context.Context, s *Split, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.putSplit(ctx, s); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

func (t *Tx) putSplit(ctx context.Context, s *Split) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("split %s: %w", s.ID, err)
	}
	return t.exec(ctx, `INSERT INTO split (id, concern, part, state, at, doc) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET part = excluded.part, state = excluded.state, at = excluded.at, doc = excluded.doc`,
		int64(s.ID), int64(s.Concern), int64(s.Part), string(s.State), micros(s.At), string(doc))
}

// A Move puts messages into another concern.
type Move struct {
	Messages []hearback.ID
	Concern  hearback.ID
}

// split writes what a batch changes about a split: where messages belong, how
// far it came, and whether its part stands for itself.
func (t *Tx) split(ctx context.Context, b *Batch) error {
	if b.Split == nil {
		return nil
	}
	for _, id := range b.Move.Messages {
		if err := t.exec(ctx, "UPDATE message SET concern = ? WHERE id = ?", int64(b.Move.Concern), int64(id)); err != nil {
			return err
		}
	}
	if err := t.putSplit(ctx, b.Split); err != nil {
		return err
	}
	if b.Split.State == SplitDone {
		return nil
	}
	return t.exec(ctx, "UPDATE concern SET state = ?, into_id = ?, version = version + 1 WHERE id = ?",
		string(hearback.Merged), int64(b.Split.Concern), int64(b.Split.Part))
}

// RollsOf calls f for the counts of one concern from a time on, by source.
func (db *DB) RollsOf(ctx context.Context, concern hearback.ID, from time.Time, f func(Roll)) error {
	rows, err := db.query(ctx, "SELECT bucket, source, messages, voices, questions, copies FROM roll WHERE concern = ? AND bucket >= ?", int64(concern), micros(from))
	return each(rows, err, func(row scanner) error {
		r := Roll{Concern: concern}
		var us int64
		if err := row.Scan(&us, &r.Source, &r.Messages, &r.Voices, &r.Questions, &r.Copies); err != nil {
			return err
		}
		r.Bucket = at(us)
		f(r)
		return nil
	})
}
