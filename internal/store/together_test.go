package store_test

import (
	"context"
	"errors"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

// TestTogether: many acts are one transaction, an act that fails leaves no
// trace among them, and an error of the whole undoes all.
func TestTogether(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 5)
		add := func(ctx context.Context, id hearback.ID, before hearback.ID) error {
			c := newCase(100+id, id)
			return db.AddCase(ctx, c, before, rec("case"))
		}
		size := func() int64 {
			n, err := db.LogSize(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		from := size()
		err := db.Together(ctx, func(ctx context.Context) error {
			if err := add(ctx, 1, 0); err != nil {
				t.Error(err)
			}
			if err := add(ctx, 2, 999); !errors.Is(err, hearback.ErrConflict) {
				t.Errorf("a case in place of another: %v, want ErrConflict", err)
			}
			if err := add(ctx, 1, 101); err == nil {
				t.Error("the same case twice has no error")
			}
			return add(ctx, 3, 0)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := size() - from; got != 2 {
			t.Errorf("%d entries, want 2: one for each act that was kept", got)
		}
		for id, want := range map[hearback.ID]bool{101: true, 102: false, 103: true} {
			if _, err := db.Case(ctx, id); (err == nil) != want {
				t.Errorf("case %s is there: %t, want %t", id, err == nil, want)
			}
		}
		if list, err := db.Entries(ctx, from, 10); err != nil || len(list) != 2 || list[1].Seq != list[0].Seq+1 {
			t.Errorf("entries %v, %v", list, err)
		}
		stop := errors.New("the browser went away")
		err = db.Together(ctx, func(ctx context.Context) error {
			if err := add(ctx, 4, 0); err != nil {
				t.Error(err)
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Errorf("Together = %v, want %v", err, stop)
		}
		if _, err := db.Case(ctx, 104); err == nil || size()-from != 2 {
			t.Error("what was undone is still there")
		}
		if err := add(ctx, 4, 0); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
