package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
)

// Bucket is the length of the buckets that counts are kept in.
const Bucket = 15 * time.Minute

// A Batch is everything that changes when messages are taken in. It is kept
// whole or not at all, so that a crash neither loses nor doubles a message.
type Batch struct {
	Sources  []SourceBatch
	New      []NewMessage
	Edits    []NewMessage // the same post with other words: id, text, language and masks change
	Gone     []Post       // posts whose deletion is honoured
	Posts    []Post       // what became of posts, for telling repeats
	Concerns []*hearback.Concern
	Grouping map[hearback.ID][]byte
	Sketches map[hearback.ID][]byte
	Rolls    []Roll
	Areas    []AreaHour
	Records  []hearback.Record
	Split    *Split // a split that is made or taken back, or nil
	Move     Move   // the messages that change concerns with it
}

// A SourceBatch is what one source sent.
type SourceBatch struct {
	Source hearback.ID
	Cursor []byte // nil leaves the stored cursor alone
	Bucket time.Time
	Tally  hearback.Tally
	Newest time.Time // when its newest message came in; zero if none was kept
}

// A NewMessage is a message with the signature that finds its copies.
type NewMessage struct {
	hearback.Message
	Sig []byte
}

// A Post is what became of one post: a keyed hash of its id, the message it
// is (0 if it was dropped) and a keyed hash of its words.
type Post struct {
	Source  hearback.ID
	Hash    uint64
	Message hearback.ID
	Digest  uint64
	Seen    time.Time
}

// A Roll adds to the counts of one concern, source and bucket.
type Roll struct {
	Bucket            time.Time
	Concern, Source   hearback.ID
	Messages, Voices  int64
	Questions, Copies int64
	Echoes            int64 // voices that only repeated others, but for 1 + log2 of them for each text
}

// An AreaHour adds to what was heard in one hour from one area, or from none
// when the area is "".
type AreaHour struct {
	Hour             time.Time
	Area             string
	Messages, Voices int64
}

// AreaKept is how long counts by area and hour are kept.
const AreaKept = 7 * 24 * time.Hour

