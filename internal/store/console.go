package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// What follows are the lists that only pages need.

var _ office.Store = (*DB)(nil)

// ConcernList returns the concerns that pass the filter, the most urgent
// first: by tier, then by the upper end of priority. It reads along the index
// of that order and stops when the page is full. What the filter asks for and
// no column holds is looked for in doc as text first, and then made sure of,
// so that no engine needs to understand JSON.
func (db *DB) ConcernList(ctx context.Context, f office.ConcernFilter) (list []hearback.Concern, next string, err error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	after, err := parseCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	states := []hearback.ConcernState{hearback.Open}
	switch f.View {
	case "muted":
		states[0] = hearback.Muted
	case "all":
		states = append(states, hearback.Muted)
	}
	in := func(state hearback.ConcernState) ([]placed, *cursor, error) {
		return db.concernsIn(ctx, state, f, after)
	}
	if f.Text != "" && !f.Small {
		ids, few, err := db.named(ctx, f.Text, mostNamed)
		if err != nil {
			return nil, "", err
		}
		if few {
			in = func(state hearback.ConcernState) ([]placed, *cursor, error) {
				list, err := db.concernsNamed(ctx, state, f, after, ids)
				return list, nil, err
			}
		}
	}
	var all []placed
	var end *cursor // where looking ended before the list did
	for _, state := range states {
		some, ended, err := in(state)
		if err != nil {
			return nil, "", err
		}
		all = append(all, some...)
		if ended != nil && (end == nil || ended.compare(*end) < 0) {
			end = ended
		}
	}
	if len(states) > 1 {
		slices.SortFunc(all, func(a, b placed) int { return a.at.compare(b.at) })
	}
	for i, p := range all {
		if i == f.Limit {
			return list, all[i-1].at.String(), nil
		}
		if end != nil && p.at.compare(*end) > 0 {
			break
		}
		list = append(list, p.Concern)
	}
	if end != nil {
		return list, end.String(), nil
	}
	return list, "", nil
}

// A placed concern knows its place in the order.
type placed struct {
	hearback.Concern
	at cursor
}

// visible is where concerns are that are worth a row, in the words of the index
// of them: an engine only takes it for a query that says the same.
const visible = "concern c INDEXED BY concern_visible WHERE (voices >= 5 OR rank = 0)"

// readAtOnce is how many small concerns are read for one page. There may be
// hundreds of thousands, and what a filter asks for stands in their documents.
const readAtOnce = 5000

// laterThan is the condition that a concern comes after a place in the order.
const laterThan = `(rank > CAST(? AS BIGINT) OR rank = CAST(? AS BIGINT) AND (priority < CAST(? AS DOUBLE PRECISION)
				OR priority = CAST(? AS DOUBLE PRECISION) AND id > CAST(? AS BIGINT)))`

func (c cursor) args() []any { return []any{c.rank, c.rank, c.priority, c.priority, c.id} }

