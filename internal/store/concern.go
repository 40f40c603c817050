package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
)

// concernColumns are what scanConcern reads, in order.
const concernColumns = "id, theme, state, into_id, title, titled, first_at, last_at, messages, copies, voices, doc, score, kase, answer, version"

// concernDoc is the part of a concern that is never searched by.
type concernDoc struct {
	Phrases []string                `json:"phrases,omitempty"`
	Langs   map[string]int64        `json:"langs,omitempty"`
	Kinds   map[hearback.Kind]int64 `json:"kinds,omitempty"`
	Areas   map[string]int64        `json:"areas,omitempty"`
	Recent  []int64                 `json:"recent,omitempty"`
	Medoid  int64                   `json:"medoid,omitempty"`
	Fresh   []hearback.Place        `json:"fresh,omitempty"`
	Labels  []concernLabel          `json:"labels,omitempty"`
}

// concernLabel is a hearback.Label as it is stored.
type concernLabel struct {
	Lang     string      `json:"lang"`
	Title    string      `json:"title"`
	Phrases  []string    `json:"phrases"`
	Medoid   hearback.ID `json:"medoid"`
	Messages int         `json:"messages"`
}

func scanConcern(row scanner) (hearback.Concern, error) {
	var c hearback.Concern
	var doc, score string
	var titled, first, last int64
	err := row.Scan(&c.ID, &c.Theme, &c.State, &c.Into, &c.Title, &titled, &first, &last, &c.Messages, &c.Copies, &c.Voices, &doc, &score, &c.Case, &c.Answer, &c.Version)
	if err != nil {
		return c, err
	}
	c.Titled, c.First, c.Last = titled != 0, at(first), at(last)
	var d concernDoc
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		return c, fmt.Errorf("concern %s: %w", c.ID, err)
	}
	c.Phrases, c.Langs, c.Kinds, c.Areas, c.Medoid, c.Fresh = d.Phrases, d.Langs, d.Kinds, d.Areas, hearback.ID(d.Medoid), d.Fresh
	for _, l := range d.Labels {
		c.Labels = append(c.Labels, hearback.Label(l))
	}
	for _, id := range d.Recent {
		c.Recent = append(c.Recent, hearback.ID(id))
	}
	if score != "" {
		if err := json.Unmarshal([]byte(score), &c.Score); err != nil {
			return c, fmt.Errorf("concern %s: %w", c.ID, err)
		}
	}
	return c, nil
}

// putConcerns writes new or grown concerns. It leaves alone what other hands
// write: the score, the case, the answer, and the title if a person wrote it.
func (t *Tx) putConcerns(ctx context.Context, list []*hearback.Concern) error {
	slices.SortFunc(list, func(a, b *hearback.Concern) int { return cmp.Compare(a.ID, b.ID) })
	var recent []int64
	var labels []concernLabel
	return t.many(ctx, "INSERT INTO concern (id, theme, state, into_id, title, titled, first_at, last_at, messages, copies, voices, void, doc, score, rank, priority, kase, answer, version)", 19, `
		ON CONFLICT (id) DO UPDATE SET theme = excluded.theme,
			title = CASE WHEN concern.titled = 1 THEN concern.title ELSE excluded.title END,
			first_at = excluded.first_at, last_at = excluded.last_at, messages = excluded.messages,
			copies = excluded.copies, voices = excluded.voices, void = excluded.void, doc = excluded.doc`, len(list), func(i int, v []any) {
		c := list[i]
		recent = recent[:0]
		for _, id := range c.Recent {
			recent = append(recent, int64(id))
		}
		labels = labels[:0]
		for _, l := range c.Labels {
			labels = append(labels, concernLabel(l))
		}
		doc := concernDoc{c.Phrases, c.Langs, c.Kinds, c.Areas, recent, int64(c.Medoid), c.Fresh, labels}
		v[0], v[1], v[2], v[3], v[4], v[5] = int64(c.ID), int64(c.Theme), string(hearback.Open), int64(0), c.Title, int64(0)
		v[6], v[7], v[8], v[9], v[10], v[11], v[12] = micros(c.First), micros(c.Last), c.Messages, c.Copies, c.Voices, void(c), string(doc.json())
		v[13], v[14], v[15], v[16], v[17], v[18] = "", int64(9), 0.0, int64(0), int64(0), int64(1)
	})
}

// Where a question counts as asked by many: at least so many voices, and at
// least this share of questions. Migration 7 has the same numbers.
const (
	voidVoices = 15
	voidShare  = .4
)

// void returns 1 for a concern that many ask about, and 0 for another.
func void(c *hearback.Concern) int64 {
	var all int64
	for _, n := range c.Kinds {
		all += n
	}
	if c.Voices >= voidVoices && float64(c.Kinds[hearback.Question]) >= voidShare*float64(all) {
		return 1
	}
	return 0
}

