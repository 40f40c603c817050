package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
)

var _ answer.Store = (*DB)(nil)

const answerColumns = "doc, version"

func scanAnswer(row scanner) (*hearback.Answer, error) {
	var a hearback.Answer
	var doc string
	var version int
	if err := row.Scan(&doc, &version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	a.Version = version
	return &a, nil
}

// Answer returns one answer.
func (db *DB) Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error) {
	a, err := scanAnswer(db.row(ctx, "SELECT "+answerColumns+" FROM answer WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, found(err))
	}
	return a, nil
}

// putAnswer writes an answer, which is new if its version is 0.
func (t *Tx) putAnswer(ctx context.Context, a *hearback.Answer) error {
	doc, err := json.Marshal(a)
	if err != nil {
		return err
	}
	var review, recheck int64
	var langs string
	if d := a.Draft(); d != nil {
		review = micros(d.Submitted)
	}
	if r := a.Current(); r != nil {
		langs = among(r.Langs())
	}
	if a.State == hearback.AnswerPublished {
		recheck = micros(a.Recheck)
	}
	if a.Version == 0 {
		err = t.exec(ctx, "INSERT INTO answer (id, kase, concern, state, langs, changed, review, recheck, doc, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
			int64(a.ID), int64(a.Case), int64(a.Concern), string(a.State), langs, micros(a.Changed()), review, recheck, string(doc))
	} else {
		err = changed(t.execN(ctx, "UPDATE answer SET state = ?, langs = ?, changed = ?, review = ?, recheck = ?, doc = ?, version = version + 1 WHERE id = ? AND version = ?",
			string(a.State), langs, micros(a.Changed()), review, recheck, string(doc), int64(a.ID), a.Version))
	}
	if err != nil {
		return fmt.Errorf("answer %s: %w", a.ID, err)
	}
	return nil
}

// SaveAnswer writes a, and c unless it is nil, with the record of the act.
func (db *DB) SaveAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return db.reply(ctx, c, a, func(tx *Tx) error {
		_, err := tx.record(ctx, r)
		return err
	})
}

// PublishAnswer does what SaveAnswer does, sets where the newest published
// revision stands in the log, and makes a the answer that serves the concern
// of c. A concern that this one was merged into is served too, if it has no
// answer of its own.
func (db *DB) PublishAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return db.reply(ctx, c, a, func(tx *Tx) error {
		seq, err := tx.record(ctx, r)
		if err != nil {
			return err
		}
		a.Current().Record = seq
		if err := tx.exec(ctx, "UPDATE concern SET answer = ? WHERE id = ?", int64(a.ID), int64(c.Concern)); err != nil {
			return err
		}
		return tx.exec(ctx, "UPDATE concern SET answer = ? WHERE answer = 0 AND id = (SELECT into_id FROM concern WHERE id = ? AND state = 'merged')",
			int64(a.ID), int64(c.Concern))
	})
}

// WithdrawAnswer does what SaveAnswer does, sets where the withdrawal stands in
// the log, and leaves no concern served by a.
func (db *DB) WithdrawAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return db.reply(ctx, c, a, func(tx *Tx) error {
		seq, err := tx.record(ctx, r)
		if err != nil {
			return err
		}
		a.Withdrawn.Record = seq
		return tx.exec(ctx, "UPDATE concern SET answer = 0 WHERE answer = ?", int64(a.ID))
	})
}

// An AnswerFilter says which answers a list shows; zero fields ask for
// nothing.
type AnswerFilter struct {
	Public  bool        // only what the public sees: published and withdrawn
	Current bool        // only what is published and not withdrawn
	Lang    string      // only answers given in this language or a kind of it: zh finds zh-Hans
	Concern hearback.ID // only answers to this concern
	Recheck time.Time   // only answers that somebody must look at again by then
	After   hearback.ID // for the next page: the last answer of the page before
	Limit   int         // at most this many, 50 if 0
}

// Answers returns the answers a filter asks for, those that changed last for
// the public first; answers that were never public come last, newest first.
func (db *DB) Answers(ctx context.Context, f AnswerFilter) (list []hearback.Answer, err error) {
	public, state, recheck := 0, "", int64(0)
	if f.Public {
		public = 1
	}
	if f.Current {
		state = string(hearback.AnswerPublished)
	}
	if !f.Recheck.IsZero() {
		recheck = micros(f.Recheck)
	}
	lang, kinds := "", ""
	if hearback.ValidLang(f.Lang) {
		l := strings.ToLower(f.Lang)
		lang, kinds = "% "+l+" %", "% "+l+"-%"
	} else if f.Lang != "" {
		return nil, fmt.Errorf("%w: %.40q is not a language tag", hearback.ErrInvalid, f.Lang)
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	rows, err := db.query(ctx, `
		SELECT `+answerColumns+` FROM answer
		WHERE changed >= CAST(? AS BIGINT)
			AND (CAST(? AS TEXT) = '' OR state = CAST(? AS TEXT))
			AND (CAST(? AS TEXT) = '' OR LOWER(langs) LIKE CAST(? AS TEXT) OR LOWER(langs) LIKE CAST(? AS TEXT))
			AND (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT))
			AND (CAST(? AS BIGINT) = 0 OR recheck > 0 AND recheck <= CAST(? AS BIGINT))
			AND (CAST(? AS BIGINT) = 0 OR (changed, id) < (SELECT changed, id FROM answer WHERE id = CAST(? AS BIGINT)))
		ORDER BY changed DESC, id DESC LIMIT ?`,
		public, state, state, lang, lang, kinds, int64(f.Concern), int64(f.Concern), recheck, recheck, int64(f.After), int64(f.After), f.Limit)
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAnswer(row)
		if err == nil {
			list = append(list, *a)
		}
		return err
	})
}

// AnswersForReview returns the answers whose draft is in review, the longest
// waiting first.
func (db *DB) AnswersForReview(ctx context.Context, limit int) (list []hearback.Answer, err error) {
	rows, err := db.query(ctx, "SELECT "+answerColumns+" FROM answer WHERE review > 0 ORDER BY review, id LIMIT ?", limit)
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAnswer(row)
		if err == nil {
			list = append(list, *a)
		}
		return err
	})
}
