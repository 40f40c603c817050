package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"example.org/hearback/internal/publish/activitypub"
	"example.org/hearback/internal/store"
)

func TestFediverse(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(db.AddAudience(ctx, []byte("a"), []byte{1}, start))
		must(db.AddAudience(ctx, []byte("b"), []byte{2}, start.Add(time.Second)))
		must(db.AddAudience(ctx, []byte("a"), []byte{3}, start))
		list, err := db.Inboxes(ctx)
		if n, _ := db.Audience(ctx); err != nil || n != 2 || fmt.Sprint(list) != "[[3] [2]]" {
			t.Errorf("Inboxes = %v, %v", list, err)
		}
		must(db.DropAudience(ctx, []byte("a")))
		if n, _ := db.Audience(ctx); n != 1 {
			t.Errorf("Audience = %d after one left", n)
		}
		for i, want := range []bool{false, true, false} {
			now := start.Add(time.Duration(i/2) * 48 * time.Hour)
			if seen, err := db.SeenActivity(ctx, []byte("m"), now, now.Add(-24*time.Hour)); seen != want || err != nil {
				t.Errorf("SeenActivity %d = %t, %v", i, seen, err)
			}
		}
		for i := range 4 {
			must(db.AddNeighbour(ctx, activitypub.Neighbour{ID: fmt.Sprint("id", i), Host: "h", Title: "t", URL: "u", At: start.Add(time.Duration(i) * time.Hour)}, 3))
		}
		must(db.AddNeighbour(ctx, activitypub.Neighbour{ID: "id2", Host: "h", Title: "new", At: start.Add(9 * time.Hour)}, 3))
		must(db.AddNeighbour(ctx, activitypub.Neighbour{ID: "id3", Host: "h"}, 3))
		got, err := db.Neighbours(ctx, 9)
		if err != nil || len(got) != 2 || got[0].Title != "new" || got[1].ID != "id1" {
			t.Errorf("Neighbours = %+v, %v", got, err)
		}
	})
}