// concernsIn returns the concerns of one state that pass the filter, one more
// than a page holds if there are so many, in the order of the list, and the
// place where it stopped to look if others may follow it.
func (db *DB) concernsIn(ctx context.Context, state hearback.ConcernState, f office.ConcernFilter, after cursor) (list []placed, end *cursor, err error) {
	from := visible
	var args []any
	if narrow := f.Text != "" || f.Lang != "" || f.Area != "" || f.Kind != "" || f.Desk != "" || f.Source != 0; f.Small && narrow {
		// The index alone says which come next, and where they end.
		next := "FROM concern WHERE state = ? AND " + laterThan + " ORDER BY rank, priority DESC, id LIMIT "
		args = append([]any{string(state)}, after.args()...)
		from = "concern c WHERE c.id IN (SELECT id " + next + strconv.Itoa(readAtOnce) + ")"
		var last cursor
		switch err := db.row(ctx, "SELECT rank, priority, id "+next+"1 OFFSET "+strconv.Itoa(readAtOnce-1), args...).Scan(&last.rank, &last.priority, &last.id); {
		case err == nil:
			end = &last
		case !errors.Is(err, sql.ErrNoRows):
			return nil, nil, err
		}
	} else if f.Small {
		from = "concern c WHERE 1 = 1"
	}
	where, more := filterWhere(f, state, after)
	args = append(args, more...)
	rows, err := db.query(ctx, "SELECT "+concernColumns+", rank, priority FROM "+from+where+" ORDER BY rank, priority DESC, id", args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() && len(list) <= f.Limit {
		var p placed
		if p.Concern, err = scanConcern(also{rows, []any{&p.at.rank, &p.at.priority}}); err != nil {
			return nil, nil, err
		}
		if p.at.id = int64(p.ID); passes(&p.Concern, f) {
			list = append(list, p)
		}
	}
	return list, end, rows.Err()
}

// filterWhere is the condition that a concern of one state passes a filter and
// comes after a place in the order, with its arguments.
func filterWhere(f office.ConcernFilter, state hearback.ConcernState, after cursor) (string, []any) {
	kase, void := 0, 0
	switch f.View {
	case "triage":
		kase = 1
	case "case":
		kase = 2
	case "void":
		void = 1
	}
	unhelped := 0
	if f.Failed {
		unhelped = 1
	}
	rank := -1
	if f.Tier != "" {
		rank = f.Tier.Rank()
	}
	like := func(key string) string {
		b, err := json.Marshal(key)
		if key == "" || err != nil {
			return ""
		}
		return "%" + escapeLike(string(b)) + ":%"
	}
	text := ""
	if f.Text != "" {
		text = "%" + escapeLike(strings.ToLower(f.Text)) + "%"
	}
	return ` AND state = ?
			AND (CAST(? AS BIGINT) = 0 OR CAST(? AS BIGINT) = 1 AND kase = 0 OR CAST(? AS BIGINT) = 2 AND kase > 0)
			AND (CAST(? AS BIGINT) = 0 OR void = 1 AND answer = 0)
			AND (CAST(? AS BIGINT) < 0 OR rank = CAST(? AS BIGINT))
			AND (CAST(? AS BIGINT) = 0 OR theme = CAST(? AS BIGINT))
			AND first_at >= CAST(? AS BIGINT)
			AND (CAST(? AS TEXT) = '' OR doc LIKE CAST(? AS TEXT) ESCAPE '\')
			AND (CAST(? AS TEXT) = '' OR doc LIKE CAST(? AS TEXT) ESCAPE '\')
			AND (CAST(? AS TEXT) = '' OR doc LIKE CAST(? AS TEXT) ESCAPE '\')
			AND (CAST(? AS TEXT) = '' OR kase > 0 AND EXISTS (SELECT 1 FROM kase k WHERE k.id = c.kase AND k.desk = CAST(? AS TEXT)))
			AND (CAST(? AS TEXT) = '' OR LOWER(title) LIKE CAST(? AS TEXT) ESCAPE '\' OR LOWER(doc) LIKE CAST(? AS TEXT) ESCAPE '\')
			AND (CAST(? AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM roll r WHERE r.concern = c.id AND r.source = CAST(? AS BIGINT)))
			AND (CAST(? AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM alert a WHERE a.concern = c.id AND a.at >= CAST(? AS BIGINT) AND a.kind IN ('rising', 'slow_burn')))
			AND (CAST(? AS BIGINT) = 0 OR answer > 0 AND EXISTS (SELECT 1 FROM alert a JOIN answer w ON w.id = c.answer WHERE a.concern = c.id AND a.kind = 'not_helped' AND a.at >= w.changed))
			AND ` + laterThan,
		append([]any{
			string(state), kase, kase, kase, void, rank, rank, int64(f.Theme), int64(f.Theme), micros(f.Since),
			like(f.Lang), like(f.Lang), like(f.Area), like(f.Area), like(string(f.Kind)), like(string(f.Kind)), f.Desk, f.Desk, text, text, text,
			int64(f.Source), int64(f.Source), micros(f.Rising), micros(f.Rising), unhelped,
		}, after.args()...)
}

// ThemeList implements [office.Store].
func (db *DB) ThemeList(ctx context.Context, limit int) (list []office.Theme, err error) {
	rows, err := db.query(ctx, `SELECT theme, COUNT(*), SUM(voices), MIN(rank), MAX(last_at) FROM `+visible+` AND state = 'open'
		GROUP BY theme HAVING COUNT(*) > 1 ORDER BY MIN(rank), SUM(voices) DESC, theme LIMIT ?`, limit)
	return list, each(rows, err, func(row scanner) error {
		var t office.Theme
		var rank, last int64
		err := row.Scan(&t.ID, &t.Concerns, &t.Voices, &rank, &last)
		if tiers := hearback.Tiers(); rank < int64(len(tiers)) {
			t.Tier = tiers[rank]
		}
		t.Last = at(last)
		list = append(list, t)
		return err
	})
}

// passes makes sure of what the text of doc only hinted at.
func passes(c *hearback.Concern, f office.ConcernFilter) bool {
	if f.Lang != "" && c.Langs[f.Lang] == 0 || f.Area != "" && c.Areas[f.Area] == 0 || f.Kind != "" && c.Kinds[f.Kind] == 0 {
		return false
	}
	if f.Text != "" {
		low := strings.ToLower(f.Text)
		has := func(s string) bool { return strings.Contains(strings.ToLower(s), low) }
		return has(c.Title) || slices.ContainsFunc(c.Phrases, has) ||
			slices.ContainsFunc(c.Labels, func(l hearback.Label) bool { return has(l.Title) || slices.ContainsFunc(l.Phrases, has) })
	}
	return true
}

// also scans further columns after those that a function knows.
type also struct {
	row  scanner
	more []any
}

func (a also) Scan(dest ...any) error { return a.row.Scan(append(dest, a.more...)...) }

// escapeLike takes its meaning from what LIKE would understand.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// A cursor is a place in the order of concerns.
type cursor struct {
	rank     int64
	priority float64
	id       int64
}

func (c cursor) String() string {
	return strconv.FormatInt(c.rank, 10) + "_" + strconv.FormatFloat(c.priority, 'g', -1, 64) + "_" + hearback.ID(c.id).String()
}

func (c cursor) compare(d cursor) int {
	return cmp.Or(cmp.Compare(c.rank, d.rank), cmp.Compare(d.priority, c.priority), cmp.Compare(c.id, d.id))
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{rank: -1}, nil
	}
	part := strings.Split(s, "_")
	bad := fmt.Errorf("%w: this page of the list is not there; begin again", hearback.ErrInvalid)
	if len(part) != 3 {
		return cursor{}, bad
	}
	rank, err1 := strconv.ParseInt(part[0], 10, 32)
	priority, err2 := strconv.ParseFloat(part[1], 64)
	id, err3 := hearback.ParseID(part[2])
	if err1 != nil || err2 != nil || err3 != nil || priority != priority {
		return cursor{}, bad
	}
	return cursor{rank, priority, int64(id)}, nil
}

