package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

var _ desk.Store = (*DB)(nil)

// never is the due time of a case that no clock runs for.
const never = math.MaxInt64

// due is when the next clock of c runs out. While c is paused none does, but
// one that had run out before stays missed.
func due(c *hearback.Case) int64 {
	d := c.Next()
	if d == nil || c.Paused() && !c.Pauses[len(c.Pauses)-1].From.After(d.Due) {
		return never
	}
	return micros(d.Due)
}

const caseColumns = "doc, version"

func scanCase(row scanner) (*hearback.Case, error) {
	var c hearback.Case
	var doc string
	var version int
	if err := row.Scan(&doc, &version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(doc), &c); err != nil {
		return nil, fmt.Errorf("case: %w", err)
	}
	c.Version = version
	return &c, nil
}

// Case returns one case.
func (db *DB) Case(ctx context.Context, id hearback.ID) (*hearback.Case, error) {
	c, err := scanCase(db.row(ctx, "SELECT "+caseColumns+" FROM kase WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", id, found(err))
	}
	return c, nil
}

// CaseByConcern returns the newest case of a concern.
func (db *DB) CaseByConcern(ctx context.Context, concern hearback.ID) (*hearback.Case, error) {
	c, err := scanCase(db.row(ctx, "SELECT "+caseColumns+" FROM kase WHERE concern = ? ORDER BY id DESC LIMIT 1", int64(concern)))
	if err != nil {
		return nil, fmt.Errorf("case of concern %s: %w", concern, found(err))
	}
	return c, nil
}

// AddCase writes a new case with its record, and makes it the newest of its
// concern in place of before.
func (db *DB) AddCase(ctx context.Context, c *hearback.Case, before hearback.ID, r hearback.Record) error {
	err := db.write(ctx, func(tx *Tx) error {
		if err := changed(tx.execN(ctx, "UPDATE concern SET kase = ? WHERE id = ? AND kase = ?", int64(c.ID), int64(c.Concern), int64(before))); err != nil {
			return err
		}
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, "INSERT INTO kase (id, concern, state, desk, tier, due, opened, answer, doc, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
			int64(c.ID), int64(c.Concern), string(c.State), c.Desk, string(c.Tier), due(c), micros(c.Opened), int64(c.Answer), string(doc)); err != nil {
			return err
		}
		_, err = tx.record(ctx, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("case of concern %s: %w", c.Concern, err)
	}
	c.Version = 1
	return nil
}

// putCase writes a case that is there already.
func (t *Tx) putCase(ctx context.Context, c *hearback.Case) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = changed(t.execN(ctx, "UPDATE kase SET state = ?, desk = ?, tier = ?, due = ?, answer = ?, doc = ?, version = version + 1 WHERE id = ? AND version = ?",
		string(c.State), c.Desk, string(c.Tier), due(c), int64(c.Answer), string(doc), int64(c.ID), c.Version))
	if err != nil {
		return fmt.Errorf("case %s: %w", c.ID, err)
	}
	return nil
}

// SaveCase writes c, and a unless it is nil, with the record of the act.
func (db *DB) SaveCase(ctx context.Context, c *hearback.Case, a *hearback.Answer, r hearback.Record) error {
	return db.reply(ctx, c, a, func(tx *Tx) error {
		_, err := tx.record(ctx, r)
		return err
	})
}

// ServeCase does what SaveCase does for c alone, and makes answer the one that
// serves its concern.
func (db *DB) ServeCase(ctx context.Context, c *hearback.Case, answer hearback.ID, r hearback.Record) error {
	return db.reply(ctx, c, nil, func(tx *Tx) error {
		if err := tx.exec(ctx, "UPDATE concern SET answer = ? WHERE id = ?", int64(answer), int64(c.Concern)); err != nil {
			return err
		}
		_, err := tx.record(ctx, r)
		return err
	})
}

