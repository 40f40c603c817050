package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/store"
)

func TestOutbox(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		d := func(id int64, due time.Time) publish.Delivery {
			return publish.Delivery{ID: hearback.ID(id), Kind: "websub", Target: []byte("https://hub.example/"), Body: []byte{0, 255}, Made: start, Due: due}
		}
		if n, err := db.SpreadTo(ctx); n != 0 || err != nil {
			t.Fatalf("SpreadTo = %d, %v", n, err)
		}
		if err := db.SpreadActs(ctx, 0, 7, []publish.Delivery{d(1, start.Add(time.Hour)), d(2, start)}); err != nil {
			t.Fatal(err)
		}
		// What was spread is not spread twice, and half of it never.
		if err := db.SpreadActs(ctx, 0, 7, []publish.Delivery{d(3, start)}); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("Spread from an old place = %v, want %v", err, hearback.ErrConflict)
		}
		if err := db.SpreadActs(ctx, 7, 9, []publish.Delivery{d(4, start), d(1, start)}); err == nil {
			t.Error("a delivery with the id of another was kept")
		}
		if n, err := db.SpreadTo(ctx); n != 7 || err != nil {
			t.Errorf("SpreadTo = %d, %v, want 7", n, err)
		}
		due := func(now time.Time) (ids []hearback.ID) {
			t.Helper()
			list, err := db.DueOutgoing(ctx, false, now, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				ids = append(ids, x.ID)
			}
			return ids
		}
		if got := due(start.Add(-time.Second)); got != nil {
			t.Errorf("due before the time: %v", got)
		}
		if got := due(start.Add(2 * time.Hour)); len(got) != 2 || got[0] != 2 {
			t.Errorf("due = %v, want 2 before 1", got)
		}
		if err := db.SendAgain(ctx, 2, start.Add(3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := db.Sent(ctx, 1); err != nil {
			t.Fatal(err)
		}
		list, err := db.DueOutgoing(ctx, false, start.Add(3*time.Hour), 10)
		if err != nil || len(list) != 1 || list[0].Tries != 1 || string(list[0].Body) != "\x00\xff" || !list[0].Made.Equal(start) {
			t.Errorf("Due = %+v, %v", list, err)
		}
		if err := db.SendLater(ctx, d(9, start)); err != nil || len(due(start)) != 1 {
			t.Errorf("Deliver = %v", err)
		}
		// Letters wait in a line of their own.
		letter := d(10, start)
		letter.Kind = publish.Letter
		if err := db.SendLater(ctx, letter); err != nil || len(due(start)) != 1 {
			t.Errorf("a letter stands among other deliveries: %v, %v", due(start), err)
		}
		if list, err := db.DueOutgoing(ctx, true, start, 10); err != nil || len(list) != 1 || list[0].ID != 10 {
			t.Errorf("letters are %+v, %v", list, err)
		}
	})
}