// Take commits a batch.
func (db *DB) Take(ctx context.Context, b *Batch) error {
	return db.write(ctx, func(tx *Tx) error {
		tx.then(func() { db.names.grown(b.Concerns) })
		for _, s := range b.Sources {
			if err := tx.takeSource(ctx, s); err != nil {
				return fmt.Errorf("source %s: %w", s.Source, err)
			}
		}
		// Rows go in by the order of their tables.
		err := tx.many(ctx, "INSERT INTO message (id, source, concern, at, seen, kind, lang, area, copy_of, masked, text, sig)", 12, "", len(b.New), func(i int, v []any) {
			m := &b.New[i]
			v[0], v[1], v[2], v[3], v[4] = int64(m.ID), int64(m.Source), int64(m.Concern), micros(m.At), micros(m.Seen)
			v[5], v[6], v[7], v[8], v[9], v[10], v[11] = string(m.Kind), m.Lang, m.Area, int64(m.CopyOf), strings.Join(m.Masked, " "), m.Text, m.Sig
		})
		if err != nil {
			return fmt.Errorf("message: %w", err)
		}
		for i := range b.Edits {
			m := &b.Edits[i]
			if err := tx.exec(ctx, "UPDATE message SET kind = ?, lang = ?, area = ?, masked = ?, text = ?, sig = ? WHERE id = ?",
				string(m.Kind), m.Lang, m.Area, strings.Join(m.Masked, " "), m.Text, m.Sig, int64(m.ID)); err != nil {
				return fmt.Errorf("edited message: %w", err)
			}
		}
		for _, p := range b.Gone {
			if err := tx.exec(ctx, "DELETE FROM message WHERE id = ?", int64(p.Message)); err != nil {
				return fmt.Errorf("deleted message: %w", err)
			}
			if err := tx.exec(ctx, "DELETE FROM post WHERE source = ? AND hash = ?", int64(p.Source), int64(p.Hash)); err != nil {
				return fmt.Errorf("deleted message: %w", err)
			}
		}
		slices.SortFunc(b.Posts, func(x, y Post) int {
			return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(int64(x.Hash), int64(y.Hash)))
		})
		err = tx.many(ctx, "INSERT INTO post (source, hash, message, digest, seen)", 5,
			"ON CONFLICT (source, hash) DO UPDATE SET message = excluded.message, digest = excluded.digest", len(b.Posts), func(i int, v []any) {
				p := &b.Posts[i]
				v[0], v[1], v[2], v[3], v[4] = int64(p.Source), int64(p.Hash), int64(p.Message), int64(p.Digest), micros(p.Seen)
			})
		if err != nil {
			return fmt.Errorf("post: %w", err)
		}
		if err := tx.putConcerns(ctx, b.Concerns); err != nil {
			return fmt.Errorf("concern: %w", err)
		}
		if err := tx.putGrouping(ctx, b.Grouping, b.Sketches); err != nil {
			return fmt.Errorf("grouping: %w", err)
		}
		slices.SortFunc(b.Rolls, func(x, y Roll) int {
			return cmp.Or(cmp.Compare(x.Concern, y.Concern), x.Bucket.Compare(y.Bucket), cmp.Compare(x.Source, y.Source))
		})
		err = tx.many(ctx, "INSERT INTO roll (bucket, concern, source, messages, voices, questions, copies, echoes)", 8,
			`ON CONFLICT (concern, bucket, source) DO UPDATE SET messages = roll.messages + excluded.messages, voices = roll.voices + excluded.voices,
				questions = roll.questions + excluded.questions, copies = roll.copies + excluded.copies, echoes = roll.echoes + excluded.echoes`, len(b.Rolls), func(i int, v []any) {
				r := &b.Rolls[i]
				v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7] = micros(r.Bucket), int64(r.Concern), int64(r.Source), r.Messages, r.Voices, r.Questions, r.Copies, r.Echoes
			})
		if err != nil {
			return fmt.Errorf("counts: %w", err)
		}
		if err := tx.putAreas(ctx, b.Areas); err != nil {
			return fmt.Errorf("counts by area: %w", err)
		}
		if err := tx.split(ctx, b); err != nil {
			return fmt.Errorf("split: %w", err)
		}
		_, err = tx.records(ctx, b.Records)
		return err
	})
}

// putAreas adds to the counts by area and hour and drops those that are old.
func (t *Tx) putAreas(ctx context.Context, list []AreaHour) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(x, y AreaHour) int {
		return cmp.Or(x.Hour.Compare(y.Hour), strings.Compare(x.Area, y.Area))
	})
	err := t.many(ctx, "INSERT INTO area_hour (bucket, area, messages, voices)", 4,
		"ON CONFLICT (bucket, area) DO UPDATE SET messages = area_hour.messages + excluded.messages, voices = area_hour.voices + excluded.voices", len(list), func(i int, v []any) {
			a := &list[i]
			v[0], v[1], v[2], v[3] = micros(a.Hour), a.Area, a.Messages, a.Voices
		})
	if err != nil {
		return err
	}
	return t.exec(ctx, "DELETE FROM area_hour WHERE bucket < ?", micros(list[len(list)-1].Hour.Add(-AreaKept)))
}

// AreaHours returns the voices of each area, "" for none, in every hour from a
// time on in which it was heard, the oldest first. It knows those of [AreaKept].
func (db *DB) AreaHours(ctx context.Context, from time.Time) (map[string][]hearback.Point, error) {
	all := map[string][]hearback.Point{}
	rows, err := db.query(ctx, "SELECT bucket, area, voices FROM area_hour WHERE bucket >= ? ORDER BY bucket, area", micros(from))
	return all, each(rows, err, func(row scanner) error {
		var us, voices int64
		var area string
		err := row.Scan(&us, &area, &voices)
		all[area] = append(all[area], hearback.Point{At: at(us), Voices: float64(voices)})
		return err
	})
}

