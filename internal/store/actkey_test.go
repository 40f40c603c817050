package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// TestActKey: a key is claimed once, keeps its first answer for as long as it
// is asked to, and is free again after that, or when the act was not done.
func TestActKey(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		claim := func(key string, now time.Time) *office.ActKey {
			t.Helper()
			old, err := db.ClaimKey(ctx, office.ActKey{Key: []byte(key), Request: []byte("r"), Since: now}, now.Add(-24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return old
		}
		if old := claim("a", start); old != nil {
			t.Fatalf("a new key is taken: %+v", old)
		}
		if old := claim("a", start); old == nil || old.Status != 0 || string(old.Request) != "r" || !old.Since.Equal(start) {
			t.Errorf("a claimed key = %+v", old)
		}
		if err := db.KeepAct(ctx, office.ActKey{Key: []byte("a"), Status: 201, Answer: []byte("first")}); err != nil {
			t.Fatal(err)
		}
		if err := db.KeepAct(ctx, office.ActKey{Key: []byte("a"), Status: 200, Answer: []byte("second")}); err == nil {
			t.Error("an answer is overwritten")
		}
		if err := db.FreeKey(ctx, []byte("a")); err != nil {
			t.Fatal(err)
		}
		if old := claim("a", start.Add(23*time.Hour)); old == nil || old.Status != 201 || string(old.Answer) != "first" {
			t.Errorf("after 23 hours = %+v", old)
		}
		if old := claim("a", start.Add(24*time.Hour)); old != nil {
			t.Errorf("after a day = %+v, want a free key", old)
		}
		if err := db.FreeKey(ctx, []byte("a")); err != nil {
			t.Fatal(err)
		}
		if old := claim("a", start); old != nil {
			t.Errorf("a key that was freed is taken: %+v", old)
		}

		var first atomic.Int32
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				old, err := db.ClaimKey(ctx, office.ActKey{Key: []byte("b"), Request: []byte("r"), Since: start}, start.Add(-time.Hour))
				if err != nil {
					t.Error(err)
				} else if old == nil {
					first.Add(1)
				}
			})
		}
		wait.Wait()
		if first.Load() != 1 {
			t.Errorf("%d claimed one key, want 1", first.Load())
		}
	})
}