// ConcernTotals counts the concerns of each view.
func (db *DB) ConcernTotals(ctx context.Context, since time.Time) (t office.ConcernTotals, err error) {
	rows, err := db.query(ctx, `SELECT state, COUNT(*), SUM(CASE WHEN kase > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN void = 1 AND answer = 0 THEN 1 ELSE 0 END),
			SUM(CASE WHEN first_at >= CAST(? AS BIGINT) THEN 1 ELSE 0 END)
		FROM `+visible+` AND state <> 'merged' GROUP BY state`, micros(since))
	return t, each(rows, err, func(row scanner) error {
		var state hearback.ConcernState
		var all, cases, void, fresh int64
		if err := row.Scan(&state, &all, &cases, &void, &fresh); err != nil {
			return err
		}
		t.All += all
		t.New += fresh
		switch state {
		case hearback.Open:
			t.Triage, t.Case, t.Void = all-cases, cases, void
		case hearback.Muted:
			t.Muted = all
		}
		return nil
	})
}

// Hourly returns the voices of a concern by hour from a time to another, one
// point for every hour, oldest first. An hour in which no source sent anything
// at all is Missing: nothing was heard, which is not the same as nothing said.
func (db *DB) Hourly(ctx context.Context, concern hearback.ID, from, to time.Time) ([]hearback.Point, error) {
	all, err := db.Sparks(ctx, []hearback.ID{concern}, from, to)
	return all[concern], err
}