// json returns d as encoding/json would. It is written out because thousands
// are stored with every batch. TestConcernDoc fails if it leaves a field out.
func (d *concernDoc) json() []byte {
	b := append(make([]byte, 0, 192+20*len(d.Recent)), '{')
	if len(d.Phrases) > 0 {
		b = append(appendStrings(append(b, `"phrases":`...), d.Phrases), ',')
	}
	b = appendCounts(b, "langs", d.Langs)
	b = appendCounts(b, "kinds", d.Kinds)
	b = appendCounts(b, "areas", d.Areas)
	for i, id := range d.Recent {
		if i == 0 {
			b = append(b, `"recent":[`...)
		}
		b = append(strconv.AppendInt(b, id, 10), ',')
	}
	if len(d.Recent) > 0 {
		b = append(b[:len(b)-1], "],"...)
	}
	if d.Medoid != 0 {
		b = append(strconv.AppendInt(append(b, `"medoid":`...), d.Medoid, 10), ',')
	}
	// Rare, and of times that can be written.
	if fresh, err := json.Marshal(d.Fresh); err == nil && len(d.Fresh) > 0 {
		b = append(append(append(b, `"fresh":`...), fresh...), ',')
	}
	for i, l := range d.Labels {
		if i == 0 {
			b = append(b, `"labels":[`...)
		}
		b = append(appendJSON(append(b, `{"lang":`...), l.Lang), `,"title":`...)
		b = append(appendStrings(append(appendJSON(b, l.Title), `,"phrases":`...), l.Phrases), `,"medoid":`...)
		b = append(appendJSON(b, l.Medoid.String()), `,"messages":`...)
		b = append(strconv.AppendInt(b, int64(l.Messages), 10), "},"...)
	}
	if len(d.Labels) > 0 {
		b = append(b[:len(b)-1], "],"...)
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

func appendStrings(b []byte, list []string) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, s)
	}
	return append(b, ']')
}

func appendCounts[K ~string](b []byte, name string, counts map[K]int64) []byte {
	if len(counts) == 0 {
		return b
	}
	var room [8]K
	keys := room[:0]
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(append(append(b, '"'), name...), `":{`...)
	for _, k := range keys {
		b = append(appendJSON(b, string(k)), ':')
		b = append(strconv.AppendInt(b, counts[k], 10), ',')
	}
	return append(b[:len(b)-1], "},"...)
}

