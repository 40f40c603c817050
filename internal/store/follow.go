package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/publish"
)

var _ follow.Store = (*DB)(nil)

const askColumns = "mark, token, sealed, first, at, n"

func scanAsk(row scanner) (*follow.Ask, error) {
	var a follow.Ask
	var first, us int64
	err := row.Scan(&a.Mark, &a.Token, &a.Sealed, &first, &us, &a.N)
	a.First, a.At = at(first), at(us)
	return &a, found(err)
}

// FollowAsk implements [follow.Store].
func (db *DB) FollowAsk(ctx context.Context, mark []byte) (*follow.Ask, error) {
	return scanAsk(db.row(ctx, "SELECT "+askColumns+" FROM follow_ask WHERE mark = ?", mark))
}

// FollowAskBy implements [follow.Store].
func (db *DB) FollowAskBy(ctx context.Context, token []byte) (*follow.Ask, error) {
	return scanAsk(db.row(ctx, "SELECT "+askColumns+" FROM follow_ask WHERE token = ?", token))
}

// PutFollowAsk implements [follow.Store].
func (db *DB) PutFollowAsk(ctx context.Context, a follow.Ask, letter publish.Delivery) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, `INSERT INTO follow_ask (mark, token, sealed, first, at, n) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (mark) DO UPDATE SET token = excluded.token, sealed = excluded.sealed, first = excluded.first, at = excluded.at, n = excluded.n`,
			a.Mark, a.Token, a.Sealed, micros(a.First), micros(a.At), a.N); err != nil {
			return err
		}
		return tx.deliver(ctx, []publish.Delivery{letter})
	})
}

// ConfirmFollow implements [follow.Store].
func (db *DB) ConfirmFollow(ctx context.Context, f follow.Follow) error {
	wish, err := json.Marshal(f.Wish)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *Tx) error {
		// What was confirmed meanwhile, or forgotten, is not confirmed again.
		if err := changedOrNotFound(tx.execN(ctx, "DELETE FROM follow_ask WHERE mark = ?", f.Mark)); err != nil {
			return err
		}
		return tx.exec(ctx, `INSERT INTO follow (id, mark, sealed, lang, wish, since) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (mark) DO UPDATE SET sealed = excluded.sealed, lang = excluded.lang, wish = excluded.wish`,
			int64(f.ID), f.Mark, f.Sealed, f.Wish.Lang, string(wish), micros(f.Since))
	})
}

const followColumns = "id, mark, sealed, lang, wish, since"

func scanFollow(row scanner) (*follow.Follow, error) {
	var f follow.Follow
	var lang, wish string
	var us int64
	if err := row.Scan(&f.ID, &f.Mark, &f.Sealed, &lang, &wish, &us); err != nil {
		return nil, found(err)
	}
	err := json.Unmarshal([]byte(wish), &f.Wish)
	f.Wish.Lang, f.Since = lang, at(us)
	return &f, err
}

// Follow implements [follow.Store].
func (db *DB) Follow(ctx context.Context, id hearback.ID) (*follow.Follow, error) {
	return scanFollow(db.row(ctx, "SELECT "+followColumns+" FROM follow WHERE id = ?", int64(id)))
}

// FollowBy implements [follow.Store].
func (db *DB) FollowBy(ctx context.Context, mark []byte) (*follow.Follow, error) {
	return scanFollow(db.row(ctx, "SELECT "+followColumns+" FROM follow WHERE mark = ?", mark))
}

// PutWish implements [follow.Store].
func (db *DB) PutWish(ctx context.Context, id hearback.ID, w follow.Wish) error {
	wish, err := json.Marshal(w)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *Tx) error {
		return changedOrNotFound(tx.execN(ctx, "UPDATE follow SET lang = ?, wish = ? WHERE id = ?", w.Lang, string(wish), int64(id)))
	})
	if err != nil {
		return fmt.Errorf("change what is followed: %w", err)
	}
	return nil
}

// DropFollow implements [follow.Store].
func (db *DB) DropFollow(ctx context.Context, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		for _, q := range []string{
			"DELETE FROM outgoing WHERE kind = '" + publish.Letter + "' AND target = (SELECT mark FROM follow WHERE id = ?)",
			"DELETE FROM follow_ask WHERE mark = (SELECT mark FROM follow WHERE id = ?)",
			"DELETE FROM follow WHERE id = ?",
		} {
			if err := tx.exec(ctx, q, int64(id)); err != nil {
				return err
			}
		}
		return tx.exec(ctx, "DELETE FROM outgoing WHERE kind = ? AND target = ?", publish.Letter, []byte(id.String()))
	})
}

// Follows implements [follow.Store].
func (db *DB) Follows(ctx context.Context, after hearback.ID, limit int) (list []follow.Follow, err error) {
	rows, err := db.query(ctx, "SELECT "+followColumns+" FROM follow WHERE id > ? ORDER BY id LIMIT ?", int64(after), limit)
	return list, each(rows, err, func(row scanner) error {
		f, err := scanFollow(row)
		if err == nil {
			list = append(list, *f)
		}
		return err
	})
}

// CountFollows implements [follow.Store].
func (db *DB) CountFollows(ctx context.Context) (n int64, err error) {
	err = db.row(ctx, "SELECT COUNT(*) FROM follow").Scan(&n)
	return n, err
}

// ForgetFollowAsks implements [follow.Store].
func (db *DB) ForgetFollowAsks(ctx context.Context, before time.Time) error {
	return db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, "DELETE FROM follow_ask WHERE at < ?", micros(before)) })
}