// putGrouping writes the states and the sketches of concerns that changed. A
// state is never empty, so an empty one leaves the stored one alone, as a
// sketch that is no value does.
func (t *Tx) putGrouping(ctx context.Context, states, sketches map[hearback.ID][]byte) error {
	ids := make([]hearback.ID, 0, len(states)+len(sketches))
	for id := range states {
		ids = append(ids, id)
	}
	for id := range sketches {
		if _, ok := states[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return t.many(ctx, "INSERT INTO grouping (concern, state, sketch)", 3,
		`ON CONFLICT (concern) DO UPDATE SET state = CASE WHEN LENGTH(excluded.state) > 0 THEN excluded.state ELSE grouping.state END,
			sketch = COALESCE(excluded.sketch, grouping.sketch)`, len(ids), func(i int, v []any) {
			v[0], v[1], v[2] = int64(ids[i]), []byte{}, nil
			if b := states[ids[i]]; len(b) > 0 {
				v[1] = b
			}
			if b := sketches[ids[i]]; len(b) > 0 {
				v[2] = b
			}
		})
}

func (t *Tx) takeSource(ctx context.Context, s SourceBatch) error {
	if s.Cursor != nil {
		if err := t.exec(ctx, "UPDATE source SET cursor = ? WHERE id = ?", s.Cursor, int64(s.Source)); err != nil {
			return err
		}
	}
	if !s.Newest.IsZero() {
		if err := t.exec(ctx, "UPDATE source SET last_message = ? WHERE id = ? AND last_message < ?", micros(s.Newest), int64(s.Source), micros(s.Newest)); err != nil {
			return err
		}
	}
	if s.Tally == (hearback.Tally{}) {
		return nil
	}
	y := s.Tally
	return t.exec(ctx, `INSERT INTO tally (source, bucket, received, kept, copies, dropped, repeats, edited, deleted, refused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (source, bucket) DO UPDATE SET received = tally.received + excluded.received, kept = tally.kept + excluded.kept, copies = tally.copies + excluded.copies,
			dropped = tally.dropped + excluded.dropped, repeats = tally.repeats + excluded.repeats, edited = tally.edited + excluded.edited,
			deleted = tally.deleted + excluded.deleted, refused = tally.refused + excluded.refused`,
		int64(s.Source), micros(s.Bucket), y.Received, y.Kept, y.Copies, y.Dropped, y.Repeats, y.Edited, y.Deleted, y.Refused)
}

// Post returns what became of a post, or [hearback.ErrNotFound].
func (db *DB) Post(ctx context.Context, src hearback.ID, hash uint64) (Post, error) {
	p := Post{Source: src, Hash: hash}
	var digest, seen int64
	err := db.row(ctx, "SELECT message, digest, seen FROM post WHERE source = ? AND hash = ?", int64(src), int64(hash)).Scan(&p.Message, &digest, &seen)
	p.Digest, p.Seen = uint64(digest), at(seen)
	return p, found(err)
}

// PostHashes calls f for every post that is remembered.
func (db *DB) PostHashes(ctx context.Context, f func(src hearback.ID, hash uint64)) error {
	return db.scan(ctx, "SELECT source, hash FROM post", nil, func(v []driver.Value) error {
		src, ok := v[0].(int64)
		hash, ok2 := v[1].(int64)
		if !ok || !ok2 {
			return errColumn
		}
		f(hearback.ID(src), uint64(hash))
		return nil
	})
}

var errColumn = errors.New("a column is not of its type: restore a backup")

// Grouping yields the stored state of every concern that was touched since
// the time given, or was merged into one that was; what the concerns share
// comes first. If there are more than limit, it leaves out the oldest of those
// with one or two messages first, then the least recent of the others. The
// error is set once the sequence ends.
func (db *DB) Grouping(ctx context.Context, since time.Time, limit int, err *error) iter.Seq2[hearback.ID, []byte] {
	// Nearly all concerns are of one or two messages. They are not sorted: their
	// ids are in the order they began.
	const grown = `(c.messages > 2 AND c.last_at >= ?
		OR c.into_id <> 0 AND EXISTS (SELECT 1 FROM concern i WHERE i.id = c.into_id AND i.last_at >= ?))`
	return func(yield func(hearback.ID, []byte) bool) {
		var n int
		if *err = db.row(ctx, "SELECT COUNT(*) FROM concern c WHERE "+grown, micros(since), micros(since)).Scan(&n); *err != nil {
			return
		}
		n = min(n, limit)
		enough := errors.New("enough")
		*err = db.scan(ctx, `SELECT concern, state FROM grouping WHERE concern IN (SELECT 0
				UNION ALL SELECT id FROM (SELECT c.id FROM concern c WHERE `+grown+` ORDER BY c.last_at DESC LIMIT ?) AS grown
				UNION ALL SELECT id FROM (SELECT id FROM concern WHERE messages <= 2 AND into_id = 0 AND last_at >= ? ORDER BY id DESC LIMIT ?) AS small)
			ORDER BY concern`, []any{micros(since), micros(since), int64(n), micros(since), int64(limit - n)}, func(v []driver.Value) error {
			id, ok := v[0].(int64)
			state, ok2 := v[1].([]byte)
			if !ok || !ok2 {
				return errColumn
			}
			if !yield(hearback.ID(id), state) {
				return enough
			}
			return nil
		})
		if errors.Is(*err, enough) {
			*err = nil
		}
	}
}

// Sketch returns the sketch of a concern in the open window, or nil if it has
// none.
func (db *DB) Sketch(ctx context.Context, concern hearback.ID) (b []byte, err error) {
	err = db.row(ctx, "SELECT sketch FROM grouping WHERE concern = ?", int64(concern)).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

// CloseWindow forgets every sketch: what was counted stays counted, and who
// was counted cannot be told any more.
func (db *DB) CloseWindow(ctx context.Context, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, "UPDATE grouping SET sketch = NULL WHERE sketch IS NOT NULL"); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

// Signatures calls f for every message taken in since the time given that is
// no copy, oldest first.
func (db *DB) Signatures(ctx context.Context, since hearback.ID, f func(message, concern hearback.ID, said time.Time, sig []byte)) error {
	return db.scan(ctx, "SELECT id, concern, at, sig FROM message WHERE id >= ? AND copy_of = 0 ORDER BY id", []any{int64(since)}, func(v []driver.Value) error {
		id, ok := v[0].(int64)
		concern, ok2 := v[1].(int64)
		us, ok3 := v[2].(int64)
		if !ok || !ok2 || !ok3 {
			return errColumn
		}
		sig, _ := v[3].([]byte) // none for a text without terms
		f(hearback.ID(id), hearback.ID(concern), at(us), sig)
		return nil
	})
}

// LastID returns the largest id in use, for [hearback.IDs.Observe].
func (db *DB) LastID(ctx context.Context) (hearback.ID, error) {
	var last hearback.ID
	for _, table := range []string{"message", "concern", "source", "topic", "kase", "answer", "alert", "account", "split"} {
		var id hearback.ID
		if err := db.row(ctx, "SELECT COALESCE(MAX(id), 0) FROM "+table).Scan(&id); err != nil {
			return 0, err
		}
		last = max(last, id)
	}
	return last, nil
}

// withParts finds the counts of a concern and of those merged into it. It takes
// the id twice.
const withParts = "concern IN (SELECT CAST(? AS BIGINT) UNION ALL SELECT id FROM concern WHERE into_id = ? AND into_id <> 0)"

// Rolls returns the counts of one concern from a time on, oldest first, all
// sources together.
func (db *DB) Rolls(ctx context.Context, concern hearback.ID, from time.Time) (list []Roll, err error) {
	rows, err := db.query(ctx, "SELECT bucket, SUM(messages), SUM(voices), SUM(questions), SUM(copies), SUM(echoes) FROM roll WHERE "+withParts+" AND bucket >= ? GROUP BY bucket ORDER BY bucket", int64(concern), int64(concern), micros(from))
	return list, each(rows, err, func(row scanner) error {
		r := Roll{Concern: concern}
		var us int64
		if err := row.Scan(&us, &r.Messages, &r.Voices, &r.Questions, &r.Copies, &r.Echoes); err != nil {
			return err
		}
		r.Bucket = at(us)
		list = append(list, r)
		return nil
	})
}

// RollsBetween calls f for the voices, and those of them that are echoes, of every source in [from, to) of each
// concern that has so many voices in all or a case, and of each that was merged
// into another, in no order.
func (db *DB) RollsBetween(ctx context.Context, from, to time.Time, voices int64, f func(concern, source hearback.ID, bucket time.Time, voices, echoes int64)) error {
	// The join goes from concerns to counts, so that only those are read.
	return db.scan(ctx, `SELECT r.concern, r.source, r.bucket, r.voices, r.echoes FROM concern c CROSS JOIN roll r
		WHERE (c.voices >= ? OR c.kase > 0 OR c.state = 'merged') AND c.last_at >= ? AND r.concern = c.id AND r.bucket >= ? AND r.bucket < ?`, []any{voices, micros(from), micros(from), micros(to)}, func(v []driver.Value) error {
		var n [5]int64
		for i := range n {
			var ok bool
			if n[i], ok = v[i].(int64); !ok {
				return errColumn
			}
		}
		f(hearback.ID(n[0]), hearback.ID(n[1]), at(n[2]), n[3], n[4])
		return nil
	})
}

// Words calls f with the words of messages with ids from low on and below
// before, newest first, at most limit, until it returns false.
func (db *DB) Words(ctx context.Context, low, before hearback.ID, limit int, f func(id hearback.ID, text string) bool) error {
	rows, err := db.query(ctx, "SELECT id, text FROM message WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?", int64(low), int64(before), limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id hearback.ID
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		if !f(id, text) {
			return nil
		}
	}
	return rows.Err()
}

// Total returns what became of everything a source ever sent, or of
// everything all sources sent if src is 0.
func (db *DB) Total(ctx context.Context, src hearback.ID) (y hearback.Tally, err error) {
	err = db.row(ctx, `SELECT COALESCE(SUM(received), 0), COALESCE(SUM(kept), 0), COALESCE(SUM(copies), 0), COALESCE(SUM(dropped), 0),
			COALESCE(SUM(repeats), 0), COALESCE(SUM(edited), 0), COALESCE(SUM(deleted), 0), COALESCE(SUM(refused), 0)
		FROM tally WHERE CAST(? AS BIGINT) = 0 OR source = ?`, int64(src), int64(src)).
		Scan(&y.Received, &y.Kept, &y.Copies, &y.Dropped, &y.Repeats, &y.Edited, &y.Deleted, &y.Refused)
	return y, err
}

// Forget removes the text of messages of a source that came in before a time,
// with the hashes that led to them. It returns how many messages went. The
// rule is on the log since the source was added, so following it is no entry.
func (db *DB) Forget(ctx context.Context, src hearback.ID, before time.Time) (n int64, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		n, err = tx.execN(ctx, "DELETE FROM message WHERE id < ? AND source = ? AND seen < ?", int64(hearback.IDAt(before)), int64(src), micros(before))
		if err != nil {
			return err
		}
		return tx.exec(ctx, "DELETE FROM post WHERE source = ? AND seen < ?", int64(src), micros(before))
	})
	return n, err
}