// Sparks does the same for several concerns.
func (db *DB) Sparks(ctx context.Context, concerns []hearback.ID, from, to time.Time) (map[hearback.ID][]hearback.Point, error) {
	from = from.UTC().Truncate(time.Hour)
	n := int(to.Sub(from)/time.Hour) + 1
	if n <= 0 || n > 24*400 {
		return nil, fmt.Errorf("%w: from %v to %v is no time to draw", hearback.ErrInvalid, from, to)
	}
	heard := make([]bool, n)
	place := func(us int64) int { return int(at(us).Sub(from) / time.Hour) }
	rows, err := db.query(ctx, "SELECT DISTINCT bucket FROM tally WHERE bucket >= ? AND received > 0", micros(from))
	err = each(rows, err, func(row scanner) error {
		var us int64
		err := row.Scan(&us)
		if i := place(us); i >= 0 && i < n {
			heard[i] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make(map[hearback.ID][]hearback.Point, len(concerns))
	said := make(map[hearback.ID][]bool, len(concerns))
	for _, id := range concerns {
		points := make([]hearback.Point, n)
		for i := range points {
			points[i].At = from.Add(time.Duration(i) * time.Hour)
		}
		all[id], said[id] = points, make([]bool, n)
	}
	for part := range slices.Chunk(concerns, sparksAtOnce) {
		// The list is filled up, so that there is one statement for all.
		args := make([]any, 0, 2*(sparksAtOnce+1))
		for range 2 {
			for i := range sparksAtOnce {
				args = append(args, int64(part[min(i, len(part)-1)]))
			}
			args = append(args, micros(from))
		}
		rows, err := db.query(ctx, sparks, args...)
		err = each(rows, err, func(row scanner) error {
			var id hearback.ID
			var hour, voices int64
			err := row.Scan(&id, &hour, &voices)
			if i := place(hour * time.Hour.Microseconds()); i >= 0 && i < n && all[id] != nil {
				all[id][i].Voices += float64(voices)
				said[id][i] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	// Counts stand by when things were said and tallies by when they came in,
	// so an hour with counts was heard, and so is the one going on.
	for id, points := range all {
		for i := range points {
			points[i].Missing = !heard[i] && !said[id][i] && i < n-1
		}
	}
	return all, nil
}

// sparksAtOnce is how many concerns are drawn with one statement: a page.
const sparksAtOnce = 50

// sparks sums the voices of concerns by hour, with those merged into them. It
// takes the list of ids and the time from which, twice.
var sparks = func() string {
	list := "(?" + strings.Repeat(", ?", sparksAtOnce-1) + ")"
	return `SELECT id, hour, SUM(voices) FROM (
			SELECT concern AS id, bucket / 3600000000 AS hour, voices FROM roll WHERE concern IN ` + list + ` AND bucket >= ?
			UNION ALL SELECT c.into_id AS id, r.bucket / 3600000000 AS hour, r.voices FROM concern c CROSS JOIN roll r
				WHERE c.into_id <> 0 AND c.into_id IN ` + list + ` AND r.concern = c.id AND r.bucket >= ?
		) AS counts GROUP BY id, hour`
}()

// BySource counts the messages of a concern by source from a time on.
func (db *DB) BySource(ctx context.Context, concern hearback.ID, from time.Time) (map[hearback.ID]int64, error) {
	m := map[hearback.ID]int64{}
	rows, err := db.query(ctx, "SELECT source, SUM(messages) FROM roll WHERE "+withParts+" AND bucket >= ? GROUP BY source", int64(concern), int64(concern), micros(from))
	return m, each(rows, err, func(row scanner) error {
		var src hearback.ID
		var n int64
		err := row.Scan(&src, &n)
		m[src] = n
		return err
	})
}

// CaseList returns the cases that pass the filter: those that are not closed
// by the clock that ends first, closed ones newest first.
func (db *DB) CaseList(ctx context.Context, f office.CaseFilter) (list []hearback.Case, err error) {
	var due int64
	if f.After != 0 {
		if err := found(db.row(ctx, "SELECT due FROM kase WHERE id = ?", int64(f.After)).Scan(&due)); err != nil {
			return nil, fmt.Errorf("case %s: %w", f.After, err)
		}
	}
	q, past := "SELECT "+caseColumns+` FROM kase
		WHERE state <> 'closed' AND (CAST(? AS TEXT) = '' OR desk = CAST(? AS TEXT)) AND (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT)) AND opened >= CAST(? AS BIGINT)
			AND (due > CAST(? AS BIGINT) OR due = CAST(? AS BIGINT) AND id > CAST(? AS BIGINT))
		ORDER BY due, id LIMIT ?`, []any{due, due, int64(f.After)}
	if f.After == 0 {
		past = []any{int64(math.MinInt64), 0, 0}
	}
	if f.Closed {
		q, past = "SELECT "+caseColumns+` FROM kase
		WHERE state = 'closed' AND (CAST(? AS TEXT) = '' OR desk = CAST(? AS TEXT)) AND (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT)) AND opened >= CAST(? AS BIGINT)
			AND (CAST(? AS BIGINT) = 0 OR id < CAST(? AS BIGINT))
		ORDER BY id DESC LIMIT ?`, []any{int64(f.After), int64(f.After)}
	}
	args := slices.Concat([]any{f.Desk, f.Desk, int64(f.Concern), int64(f.Concern), micros(f.Since)}, past, []any{atMost(f.Limit)})
	rows, err := db.query(ctx, q, args...)
	return list, each(rows, err, func(row scanner) error {
		c, err := scanCase(row)
		if err == nil {
			list = append(list, *c)
		}
		return err
	})
}

// AnswerList returns answers, the newest change that the public saw first, and
// before those the ones that the public has not seen.
func (db *DB) AnswerList(ctx context.Context, f office.AnswerFilter) (list []hearback.Answer, err error) {
	least := micros(f.Since)
	if f.Public {
		least = max(least, 1)
	}
	// Drafts that the public never saw stand first, as if they had changed last.
	const since = "CASE WHEN changed = 0 THEN CAST(? AS BIGINT) ELSE changed END"
	past := [2]int64{math.MaxInt64, math.MaxInt64}
	if f.After != 0 {
		if err := found(db.row(ctx, "SELECT "+since+" FROM answer WHERE id = ?", int64(math.MaxInt64), int64(f.After)).Scan(&past[0])); err != nil {
			return nil, fmt.Errorf("answer %s: %w", f.After, err)
		}
		past[1] = int64(f.After)
	}
	const last = int64(math.MaxInt64)
	rows, err := db.query(ctx, "SELECT "+answerColumns+` FROM answer
		WHERE changed >= CAST(? AS BIGINT) AND (CAST(? AS BIGINT) = 0 OR kase = CAST(? AS BIGINT))
			AND (`+since+` < CAST(? AS BIGINT) OR `+since+` = CAST(? AS BIGINT) AND id < CAST(? AS BIGINT))
		ORDER BY CASE WHEN changed = 0 THEN 0 ELSE 1 END, changed DESC, id DESC LIMIT ?`,
		least, int64(f.Case), int64(f.Case), last, past[0], last, past[0], past[1], atMost(f.Limit))
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAnswer(row)
		if err == nil {
			list = append(list, *a)
		}
		return err
	})
}

// EntriesBefore returns entries below an index, newest first; of one type or
// group of types ("answer" means "answer.*"), or of all.
func (db *DB) EntriesBefore(ctx context.Context, before int64, types string, limit int) ([]hearback.Entry, error) {
	return db.entries(ctx, `SELECT seq, at, type, subject, leaf FROM entry
		WHERE seq < ? AND (CAST(? AS TEXT) = '' OR type = CAST(? AS TEXT) OR type LIKE CAST(? AS TEXT) ESCAPE '\') ORDER BY seq DESC LIMIT ?`,
		before, types, types, escapeLike(types)+".%", atMost(limit))
}

func atMost(n int) int {
	if n <= 0 {
		return 50
	}
	return n
}