// appendJSON appends s as encoding/json writes it, which [DB.ConcernList] looks
// for. 0xE2 begins the two separators that it escapes.
func appendJSON(b []byte, s string) []byte {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		c := s[i]
		plain = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0xE2
	}
	if !plain {
		quoted, _ := json.Marshal(s) // which every string can be
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// Concern returns one concern.
func (db *DB) Concern(ctx context.Context, id hearback.ID) (*hearback.Concern, error) {
	c, err := scanConcern(db.row(ctx, "SELECT "+concernColumns+" FROM concern WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("concern %s: %w", id, found(err))
	}
	return &c, nil
}

// ConcernsByID returns concerns with an id above after, in the order of their
// ids, at most limit.
func (db *DB) ConcernsByID(ctx context.Context, after hearback.ID, limit int) (list []hearback.Concern, err error) {
	rows, err := db.query(ctx, "SELECT "+concernColumns+" FROM concern WHERE id > ? ORDER BY id LIMIT ?", int64(after), limit)
	return list, each(rows, err, func(row scanner) error {
		c, err := scanConcern(row)
		list = append(list, c)
		return err
	})
}

// SaveScores writes the scores of concerns, and raises no version: scores are
// the machine's, and the next step replaces them. What a person changed in one
// comes with its record.
func (db *DB) SaveScores(ctx context.Context, scores map[hearback.ID]hearback.Score, rs ...hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		for id, s := range scores {
			if s.Tier == hearback.P1 { // worth a row however few speak of it
				tx.then(func() { db.names.other(id) })
			}
			b, err := json.Marshal(s)
			if err != nil {
				return fmt.Errorf("score of %s: %w", id, err)
			}
			if err := tx.exec(ctx, "UPDATE concern SET score = ?, rank = ?, priority = ? WHERE id = ?", string(b), s.Tier.Rank(), s.High, int64(id)); err != nil {
				return err
			}
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

// SetConcern changes what people decide about a concern (state, target of a
// merge, theme, title), with the records that tell of it. It returns
// [hearback.ErrConflict] if the stored version is not c.Version.
func (db *DB) SetConcern(ctx context.Context, c *hearback.Concern, rs ...hearback.Record) error {
	titled := 0
	if c.Titled {
		titled = 1
	}
	err := db.write(ctx, func(tx *Tx) error {
		tx.then(func() { db.names.other(c.ID) })
		n, err := tx.execN(ctx, "UPDATE concern SET state = ?, into_id = ?, theme = ?, title = ?, titled = ?, version = version + 1 WHERE id = ? AND version = ?",
			string(c.State), int64(c.Into), int64(c.Theme), c.Title, titled, int64(c.ID), c.Version)
		if err := changed(n, err); err != nil {
			return err
		}
		_, err = tx.records(ctx, rs)
		return err
	})
	if err != nil {
		return fmt.Errorf("concern %s: %w", c.ID, err)
	}
	c.Version++
	return nil
}

const messageColumns = "id, source, concern, at, seen, kind, lang, area, copy_of, masked, text"

func scanMessage(row scanner) (hearback.Message, error) {
	var m hearback.Message
	var said, seen int64
	var masked string
	err := row.Scan(&m.ID, &m.Source, &m.Concern, &said, &seen, &m.Kind, &m.Lang, &m.Area, &m.CopyOf, &masked, &m.Text)
	m.At, m.Seen, m.Masked = at(said), at(seen), strings.Fields(masked)
	return m, err
}

// Messages returns the messages named, in that order, leaving out those whose
// text has been forgotten.
func (db *DB) Messages(ctx context.Context, ids []hearback.ID) ([]hearback.Message, error) {
	var list []hearback.Message
	for _, id := range ids {
		m, err := scanMessage(db.row(ctx, "SELECT "+messageColumns+" FROM message WHERE id = ?", int64(id)))
		if err := found(err); err == hearback.ErrNotFound {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("message %s: %w", id, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// MergedInto returns the concerns that were merged into one, in the order of
// their ids.
func (db *DB) MergedInto(ctx context.Context, id hearback.ID) (list []hearback.Concern, err error) {
	rows, err := db.query(ctx, "SELECT "+concernColumns+" FROM concern WHERE state = 'merged' AND into_id = ? ORDER BY id", int64(id))
	return list, each(rows, err, func(row scanner) error {
		c, err := scanConcern(row)
		list = append(list, c)
		return err
	})
}

// HeardBefore reports whether a concern, or a part of it, was heard of in a
// source before a time.
func (db *DB) HeardBefore(ctx context.Context, concern, source hearback.ID, before time.Time) (bool, error) {
	var one int
	err := db.row(ctx, "SELECT 1 FROM roll WHERE "+withParts+" AND source = ? AND bucket < ? LIMIT 1", int64(concern), int64(concern), int64(source), micros(before)).Scan(&one)
	if err = found(err); err == hearback.ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// A Saying is the words of one message and the concern it was grouped into.
type Saying struct {
	Concern    hearback.ID
	Lang, Text string
}

// Sayings returns the words of the newest messages of some concerns that came
// in during [from, to), copies left out, at most limit. It walks the messages
// of that time, so it is for what is rare.
func (db *DB) Sayings(ctx context.Context, concerns []hearback.ID, from, to time.Time, limit int) (list []Saying, err error) {
	if len(concerns) == 0 {
		return nil, nil
	}
	args := []any{int64(hearback.IDAt(from)), int64(hearback.IDAt(to))}
	for _, id := range concerns {
		args = append(args, int64(id))
	}
	rows, err := db.query(ctx, "SELECT concern, lang, text FROM message WHERE id >= ? AND id < ? AND copy_of = 0 AND concern IN (?"+strings.Repeat(", ?", len(concerns)-1)+") ORDER BY id DESC LIMIT ?",
		append(args, limit)...)
	return list, each(rows, err, func(row scanner) error {
		var s Saying
		err := row.Scan(&s.Concern, &s.Lang, &s.Text)
		list = append(list, s)
		return err
	})
}

// Parents returns, for every concern that was merged, the one it is part of.
func (db *DB) Parents(ctx context.Context) (map[hearback.ID]hearback.ID, error) {
	parents := map[hearback.ID]hearback.ID{}
	rows, err := db.query(ctx, "SELECT id, into_id FROM concern WHERE state = 'merged'")
	return parents, each(rows, err, func(row scanner) error {
		var id, into hearback.ID
		err := row.Scan(&id, &into)
		parents[id] = into
		return err
	})
}

// Living returns the concerns with an id above after that are not merged, were
// heard of since a time and have so many voices, in the order of their ids, at
// most limit.
func (db *DB) Living(ctx context.Context, since time.Time, voices int64, after hearback.ID, limit int) (list []hearback.Concern, err error) {
	rows, err := db.query(ctx, "SELECT "+concernColumns+` FROM concern
		WHERE id > ? AND voices >= ? AND last_at >= ? AND state <> 'merged' ORDER BY id LIMIT ?`, int64(after), voices, micros(since), limit)
	return list, each(rows, err, func(row scanner) error {
		c, err := scanConcern(row)
		list = append(list, c)
		return err
	})
}
