package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// TestVisible holds the words of the index of visible concerns to the constants
// they come from, and the list to its order.
func TestVisible(t *testing.T) {
	where := fmt.Sprintf("voices >= %d OR rank = %d", hearback.VisibleVoices, hearback.P1.Rank())
	if !strings.HasSuffix(visible, "("+where+")") {
		t.Errorf("visible is %s, want %s", visible, where)
	}
	text, err := migrations.ReadFile("migrations/0007_scale.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"WHERE " + where + ";", fmt.Sprintf("voices >= %d", voidVoices), fmt.Sprintf(">= %v * messages", voidShare)} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the migration does not say %s", want)
		}
	}
	db := sqliteStore(t)
	for q, want := range map[string]string{
		"SELECT state, COUNT(*), SUM(first_at) FROM " + visible + " AND state <> 'merged' GROUP BY state":        "USING COVERING INDEX concern_visible",
		"SELECT doc FROM " + visible + " AND state = 'open' AND kase = 0 ORDER BY rank, priority DESC, id":       "USING INDEX concern_visible",
		"SELECT doc FROM concern c WHERE 1 = 1 AND state = 'open' AND kase = 0 ORDER BY rank, priority DESC, id": "USING INDEX concern_order",
	} {
		if plan := explainPlan(t, db, q); !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s:\n%s", q, plan)
		}
	}
}

// TestScaleMigration: a store that was filled before lists know which concerns
// many ask about is put right.
func TestScaleMigration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hearback.db")
	ctx := t.Context()
	db, err := Open(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	b := &Batch{}
	for i, c := range []struct{ voices, questions int64 }{{15, 8}, {15, 7}, {14, 20}} {
		id := hearback.ID(i + 1)
		b.Concerns = append(b.Concerns, &hearback.Concern{
			ID: id, Messages: 20, Voices: c.voices, Kinds: map[hearback.Kind]int64{hearback.Question: c.questions, hearback.Claim: 20 - c.questions},
		})
		b.Rolls = append(b.Rolls, Roll{Bucket: time.Unix(0, 0).Add(time.Hour), Concern: id, Source: 1, Messages: 20, Voices: c.voices, Questions: c.questions})
	}
	if err := db.Take(ctx, b); err != nil {
		t.Fatal(err)
	}
	flags := func() (list []int) {
		rows, err := db.query(ctx, "SELECT void FROM concern ORDER BY id")
		if err := each(rows, err, func(row scanner) error {
			var n int
			err := row.Scan(&n)
			list = append(list, n)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	want := []int{1, 0, 0}
	if got := flags(); !slices.Equal(got, want) {
		t.Errorf("as written: %v, want %v", got, want)
	}
	// As it was before.
	err = db.write(ctx, func(tx *Tx) error {
		for _, q := range []string{
			"DROP INDEX concern_visible", "ALTER TABLE concern DROP COLUMN void", "CREATE INDEX roll_bucket ON roll (bucket)", "DELETE FROM schema_version WHERE version = 7",
		} {
			if err := tx.exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(ctx, file); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := flags(); !slices.Equal(got, want) {
		t.Errorf("after the migration: %v, want %v", got, want)
	}
}

func sqliteStore(t *testing.T) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// explainPlan returns how SQLite would run a query.
func explainPlan(t *testing.T, db *DB, q string) string {
	t.Helper()
	var plan strings.Builder
	rows, err := db.reads.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q)
	if err := each(rows, err, func(row scanner) error {
		var id, parent, x int
		var detail string
		err := row.Scan(&id, &parent, &x, &detail)
		plan.WriteString(detail + "\n")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