// reply writes c and a, either of which may be nil, in one transaction after
// do, which writes the record of the act and may set in a where it stands.
func (db *DB) reply(ctx context.Context, c *hearback.Case, a *hearback.Answer, do func(tx *Tx) error) error {
	err := db.write(ctx, func(tx *Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		if a != nil {
			if err := tx.putAnswer(ctx, a); err != nil {
				return err
			}
		}
		if c != nil {
			return tx.putCase(ctx, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a != nil {
		a.Version++
	}
	if c != nil {
		c.Version++
	}
	return nil
}

// A CaseFilter says which cases a list shows; zero fields ask for nothing.
type CaseFilter struct {
	States  []hearback.CaseState
	Desks   []string
	Tiers   []hearback.Tier
	LateAt  time.Time   // only cases with a clock that has run out by then
	Concern hearback.ID // only cases of this concern
	After   hearback.ID // for the next page: the last case of the page before
	Limit   int         // at most this many, 50 if 0
}

// Cases returns the cases a filter asks for, those that are due first first.
func (db *DB) Cases(ctx context.Context, f CaseFilter) (list []hearback.Case, err error) {
	states, desks, tiers := make([]string, len(f.States)), f.Desks, make([]string, len(f.Tiers))
	for i, s := range f.States {
		states[i] = string(s)
	}
	for i, t := range f.Tiers {
		tiers[i] = string(t)
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	before := int64(never)
	if !f.LateAt.IsZero() {
		before = micros(f.LateAt) - 1
	}
	// One statement serves every filter, so that it is prepared once: a list is
	// given as its members with a space before and after each.
	rows, err := db.query(ctx, `
		SELECT `+caseColumns+` FROM kase
		WHERE due <= CAST(? AS BIGINT)
			AND (CAST(? AS TEXT) = '' OR CAST(? AS TEXT) LIKE '% ' || state || ' %')
			AND (CAST(? AS TEXT) = '' OR CAST(? AS TEXT) LIKE '% ' || desk || ' %')
			AND (CAST(? AS TEXT) = '' OR CAST(? AS TEXT) LIKE '% ' || tier || ' %')
			AND (CAST(? AS BIGINT) = 0 OR concern = CAST(? AS BIGINT))
			AND (CAST(? AS BIGINT) = 0 OR (due, id) > (SELECT due, id FROM kase WHERE id = CAST(? AS BIGINT)))
		ORDER BY due, id LIMIT ?`,
		before, among(states), among(states), among(desks), among(desks), among(tiers), among(tiers),
		int64(f.Concern), int64(f.Concern), int64(f.After), int64(f.After), f.Limit)
	return list, each(rows, err, func(row scanner) error {
		c, err := scanCase(row)
		if err == nil {
			list = append(list, *c)
		}
		return err
	})
}

// among writes a list for LIKE: no state, slug of a desk, tier or language
// holds a space, % or _.
func among(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " " + strings.Join(list, " ") + " "
}

// CaseCounts counts cases and answers for the head of the console.
type CaseCounts struct {
	States  map[hearback.CaseState]int
	Late    int // cases with a clock that has run out
	Soon    int // cases with a clock that runs out within Within, without those late
	Review  int // answers in review
	Recheck int // published answers that somebody must look at again
}

// StatusCounts counts cases and answers at now; a clock that runs out within
// within is soon.
func (db *DB) StatusCounts(ctx context.Context, now time.Time, within time.Duration) (CaseCounts, error) {
	counts := CaseCounts{States: map[hearback.CaseState]int{}}
	rows, err := db.query(ctx, "SELECT state, COUNT(*) FROM kase GROUP BY state")
	err = each(rows, err, func(row scanner) error {
		var s hearback.CaseState
		var n int
		err := row.Scan(&s, &n)
		counts.States[s] = n
		return err
	})
	if err != nil {
		return counts, err
	}
	err = db.row(ctx, `SELECT
		(SELECT COUNT(*) FROM kase WHERE due < CAST(? AS BIGINT)),
		(SELECT COUNT(*) FROM kase WHERE due >= CAST(? AS BIGINT) AND due <= CAST(? AS BIGINT)),
		(SELECT COUNT(*) FROM answer WHERE review > 0),
		(SELECT COUNT(*) FROM answer WHERE recheck > 0 AND recheck <= CAST(? AS BIGINT))`,
		micros(now), micros(now), micros(now.Add(within)), micros(now)).Scan(&counts.Late, &counts.Soon, &counts.Review, &counts.Recheck)
	return counts, err
}
