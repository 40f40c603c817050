package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

// start is the time at which tests begin.
var start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

// engines runs a test of the contract on SQLite, and on PostgreSQL too when
// HEARBACK_TEST_POSTGRES holds the URL of an empty server; every test gets a
// schema of its own there.
func engines(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, open(t, filepath.Join(t.TempDir(), "hearback.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("HEARBACK_TEST_POSTGRES")
		if dsn == "" {
			t.Skip("HEARBACK_TEST_POSTGRES is not set; make test sets it")
		}
		test(t, open(t, store.TestSchema(t, dsn)))
	})
}

func open(t testing.TB, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestLog(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for i := range 3 {
			err := db.SetSetting(ctx, "reviewers", "1", hearback.Record{
				Type: hearback.ReviewersChanged, At: start.Add(time.Duration(i) * time.Second), Actor: hearback.System,
				Subject: "setting:reviewers", Pub: map[string]any{"from": 2, "to": 1, "reason": "两人办公室"},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n, err := db.LogSize(ctx); n != 3 || err != nil {
			t.Errorf("LogSize = %d, %v, want 3", n, err)
		}
		got, err := db.Entries(ctx, 1, 10)
		if err != nil || len(got) != 2 || got[0].Seq != 1 {
			t.Fatalf("Entries(1) = %v, %v, want entries 1 and 2", got, err)
		}
		want := `{"actor":"system","at":"2026-03-18T09:00:01.000000Z","pub":{"from":2,"reason":"两人办公室","to":1},"seq":1,"subject":"setting:reviewers","type":"reviewers.changed","v":1}`
		if string(got[0].Leaf) != want {
			t.Errorf("leaf =\n%s, want\n%s", got[0].Leaf, want)
		}
		// A change and its record are kept together or not at all.
		bad := hearback.Record{Type: hearback.ReviewersChanged, Pub: map[string]any{"x": 1.5}}
		if err := db.SetSetting(ctx, "reviewers", "9", bad); err == nil {
			t.Error("a record with a float was accepted")
		}
		if v, _ := db.Setting(ctx, "reviewers"); v != "1" {
			t.Errorf("setting = %q after a refused change, want 1", v)
		}
		if n, _ := db.LogSize(ctx); n != 3 {
			t.Errorf("LogSize = %d after a refused change, want 3", n)
		}
	})
}
